// A call's line of the log, and its log record as a collector gets it: how the one follows from the other.

/** Key of a line -> attribute of a record; what is not here is archestra.<key>. docs/decisions/0012. */
const attributeOf = {
  method: 'http.request.method',
  route: 'http.route',
  status_code: 'http.response.status_code',
  outcome: 'archestra.outcome',
  provider: 'llm.provider',
  model: 'gen_ai.request.model',
  response_model: 'gen_ai.response.model',
  stream: 'llm.stream',
  agent_id: 'agent.id',
  agent_name: 'agent.name',
  client_agent_id: 'archestra.client.agent_id',
  session_id: 'session.id',
  run_id: 'archestra.run.id',
  user_id: 'user.id',
  input_tokens: 'gen_ai.usage.input_tokens',
  output_tokens: 'gen_ai.usage.output_tokens',
  cache_read_tokens: 'gen_ai.usage.cache_read.input_tokens',
  cache_write_tokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoning_tokens: 'gen_ai.usage.reasoning.output_tokens',
  finish_reasons: 'gen_ai.response.finish_reasons',
  request_bytes: 'http.request.body.size',
  response_bytes: 'http.response.body.size',
  client_address: 'client.address',
  error_type: 'error.type',
};
const severityOf = { debug: 5, info: 9, warn: 13 };

/** What the record of a line of the log is to say. */
export function recordOf(line) {
  const { time, level, message, trace_id: traceId, span_id: spanId, labels = {}, ...fields } = line;
  const attributes = {};
  for (const [key, value] of Object.entries(fields)) attributes[attributeOf[key] ?? `archestra.${key}`] = value;
  for (const [key, value] of Object.entries(labels)) attributes[`agent.${key}`] = value;
  return { time, severityText: level, severity: severityOf[level], body: message, traceId, spanId, attributes };
}

/** The same of a record that a collector took. */
export function plainRecord({ time, severity, severityText, body, traceId, spanId, attributes }) {
  return { time: microseconds(time), severityText, severity, body, traceId, spanId, attributes };
}

function microseconds(nanos) {
  const micros = nanos / 1000n;
  return `${new Date(Number(micros / 1000n)).toISOString().slice(0, -1)}${String(micros % 1000n).padStart(3, '0')}Z`;
}
