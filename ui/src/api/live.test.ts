import assert from 'node:assert/strict';
import test from 'node:test';
import { kLiveSeconds, withSecond } from './live.ts';
import type { LiveSecond } from './types.ts';

const second = (time: number, calls = 0) => ({ time, calls }) as LiveSecond;

test('each second is kept once, for two minutes', () => {
  let seconds: LiveSecond[] = [];
  for (let time = 1; time <= 200; time += 1) seconds = withSecond(seconds, second(time));
  assert.equal(seconds.length, kLiveSeconds);
  assert.equal(seconds[0]!.time, 81);
  assert.equal(withSecond(seconds, second(200, 7)).length, kLiveSeconds);
  assert.equal(withSecond(seconds, second(200, 7)).at(-1)!.calls, 7);
});
