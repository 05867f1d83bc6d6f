import assert from 'node:assert/strict';
import test from 'node:test';
import type { Agent } from '@/api/types.ts';
import { fieldOfProblem, isChanged, toBody, toForm } from './agent_form.ts';

const kAgent: Agent = {
  id: '0dd1dad2-9a66-48b3-9404-5f9340a78fe1',
  name: 'Support Bot',
  labels: [{ key: 'team', value: 'support' }],
  isDefault: false,
  considerContextUntrusted: true,
  denyToolsInUntrustedContext: false,
  onClientDisconnect: { action: 'drain', seconds: 7 },
  captureContent: false,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};

test('an agent comes through the form unchanged', () => {
  const { id, isDefault, createdAt, updatedAt, ...fields } = kAgent;
  assert.deepEqual(toBody(toForm(kAgent)), fields);
  assert.equal(isChanged(toForm(kAgent), kAgent), false);
});

test('a row of labels that is empty is none, one without a value is one', () => {
  const form = toForm(kAgent);
  form.labels = [...form.labels, { key: '', value: '', row: 1 }, { key: 'tier', value: '', row: 2 }];
  assert.deepEqual(toBody(form).labels, [
    { key: 'team', value: 'support' },
    { key: 'tier', value: '' },
  ]);
  assert.ok(isChanged(form, kAgent));
});

test('refusals of the API stand at their field', () => {
  assert.equal(fieldOfProblem('The name is empty.'), 'name');
  assert.equal(fieldOfProblem('The label keys "a.b" and "a-b" collide: both become "a_b" in metrics.'), 'labels');
  assert.equal(fieldOfProblem('There are 33 labels; an agent may have 32.'), 'labels');
  assert.equal(fieldOfProblem('"onClientDisconnect.seconds" must be a whole number from 1 to 3600.'), 'onClientDisconnect');
  assert.equal(fieldOfProblem('The gateway does not answer.'), 'form');
});
