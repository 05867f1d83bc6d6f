// What the form of an agent holds while somebody types, and what of it goes to the API.

import type { Agent, Label } from '@/api/types.ts';
import type { AgentBody } from './agents_data.ts';

/** A label in the form; `row` stays the same while key and value change. */
export interface LabelRow extends Label {
  row: number;
}

export interface AgentForm {
  name: string;
  labels: LabelRow[];
  considerContextUntrusted: boolean;
  denyToolsInUntrustedContext: boolean;
  onDisconnect: 'cancel' | 'drain';
  /** As typed. */
  drainSeconds: string;
  captureContent: boolean;
}

const kEmpty: AgentForm = {
  name: '',
  labels: [],
  considerContextUntrusted: false,
  denyToolsInUntrustedContext: false,
  onDisconnect: 'cancel',
  drainSeconds: '30',
  captureContent: false,
};

export function toForm(agent: Agent | undefined): AgentForm {
  if (agent === undefined) return kEmpty;
  const { onClientDisconnect } = agent;
  return {
    name: agent.name,
    labels: agent.labels.map(({ key, value }, row) => ({ key, value, row })),
    considerContextUntrusted: agent.considerContextUntrusted,
    denyToolsInUntrustedContext: agent.denyToolsInUntrustedContext,
    onDisconnect: onClientDisconnect.action,
    drainSeconds: onClientDisconnect.action === 'drain' ? String(onClientDisconnect.seconds) : kEmpty.drainSeconds,
    captureContent: agent.captureContent,
  };
}

/** Rows that somebody filled in; one that was added and left alone is no label. */
export function filledLabels(labels: LabelRow[]): LabelRow[] {
  return labels.filter(({ key, value }) => key !== '' || value !== '');
}

export function toBody(form: AgentForm): AgentBody {
  return {
    name: form.name,
    labels: filledLabels(form.labels).map(({ key, value }) => ({ key, value })),
    considerContextUntrusted: form.considerContextUntrusted,
    denyToolsInUntrustedContext: form.denyToolsInUntrustedContext,
    onClientDisconnect:
      form.onDisconnect === 'drain' ? { action: 'drain', seconds: Number(form.drainSeconds) } : { action: 'cancel' },
    captureContent: form.captureContent,
  };
}

export function isChanged(form: AgentForm, agent: Agent | undefined): boolean {
  return JSON.stringify(toBody(form)) !== JSON.stringify(toBody(toForm(agent)));
}

export type AgentField = 'name' | 'labels' | 'onClientDisconnect' | 'form';

/** Where on the form a refusal of the API belongs. */
export function fieldOfProblem(message: string): AgentField {
  if (/^The name\b|^"name"/.test(message)) return 'name';
  if (/label/.test(message)) return 'labels';
  if (/^"onClientDisconnect/.test(message)) return 'onClientDisconnect';
  return 'form';
}
