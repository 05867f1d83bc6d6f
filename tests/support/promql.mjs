// PromQL as a tree, as far as dashboards and rules speak it, and what the tree says: which metrics and labels it names, and
// in which unit its result is. What is not understood is refused; whether it is PromQL at all, Prometheus says.

const withParameter = new Set(['topk', 'bottomk', 'quantile', 'count_values']);
const aggregations = new Set(['sum', 'min', 'max', 'avg', 'count', 'stddev', 'stdvar', 'group', ...withParameter]);
const comparisons = new Set(['==', '!=', '>', '<', '>=', '<=']);
const sets = new Set(['and', 'or', 'unless']);
const levels = [['or'], ['and', 'unless'], [...comparisons], ['+', '-'], ['*', '/', '%'], ['^']];
const precedence = Object.fromEntries(levels.flatMap((level, index) => level.map((op) => [op, index + 1])));

const tokenKinds = {
  name: /[a-zA-Z_:][a-zA-Z0-9_:]*/,
  duration: /(?:\d+(?:ms|[smhdwy]))+/,
  number: /\d+(?:\.\d+)?(?:e[+-]?\d+)?/,
  string: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/,
  sign: /=~|!~|==|!=|>=|<=|[-+*/%^><=(){}[\],]/,
};
const anyToken = Object.entries(tokenKinds).map(([kind, { source }]) => `(?<${kind}>${source})`).join('|');
const tokenPattern = new RegExp(`\\s*(?:${anyToken})`, 'y');

function tokensOf(text) {
  const tokens = [];
  const pattern = new RegExp(tokenPattern);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const found = pattern.exec(text);
    if (!found) throw new Error(`not understood: ${text.slice(tokens.at(-1)?.end ?? 0)}`);
    const [kind, value] = Object.entries(found.groups).find(([, part]) => part !== undefined);
    tokens.push({ kind, value, start: pattern.lastIndex - value.length, end: pattern.lastIndex });
  }
  return tokens;
}

/**
 * The tree: {type, text, ...} of type selector {name, matchers: [{label, op, value}], range}, aggregation {op, by, without,
 * parameter, of}, call {name, args}, binary {op, left, right, labels}, number {value}, string, minus {of}.
 */
export function parse(text) {
  const parser = new Parser(text);
  const tree = parser.expression(0);
  parser.expectEnd();
  return tree;
}

class Parser {
  #text;
  #tokens;
  #at = 0;

