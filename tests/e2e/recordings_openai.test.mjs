import { describeRecordings } from '../support/recording_relay.mjs';

describeRecordings('openai', 14, 'chat-');
