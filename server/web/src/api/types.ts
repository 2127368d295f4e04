import type { components } from '../generated/api';

type Schemas = components['schemas'];

export type AccountChange = Schemas['AccountChange'];
export type Agent = Schemas['Agent'];
export type AgentDetail = Schemas['AgentDetail'];
export type AgentDocument = Schemas['AgentDocument'];
export type AgentPlugin = Schemas['AgentPlugin'];
export type ApiToken = Schemas['ApiToken'];
export type Approval = Schemas['Approval'];
export type AuditRecord = Schemas['AuditRecord'];
export type Category = Schemas['Category'];
export type Client = Schemas['Client'];
export type Command = Schemas['Command'];
export type CommandDetail = Schemas['CommandDetail'];
export type CommandType = Schemas['CommandType'];
export type CommandState = Schemas['CommandState'];
export type EnrolmentToken = Schemas['EnrolmentToken'];
export type EventData = Schemas['Event'];
export type Grant = Schemas['Grant'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type LogLine = Schemas['LogLine'];
export type MetricSeries = Schemas['MetricSeries'];
export type Need = Schemas['Need'];
export type NewApiToken = Schemas['NewApiToken'];
export type NewSecondFactor = Schemas['NewSecondFactor'];
export type OwnSession = Schemas['OwnSession'];
export type SecondFactor = Schemas['SecondFactor'];
export type NewEnrolmentToken = Schemas['NewEnrolmentToken'];
export type RebindBundle = Schemas['RebindBundle'];
export type Overview = Schemas['Overview'];
export type PlanStep = Schemas['PlanStep'];
export type ProblemDocument = Schemas['Problem'];
export type ScanRecord = Schemas['Record'];
export type RateLimit = Schemas['RateLimit'];
export type Role = Schemas['Role'];
export type ServiceAccount = Schemas['ServiceAccount'];
export type Security = Schemas['Security'];
export type SecurityRow = Schemas['SecurityRow'];
export type Session = Schemas['Session'];
export type Severity = Schemas['Severity'];
export type Update = Schemas['Update'];
export type UpdateGroup = Schemas['UpdateGroup'];
export type UpdateGroupKey = Schemas['UpdateGroupKey'];
export type UpdateState = Schemas['UpdateState'];
export type User = Schemas['User'];

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
  total: number;
}
