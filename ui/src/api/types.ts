// Short names for what the API speaks of.

import type { components } from './schema.gen.ts';

type Schemas = components['schemas'];
export type Agent = Schemas['Agent'];
export type AgentFields = Schemas['AgentFields'];
export type Tool = Schemas['Tool'];

export type {
  AgentStatistics,
  Call,
  CallDetails,
  CallTry,
  Dimensions,
  FigureGroup,
  Figures,
  Label,
  LabelsCheck,
  LiveSecond,
  Overview,
  Percentiles,
  PercentileSeries,
  RecentCalls,
  Session,
  Settings,
  ToolDecision,
} from './pending.ts';
