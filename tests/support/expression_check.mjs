// Whether what a query names is there: metrics and labels in the catalogue, or made by recording rules.

import { catalogue } from './metric_catalogue.mjs';
import { groupingLabelsOf, nodesOf, parse, unitOf } from './promql.mjs';

/** Labels that are Prometheus' own. */
const ofScrape = ['job', 'instance'];

export class ExpressionCheck {
  #families = new Map(catalogue);
  #agentLabels;

  /** `agentLabels` are those that agents have; `recorded` are rules: [{record, expr}], in their order. */
  constructor({ agentLabels, recorded = [] }) {
    this.#agentLabels = agentLabels;
    for (const { record, expr } of recorded) {
      const tree = parse(expr);
      const unit = unitOf(tree, (name) => this.family(name));
      this.#families.set(record, { labels: labelsOfResult(tree, this), hasAgentLabels: false, unit, observed: unit });
    }
  }

  family(name) {
    const family = this.#families.get(name);
    if (!family) throw new Error(`there is no metric ${name}`);
    return family;
  }

  labelsOf(name) {
    const { labels, hasAgentLabels } = this.family(name);
    return [...ofScrape, ...labels, ...(hasAgentLabels ? this.#agentLabels : [])];
  }

  /** What is wrong with an expression: texts, none where all it names is there. */
  complaints(expression) {
    const tree = parse(expression);
    const selectors = [...nodesOf(tree)].filter(({ type }) => type === 'selector');
    const found = [];
    if (selectors.length === 0) found.push('it asks for no metric');
    for (const { name, matchers } of selectors) {
      if (!this.#families.has(name)) found.push(`there is no metric ${name}`);
      else found.push(...matchers.filter(({ label }) => !this.labelsOf(name).includes(label)).map(({ label }) => `${name} has no label ${label}`));
    }
    if (found.length > 0) return found;
    for (const node of nodesOf(tree)) {
      const below = [...nodesOf(node)].filter(({ type }) => type === 'selector');
      for (const label of groupingLabelsOf(node))
        for (const { name } of below)
          if (!this.labelsOf(name).includes(label)) found.push(`${name} has no label ${label} to be grouped by`);
    }
    return found;
  }

  unitOf(expression) {
    return unitOf(parse(expression), (name) => this.family(name));
  }
}

/** Labels that a recording rule leaves: those of its first aggregation, or of the series it is made of. */
function labelsOfResult(tree, check) {
  const grouped = [...nodesOf(tree)].flatMap(groupingLabelsOf).filter((label) => label !== 'le');
  if (grouped.length > 0) return grouped;
  const [{ name }] = [...nodesOf(tree)].filter(({ type }) => type === 'selector');
  return check.family(name).labels;
}

const about = (a, b) => Math.abs(a - b) <= Math.abs(b) * 1e-9;

/** Whether a panel's unit, by Grafana's name, fits what a query gives. */
export function unitFits(name, { seconds, bytes, factor, isShare }) {
  const is = (s, b, f = 1) => seconds === s && bytes === b && about(factor, f);
  switch (name) {
    case 's':
      return is(1, 0);
    case 'bytes':
      return is(0, 1);
    case 'mbytes':
      return is(0, 1, 1 / 1024 / 1024);
    case 'percentunit':
      return is(0, 0) && isShare;
    case 'percent':
      return is(0, 0, 100) && isShare;
    case 'reqps':
    case 'ops':
    case 'cps':
    case 'suffix: tokens/s':
      return is(-1, 0);
    case 'short':
    case 'none':
      return is(0, 0);
    default:
      throw new Error(`what fits the unit '${name}' is not known`);
  }
}
