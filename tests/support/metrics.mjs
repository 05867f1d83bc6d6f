// Prometheus text 0.0.4 as data. Strict: a line that is neither a comment nor a sample is a failure.

const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const escapes = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };
const partsOf = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

export class Metrics {
  /** name -> {help, type, samples: [{name, labels, value}]}, in order of appearance. */
  families = new Map();

  constructor(text) {
    if (!text.endsWith('\n')) throw new Error('the last line of the exposition has no line end');
    for (const line of text.slice(0, -1).split('\n')) this.#read(line);
  }

  /** All samples of a name whose labels include `labels`. */
  samples(name, labels = {}) {
    return this.familyOf(name)
      .samples.filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
  }

  sum(name, labels) {
    return this.samples(name, labels).reduce((total, sample) => total + sample.value, 0);
  }

  /** How much a sum grew since an earlier scrape. */
  since(before, name, labels) {
    return this.sum(name, labels) - before.sum(name, labels);
  }

  /** The samples of a name that grew since an earlier scrape: [{labels, value: growth}]. */
  grown(before, name) {
    return this.samples(name)
      .map(({ labels, value }) => ({ labels, value: value - valueOf(before.samples(name, labels), labels) }))
      .filter(({ value }) => value !== 0);
  }

  /** The family a sample name belongs to; there must be one, declared before. */
  familyOf(name) {
    const exact = this.families.get(name);
    if (exact) return exact;
    for (const [type, suffixes] of Object.entries(partsOf)) {
      for (const suffix of suffixes.filter((own) => own && name.endsWith(own))) {
        const family = this.families.get(name.slice(0, -suffix.length));
        if (family?.type === type) return family;
      }
    }
    throw new Error(`no HELP and TYPE for ${name}`);
  }

  #read(line) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment) this.#declare(...comment.slice(1));
    else this.#sample(line);
  }

  #declare(what, name, text) {
    const family = this.families.get(name) ?? { help: null, type: null, samples: [] };
    const key = what.toLowerCase();
    if (family[key] !== null) throw new Error(`${what} of ${name} occurs twice`);
    family[key] = text;
    this.families.set(name, family);
  }

  #sample(line) {
    const parts = samplePattern.exec(line);
    if (!parts) throw new Error(`not a sample: ${line}`);
    const [, name, labels, value] = parts;
    this.familyOf(name).samples.push({ name, labels: readLabels(labels ?? '', line), value: readValue(value, line) });
  }
}

function valueOf(samples, labels) {
  const count = Object.keys(labels).length;
  return samples.find((sample) => Object.keys(sample.labels).length === count)?.value ?? 0;
}

function readLabels(text, line) {
  const labels = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < text.length) {
    const parts = labelPattern.exec(text);
    if (!parts) throw new Error(`bad labels: ${line}`);
    labels[parts[1]] = parts[2].replace(/\\["\\n]/g, (escaped) => escapes[escaped]);
  }
  return labels;
}

function readValue(text, line) {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  if (text === 'NaN') return NaN;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`bad value: ${line}`);
  return value;
}
