import { describeRecordings } from '../support/recording_relay.mjs';

describeRecordings('openai', 32);
