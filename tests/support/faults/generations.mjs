// Gateways that follow one another in the same folder, the earlier ones ended by SIGKILL, and what may be lost then.

/**
 * How long before a kill a call may have ended for its client, and yet its record not be made, on a machine that is not
 * busy.
 */
export const recordWithinMs = 50;
/** How long before a kill a record may have been made, and yet its line not be on standard output. */
const lineWithinMs = 1000;
/** How long before a kill a batch of spans may have come to the collector, and yet the gateway not know it. */
const answerWithinMs = 1000;

export class Generations {
  /**
   * Of each gateway: {began, over (Date.now() around its kill), next (when the one after it served), dropped ([{signal,
   * reason, value}])}.
   */
  kills = [];
  /** Lines of all logs; the last one of a killed gateway may be torn, and is left out. */
  lines = [];
  tornLines = 0;
  #stage;
  #recordWithinMs;

  constructor(stage, ownRecordWithinMs = recordWithinMs) {
    this.#stage = stage;
    this.#recordWithinMs = ownRecordWithinMs;
  }

  /** Kills the gateway and starts the next one. */
  async kill() {
    const { gateway } = this.#stage;
    const dropped = droppedIn(await gateway.scrape());
    const began = Date.now();
    gateway.program.kill('SIGKILL');
    await gateway.program.ended;
    const over = Date.now();
    this.#take(gateway);
    await this.#stage.startGateway();
    this.kills.push({ began, over, next: Date.now(), dropped });
  }

  /** What the last gateway, at rest, counted as dropped and then ended in order: its log. */
  async end(metrics) {
    this.kills.push({ began: Infinity, over: Infinity, next: Infinity, dropped: droppedIn(metrics) });
    const entries = await this.#stage.end();
    this.#take(this.#stage.gateway);
    return entries;
  }

  /** What all of them counted as dropped of a signal. */
  droppedOf(signal) {
    return this.kills
      .flatMap(({ dropped }) => dropped)
      .filter((own) => own.signal === signal)
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Whether a call was under way at a kill, or was while there was no gateway. */
  wasCutShort({ began, ended }) {
    return this.kills.some((kill) => began <= kill.next && ended >= kill.began - this.#recordWithinMs);
  }

  mayLackLine(view) {
    return this.kills.some((kill) => view.began <= kill.next && view.ended >= kill.began - lineWithinMs);
  }

  /** Whether a span that came at `at` may come again. */
  mayComeAgain(at) {
    return this.kills.some((kill) => at >= kill.began - answerWithinMs && at <= kill.over);
  }

  #take({ program }) {
    for (const line of program.stdout) {
      try {
        this.lines.push(JSON.parse(line));
      } catch {
        this.tornLines += 1;
      }
    }
  }
}

const droppedIn = (metrics) =>
  metrics.samples('telemetry_dropped_total').map(({ labels, value }) => ({ ...labels, value }));

/** What came, by span id; `twice` is how many came again. */
function firstOfEach(checks, generations, what, items) {
  const name = `no ${what} came twice, but for those whose answer was on its way at a kill`;
  checks.expect(name);
  const received = new Map();
  let twice = 0;
  for (const item of items) {
    const first = received.get(item.spanId);
    received.set(item.spanId, first ?? item);
    if (!first) continue;
    twice += 1;
    checks.that(name, generations.mayComeAgain(first.at), () => JSON.stringify([first, item]));
  }
  return { received, twice };
}

/**
 * What became of log records: {records, recordsLost (of calls that were under way at a kill), recordsDropped,
 * recordsTwice}.
 */
export function compareLostRecords(checks, generations, { views, records }) {
  const { received, twice } = firstOfEach(checks, generations, 'log record', records);
  const traces = new Set([...received.values()].map(({ traceId }) => traceId));
  const lost = views.filter(({ plan, status }) => status !== undefined && !traces.has(plan.traceId));
  const outside = lost.filter((view) => !generations.wasCutShort(view));
  const dropped = generations.droppedOf('logs');
  checks.that(
    'log records of calls that were not under way at a kill: all came, or were counted as dropped',
    outside.length <= dropped,
    () => `${outside.length} lost, ${dropped} counted: ${JSON.stringify(outside[0])}`,
  );
  return {
    records: received.size,
    recordsLost: lost.length - outside.length,
    recordsDropped: dropped,
    recordsTwice: twice,
  };
}

/**
 * What became of spans and lines: {calls, cutShort (calls that were under way at a kill), tries (the provider saw), spans,
 * lostWithin (spans of calls that were cut short), lostOutside (of others), dropped (spans that were counted), twice (spans
 * that came again), linesLost}.
 */
export function compareLosses(checks, generations, { views, spans, entries }) {
  const viewOf = new Map(views.map((view) => [view.plan.traceId, view]));
  const { received, twice } = firstOfEach(checks, generations, 'span', spans);
  const lostOutside = [];
  let lostWithin = 0;
  const lost = (view, what) => {
    if (!view || generations.wasCutShort(view)) lostWithin += 1;
    else lostOutside.push(what);
  };
  const sampled = entries.filter(({ traceparent }) => traceparent.endsWith('-01'));
  const expected = new Map(sampled.map((entry) => [entry.traceparent.slice(36, 52), entry]));
  for (const [spanId, entry] of expected)
    if (!received.has(spanId))
      lost(viewOf.get(entry.traceparent.slice(3, 35)), `CLIENT span ${spanId} of ${JSON.stringify(entry)}`);
  const servers = new Set(spans.filter(({ kind }) => kind === 2).map(({ traceId }) => traceId));
  const answered = views.filter(({ plan, status }) => plan.isSampled && status !== undefined);
  for (const view of answered)
    if (!servers.has(view.plan.traceId))
      lost(view, `SERVER span of call ${view.number}, ${JSON.stringify(view.plan.fault)}`);
  const dropped = generations.droppedOf('traces');
  checks.that(
    'spans of calls that were not under way at a kill: all came, or were counted as dropped',
    lostOutside.length <= dropped,
    () => `${lostOutside.length} lost, ${dropped} counted: ${lostOutside[0]}`,
  );

  const linesOf = new Map();
  for (const line of generations.lines)
    if (line.message === 'llm call') linesOf.set(line.trace_id, (linesOf.get(line.trace_id) ?? 0) + 1);
  let linesLost = 0;
  for (const view of views.filter(({ status }) => status !== undefined)) {
    const count = linesOf.get(view.plan.traceId) ?? 0;
    checks.that('no line of the log twice', count <= 1, () => `${count} of call ${view.number}`);
    if (count > 0) continue;
    linesLost += 1;
    checks.that(
      'lines of calls that ended well before a kill: all there',
      generations.mayLackLine(view),
      () => `call ${view.number}`,
    );
  }
  checks.expect(
    'no line of the log twice',
    'lines of calls that ended well before a kill: all there',
  );
  const cutShort = views.filter((view) => generations.wasCutShort(view)).length;
  return {
    calls: views.length,
    cutShort,
    tries: expected.size,
    spans: received.size,
    lostOutside: lostOutside.length,
    lostWithin,
    dropped,
    twice,
    linesLost,
  };
}
