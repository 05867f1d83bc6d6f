// What was compared, how often, and where two views disagreed.

const shownMax = 5; // of each comparison

export class Checks {
  #rows = new Map();

  /** Compares once; `detail` is a function that says what is wrong. */
  that(what, holds, detail) {
    const row = this.#row(what);
    row.compared += 1;
    if (holds) return;
    row.disagreements += 1;
    if (row.examples.length < shownMax) row.examples.push(detail());
  }

  equal(what, actual, expected, of) {
    this.that(what, Object.is(actual, expected), () => `${of()}: ${actual} and ${expected}`);
  }

  /** So that a comparison shows that was never made. */
  expect(...names) {
    for (const what of names) this.#row(what);
  }

  /** [{what, compared, disagreements, examples}] */
  get rows() {
    return [...this.#rows].map(([what, row]) => ({ what, ...row }));
  }

  get disagreements() {
    return this.rows.reduce((sum, { disagreements }) => sum + disagreements, 0);
  }

  /** As a table in Markdown. */
  get table() {
    return [
      '| what was compared | how often | disagreements |',
      '| --- | --- | --- |',
      ...this.rows.map(({ what, compared, disagreements }) => `| ${what} | ${compared} | ${disagreements} |`),
    ];
  }

  /** Examples of what disagreed, as texts. */
  get complaints() {
    return this.rows.flatMap(({ what, examples }) => examples.map((example) => `${what}: ${example}`));
  }

  #row(what) {
    if (!this.#rows.has(what)) this.#rows.set(what, { compared: 0, disagreements: 0, examples: [] });
    return this.#rows.get(what);
  }
}