  constructor(text) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  expression(least) {
    const start = this.#peek()?.start;
    let left = this.#unary();
    for (;;) {
      const op = this.#peek()?.value;
      if (!Object.hasOwn(precedence, op ?? '') || precedence[op] < Math.max(least, 1)) return left;
      this.#next();
      const labels = this.#matching();
      const right = this.expression(op === '^' ? precedence[op] : precedence[op] + 1);
      left = { type: 'binary', op, left, right, labels, text: this.#text.slice(start, this.#end()) };
    }
  }

  expectEnd() {
    if (this.#peek()) this.#fail();
  }

  #unary() {
    const start = this.#peek()?.start;
    if (!this.#takes('-')) return this.#suffixed(this.#primary(), start);
    const of = this.#unary();
    return { type: 'minus', of, text: `-${of.text}` };
  }

  #primary() {
    const { kind, value, start } = this.#next();
    const made = (node) => ({ ...node, text: this.#text.slice(start, this.#end()) });
    if (kind === 'number') return made({ type: 'number', value: Number(value) });
    if (kind === 'string') return made({ type: 'string', value: value.slice(1, -1) });
    if (value === '(') {
      const inner = this.expression(0);
      this.#expect(')');
      return { ...inner, text: this.#text.slice(start, this.#end()) };
    }
    if (value === '{') return made({ type: 'selector', name: undefined, matchers: this.#matchers() });
    if (kind !== 'name') this.#fail(-1);
    if (aggregations.has(value) && this.#isOneOf('(', 'by', 'without')) return made(this.#aggregation(value));
    if (this.#takes('(')) return made({ type: 'call', name: value, args: this.#args() });
    return made({ type: 'selector', name: value, matchers: this.#takes('{') ? this.#matchers() : [] });
  }

  #suffixed(node, start) {
    let { range } = node;
    if (this.#takes('[')) {
      range = this.#next().value;
      this.#expect(']');
    }
    if (this.#takes('offset')) this.#next();
    return { ...node, range, text: this.#text.slice(start, this.#end()) };
  }

  #aggregation(op) {
    let grouping = this.#grouping();
    this.#expect('(');
    const args = this.#args();
    grouping = { ...grouping, ...this.#grouping() };
    return { type: 'aggregation', op, ...grouping, of: args.at(-1), parameter: withParameter.has(op) ? args[0] : undefined };
  }

  #grouping() {
    if (!this.#isOneOf('by', 'without')) return {};
    const { value } = this.#next();
    return { [value]: this.#labelList() };
  }

  #matching() {
    const labels = [];
    this.#takes('bool');
    for (const word of ['on', 'ignoring', 'group_left', 'group_right'])
      if (this.#takes(word) && (this.#isOneOf('(') || word === 'on' || word === 'ignoring')) labels.push(...this.#labelList());
    return labels;
  }

  #labelList() {
    this.#expect('(');
    const labels = [];
    while (!this.#takes(')')) {
      labels.push(this.#next().value);
      this.#takes(',');
    }
    return labels;
  }

  #matchers() {
    const matchers = [];
    while (!this.#takes('}')) {
      const [label, op, value] = [this.#next().value, this.#next().value, this.#next()];
      if (value.kind !== 'string') this.#fail(-1);
      matchers.push({ label, op, value: value.value.slice(1, -1) });
      this.#takes(',');
    }
    return matchers;
  }

  #args() {
    const args = [];
    while (!this.#takes(')')) {
      args.push(this.expression(0));
      this.#takes(',');
    }
    return args;
  }

  #peek() {
    return this.#tokens[this.#at];
  }

  #next() {
    return this.#tokens[this.#at++] ?? this.#fail();
  }

  #end() {
    return this.#tokens[this.#at - 1].end;
  }

  #isOneOf(...values) {
    return values.includes(this.#peek()?.value);
  }

  #takes(value) {
    if (!this.#isOneOf(value)) return false;
    this.#at += 1;
    return true;
  }

  #expect(value) {
    if (!this.#takes(value)) this.#fail();
  }

  #fail(by = 0) {
    throw new Error(`not understood: ${this.#text}\nat: ${this.#text.slice(this.#tokens[this.#at + by]?.start)}`);
  }
}

/** Every node of a tree. */
export function* nodesOf(tree) {
  yield tree;
  for (const below of [tree.of, tree.parameter, tree.left, tree.right, ...(tree.args ?? [])]) if (below) yield* nodesOf(below);
}

/** Labels by which a node groups or matches what is below it. */
export const groupingLabelsOf = ({ by = [], without = [], labels = [] }) => [...by, ...without, ...labels];

/**
 * The vectors that an expression compares: what is left where the limits of an alert are taken away, as texts. Of those no one
 * may be empty, whether the alert fires or not.
 */
export function comparedIn(tree) {
  if (tree.type === 'binary' && sets.has(tree.op)) return [...comparedIn(tree.left), ...comparedIn(tree.right)];
  if (tree.type === 'binary' && comparisons.has(tree.op)) return [...comparedIn(tree.left), ...comparedIn(tree.right)];
  return tree.type === 'number' || isConstant(tree) ? [] : [tree.text];
}

const isConstant = (tree) => [...nodesOf(tree)].every(({ type }) => type === 'number' || type === 'binary' || type === 'minus');

/**
 * In which unit the result of an expression is: {seconds, bytes: exponents, factor, isShare}. `familyOf` is a function from
 * the name of a series to {unit: {seconds, bytes}, counts: whether it is a number of observations, histogram: {seconds,
 * bytes}}. isShare: a quotient of like and like. Adding like and unlike is refused.
 */
export function unitOf(tree, familyOf) {
  const of = (node) => unitOf(node, familyOf);
  switch (tree.type) {
    case 'number':
      return { ...none, factor: tree.value, isNumber: true };
    case 'minus':
      return of(tree.of);
    case 'selector':
      return { ...none, ...familyOf(tree.name).unit };
    case 'aggregation':
      return tree.op === 'count' || tree.op === 'group' ? none : of(tree.of);
    case 'call':
      return unitOfCall(tree, of, familyOf);
    default:
      return unitOfBinary(tree, of);
  }
}

/** Functions whose result is in the unit of what they are given. */
const keepUnit = /^(increase|delta|clamp(_min|_max)?|round|abs|sort(_desc)?|(sum|avg|min|max|last)_over_time)$/;

const none = { seconds: 0, bytes: 0, factor: 1, isShare: false, isNumber: false };

function unitOfCall({ name, args, text }, of, familyOf) {
  if (name === 'time' || name === 'timestamp') return { ...none, seconds: 1 };
  if (name === 'absent') return none;
  if (name === 'histogram_quantile') {
    const [buckets] = [...nodesOf(args[1])].filter(({ type }) => type === 'selector');
    return { ...none, ...familyOf(buckets.name).observed };
  }
  if (/^(rate|irate)$/.test(name)) {
    const unit = of(args[0]);
    return { ...unit, seconds: unit.seconds - 1, isShare: unit.seconds === 1 };
  }
  if (keepUnit.test(name)) return of(args[0]);
  throw new Error(`the unit of ${name}() is not known: ${text}`);
}

function unitOfBinary({ op, left, right, text }, of) {
  const [a, b] = [of(left), of(right)];
  if (op === '*') return { ...times(a, b, 1), isShare: a.isShare || b.isShare };
  if (op === '/') {
    const unit = times(a, b, -1);
    const isLike = !a.isNumber && !b.isNumber && unit.seconds === 0 && unit.bytes === 0;
    return { ...unit, isShare: isLike || a.isShare };
  }
  // Beside a bare number, or a nothing made of one, the other side says what it is.
  if (a.isNumber) return b;
  if (b.isNumber || comparisons.has(op)) return a;
  if (a.seconds !== b.seconds || a.bytes !== b.bytes) throw new Error(`unlike units on both sides of ${op}: ${text}`);
  return { ...a, isShare: a.isShare && b.isShare };
}

/** What is multiplied by zero stands for nothing, in the unit of the rest. */
const times = (a, b, sign) => ({
  seconds: a.seconds + sign * b.seconds,
  bytes: a.bytes + sign * b.bytes,
  factor: sign > 0 ? a.factor * b.factor || 1 : a.factor / b.factor,
  isNumber: a.isNumber && b.isNumber,
});
