import { describeRecordings } from '../support/recording_relay.mjs';

describeRecordings('anthropic', 18);
