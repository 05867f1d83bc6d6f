// Shapes that schema.gen.ts does not have yet. Empty this file once `npm run generate-types` brings them.

export interface Session {
  expiresAt: string;
  csrfToken: string;
}

export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface PercentileSeries {
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}

export interface Figures {
  totals: {
    calls: number;
    errors: number;
    inputTokens: number;
    outputTokens: number;
    blockedToolCalls: number;
    latency: Percentiles;
    timeToFirstToken: Percentiles;
    gateway: Percentiles;
  };
  series: {
    calls: number[];
    errors: number[];
    inputTokens: number[];
    outputTokens: number[];
    blockedToolCalls: number[];
    latency: PercentileSeries;
    timeToFirstToken: PercentileSeries;
    gateway: PercentileSeries;
  };
}

export interface FigureGroup extends Figures {
  key: string;
  name: string;
}

export interface Overview {
  from: string;
  to: string;
  stepSeconds: number;
  times: number[];
  groupBy: string;
  all: Figures;
  groups: FigureGroup[];
  foldedGroups: number;
}

export interface AgentStatistics {
  stepSeconds: number;
  data: {
    agentId: string;
    calls: number[];
    totals: { calls: number; errors: number; inputTokens: number; outputTokens: number };
  }[];
}

export interface Dimensions {
  providers: string[];
  models: string[];
  labelKeys: string[];
}

export interface LiveSecond {
  time: number;
  calls: number;
  errors: number;
  inFlight: number;
  inputTokens: number;
  outputTokens: number;
  blockedToolCalls: number;
  latency: Percentiles | null;
  timeToFirstToken: Percentiles | null;
  gateway: Percentiles | null;
}

export interface Label {
  key: string;
  value: string;
}

export interface Call {
  id: string;
  traceId: string;
  startedAt: string;
  duration: number;
  provider: string;
  operation: string;
  model: string;
  responseModel: string | null;
  agent: { id: string; name: string; labels: Label[] } | null;
  stream: boolean;
  outcome: string;
  statusCode: number;
  errorType: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  reasoningTokens: number | null;
  usageProvenance: string;
  timeToFirstToken: number | null;
  timeToFirstByte: number | null;
  gateway: number;
  tries: number;
  toolCalls: number;
  blockedToolCalls: number;
  session: string | null;
  run: string | null;
  user: string | null;
  clientAgent: string | null;
}

export interface CallTry {
  spanId: string;
  startedAfter: number;
  duration: number;
  statusCode: number;
  outcome: string;
  errorType: string | null;
  serverAddress: string | null;
  serverPort: number | null;
  timeToFirstByte: number | null;
  timeToFirstByteSent: number | null;
  timeToFirstToken: number | null;
  timeToLastToken: number | null;
  longestGap: number | null;
  stalls: { after: number; duration: number }[];
  retriedAfter: number | null;
}

export interface ToolDecision {
  tool: string;
  decision: string;
  policyId: string | null;
  reason: string | null;
  mode: string | null;
}

export interface CallDetails extends Call {
  method: string;
  route: string;
  urlPath: string;
  clientAddress: string | null;
  userAgent: string | null;
  requestBytes: number;
  responseBytes: number;
  finishReasons: string[];
  responseId: string | null;
  sampled: boolean;
  tryDetails: CallTry[];
  toolDecisions: ToolDecision[];
}

export interface RecentCalls {
  data: Call[];
  pagination: { limit: number; next: string | null };
  held: number;
  capacity: number;
  oldestAt: string | null;
}

export interface LabelsCheck {
  labels: { key: string; metricLabel: string; spanAttribute: string; problem: string | null }[];
  problem: string | null;
}

export interface PolicyCheck {
  problem: string | null;
}

export interface Settings {
  version: string;
  startedAt: string;
  apiBaseUrl: string;
  apiBaseUrlSource: 'setting' | 'request';
  metricsUrl: string | null;
  metricsSecretSet: boolean;
  providers: { name: string; dialect: string; baseUrl: string; upstreamUrl: string }[];
  settings: {
    name: string;
    flag: string;
    value: string | null;
    source: 'default' | 'file' | 'environment' | 'flag';
    isSecret: boolean;
    reloads: boolean;
    description: string;
  }[];
  telemetry: Record<string, unknown>;
}

type Ok<T> = { responses: { 200: { content: { 'application/json': T } } } };
type Created<T> = { responses: { 201: { content: { 'application/json': T } } } };
type Gone = { responses: { 204: { content?: never } } };
type Body<T> = { requestBody: { content: { 'application/json': T } } };
type Query<T> = { parameters: { query?: T } };
type Id = { parameters: { path: { id: string } } };

export interface PendingPaths {
  '/api/session': { get: Ok<Session>; post: Created<Session> & Body<{ token: string }>; delete: Gone };
  '/api/agents/labels/check': { post: Ok<LabelsCheck> & Body<{ labels: Label[] }> };
  '/api/tool-invocation-policies/check': { post: Ok<PolicyCheck> & Body<unknown> };
  '/api/trusted-data-policies/check': { post: Ok<PolicyCheck> & Body<unknown> };
  '/api/settings': { get: Ok<Settings> };
  '/api/statistics/overview': {
    get: Ok<Overview> &
      Query<{
        minutes?: number;
        groupBy?: string;
        provider?: string;
        model?: string;
        agentId?: string;
        label?: string;
      }>;
  };
  '/api/statistics/agents': { get: Ok<AgentStatistics> & Query<{ minutes?: number }> };
  '/api/statistics/dimensions': { get: Ok<Dimensions> };
  '/api/recent-calls': {
    get: Ok<RecentCalls> &
      Query<{
        limit?: number;
        before?: string;
        provider?: string;
        model?: string;
        agentId?: string;
        outcome?: string;
        session?: string;
        user?: string;
        run?: string;
        traceId?: string;
        blocked?: boolean;
        stream?: boolean;
        minDuration?: number;
        label?: string;
      }>;
  };
  '/api/recent-calls/{id}': { get: Ok<CallDetails> & Id };
}
