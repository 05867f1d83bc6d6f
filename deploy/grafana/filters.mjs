// The variables that all dashboards have, and what they do to a selector.

import { sourceVariable, variable } from './parts.mjs';

const gateways = 'job=~"$job", instance=~"$instance"';
const calls = `${gateways}, provider=~"$provider", agent_name=~"$agent", $label_key=~"$label_value"`;

/** Inside the braces of a selector: of the gateways alone, of calls, and of calls where their model is known. */
export const filters = { gateways, calls, models: `${calls}, model=~"$model"` };

const prometheus = sourceVariable('datasource', 'Prometheus', 'prometheus');
export const traceSources = [sourceVariable('tempo', 'Tempo', 'tempo'), sourceVariable('jaeger', 'Jaeger', 'jaeger')];

export const gatewayVariables = [
  prometheus,
  variable('job', 'Job', 'label_values(archestra_build_info, job)'),
  variable('instance', 'Gateway', 'label_values(archestra_build_info{job=~"$job"}, instance)'),
];

/** Any key that agents are labelled with can be chosen; `agent_name` stands among them, so that there always is one. */
const notKeys = ['__name__', 'job', 'instance', 'provider', 'model', 'agent_id', 'outcome', 'exported_.*'];

export const callVariables = [
  ...gatewayVariables,
  variable('provider', 'Provider', `label_values(llm_requests_total{${gateways}}, provider)`),
  variable('model', 'Model', `label_values(llm_requests_total{${gateways}, provider=~"$provider"}, model)`),
  variable('agent', 'Agent', `label_values(llm_requests_total{${gateways}, provider=~"$provider"}, agent_name)`),
  variable('label_key', 'Agent label', 'label_names(llm_requests_total)', {
    all: false,
    regex: `/^(?!(?:${notKeys.join('|')})$).+/`,
    value: 'agent_name',
  }),
  variable('label_value', 'its value', `label_values(llm_requests_total{${gateways}}, $label_key)`),
];
