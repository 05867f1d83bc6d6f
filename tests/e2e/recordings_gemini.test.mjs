import { describeRecordings } from '../support/recording_relay.mjs';

describeRecordings('gemini', 18);
