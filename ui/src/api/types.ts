// Short names for what the API speaks of.

import type { Answer } from './client.ts';
import type { components } from './schema.gen.ts';

type Schemas = components['schemas'];
export type Agent = Schemas['Agent'];
export type AgentFields = Schemas['AgentFields'];
export type Call = Schemas['Call'];
export type CallDecision = Schemas['CallDecision'];
export type CallDetails = Schemas['CallDetails'];
export type CallTry = Schemas['CallTry'];
export type Dimensions = Answer<'/api/statistics/dimensions'>;
export type Figures = Schemas['Figures'];
export type Label = Schemas['Label'];
export type LiveHistory = Schemas['LiveHistory'];
export type LiveSecond = Schemas['LiveSecond'];
export type Outcome = Schemas['Outcome'];
export type Overview = Schemas['StatisticsOverview'];
export type FigureGroup = Overview['groups'][number];
export type Percentiles = Schemas['Percentiles'];
export type RecentCalls = Answer<'/api/recent-calls'>;
export type Session = Schemas['Session'];
export type Settings = Schemas['Settings'];
export type Tool = Schemas['Tool'];
export type Condition = Schemas['Condition'];
export type ToolInvocationPolicy = Schemas['ToolInvocationPolicy'];
export type TrustedDataPolicy = Schemas['TrustedDataPolicy'];
export type LogLevel = Schemas['LogLevel'];
export type TelemetryHealth = Schemas['TelemetryHealth'];
export type AgentStatistics = Answer<'/api/statistics/agents'>;
export type LabelsCheck = Answer<'/api/agents/labels/check', 'post'>;
