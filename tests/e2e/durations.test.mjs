// The pace of streams, beside what the simulator says of it by its own clock. How close the two are is for `./dev prove`
// to say, on a machine that is not busy; here counts are exact and times only about right.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { dialects, PacedScene } from '../support/paced.mjs';

const slackMs = 500; // a busy machine
// The simulator looks at its clock once it has sent, and somebody else may have run in between.
const earlyMs = 50;

let scene;
before(async () => (scene = await PacedScene.start()));
after(() => scene?.stop());

/** About when the simulator says, and not much later. */
function assertAbout(ms, expectedMs, what) {
  assert.ok(ms > expectedMs - earlyMs && ms < expectedMs + slackMs, `${what}: ${ms} ms, where ${expectedMs} ms were expected`);
}

for (const [name, dialect] of Object.entries(dialects)) {
  describe(name, () => {
    test('the first token is not the first event, and every gap is counted', async () => {
      const tokens = 7;
      const { simulator, span, log, grown } = await scene.call(dialect, {
        tokens,
        'ttft-ms': 120,
        'token-interval-ms': 20,
      });
      const sent = simulator.tokens_sent_us.map((us) => us / 1000);
      assert.equal(sent.length, tokens);
      assert.equal(log.outcome, 'completed');

      assert.ok(sent[0] >= 120, 'the simulator waits before the first content');
      assertAbout(grown('llm_time_to_first_token_seconds_sum') * 1000, sent[0], 'time to first token');
      assertAbout(log.time_to_first_token_ms, sent[0], 'time to first token, in the log');
      assertAbout(log.time_to_last_token_ms, sent.at(-1), 'time to last token, in the log');
      assertAbout(grown('llm_request_duration_seconds_sum') * 1000, simulator.sent_us.at(-1) / 1000, 'duration');
      assertAbout(Number(span.end - span.start) / 1e6, simulator.sent_us.at(-1) / 1000, 'the span');

      assert.equal(grown('llm_time_to_first_token_seconds_count'), 1);
      assert.equal(grown('llm_inter_token_seconds_count'), tokens - 1);
      const gapsMs = grown('llm_inter_token_seconds_sum') * 1000;
      assert.ok(Math.abs(gapsMs - (sent.at(-1) - sent[0])) < slackMs, `all gaps: ${gapsMs} ms`);
      assert.equal(grown('llm_stream_stalls_total'), 0);
      assert.equal(log.stalls, 0);

      assert.equal(grown('llm_time_to_first_byte_seconds_count'), 1);
      assert.ok(log.time_to_first_byte_ms <= log.time_to_first_token_ms);
      const rate = log.output_tokens / (gapsMs / 1000);
      assert.equal(grown('llm_tokens_per_second_count'), 1);
      assert.ok(Math.abs(grown('llm_tokens_per_second_sum') - rate) < 0.01 * rate, `${rate} tokens a second`);
      assert.equal(grown('llm_usage_total', { provenance: 'provider' }), 1);
      assert.equal(grown('llm_gateway_seconds_count'), 1);
      assert.equal(grown('llm_undelivered_tokens_total'), 0);
    });
  });
}

test('events without a pause between them have gaps too', async () => {
  const { grown } = await scene.call(dialects['openai chat'], { tokens: 200 });
  assert.equal(grown('llm_inter_token_seconds_count'), 199);
});

test('a gap of more than a second is a stall', async () => {
  // Behind the role and three words.
  const sim = { tokens: 6, 'token-interval-ms': 1, 'stall-ms': 1200, 'stall-after': 4 };
  const { simulator, log, grown } = await scene.call(dialects['openai chat'], sim);
  assert.equal(grown('llm_stream_stalls_total'), 1);
  assert.equal(log.stalls, 1);
  assert.equal(grown('llm_inter_token_seconds_count'), 5);
  assert.equal(grown('llm_inter_token_seconds_count') - grown('llm_inter_token_seconds_bucket', { le: '1.0' }), 1);
  const sent = simulator.tokens_sent_us;
  assert.ok(sent[3] - sent[2] > 1_200_000, 'the simulator stalls between the third word and the fourth');
});

test('a stall before the first content is none between tokens', async () => {
  const sim = { tokens: 3, 'stall-ms': 1200, 'stall-after': 1 };
  const { log, grown } = await scene.call(dialects['openai chat'], sim);
  assert.equal(grown('llm_stream_stalls_total'), 0);
  assert.ok(log.time_to_first_token_ms >= 1198);
  assert.ok(log.time_to_first_byte_ms < 1198, 'the head and the role had gone to the client by then');
});

test('an answer in one piece has no pace', async () => {
  const { path, body } = dialects['openai chat'];
  const { log, grown } = await scene.call({ path, body: { ...body, stream: false } }, { tokens: 9, 'latency-ms': 200 });
  assert.equal(grown('llm_time_to_first_token_seconds_count'), 0);
  assert.equal(grown('llm_inter_token_seconds_count'), 0);
  assert.equal(grown('llm_tokens_per_second_count'), 0);
  assert.equal(grown('llm_time_to_first_byte_seconds_count'), 1);
  assertAbout(log.time_to_first_byte_ms, 200, 'time to first byte');
  assert.equal(log.stalls, undefined);
});
