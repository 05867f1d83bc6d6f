// Chance that is the same for the same seed (splitmix64's finalizer over a counter, in 32 bits).

export class Chance {
  #state;

  /** `seed` and `stream`, whole numbers, say which numbers come. */
  constructor(seed, stream = 0) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  }

  /** From 0 to 1. */
  next() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  below(bound) {
    return Math.floor(this.next() * bound);
  }

  between(least, most) {
    return least + this.below(most - least + 1);
  }

  is(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** One of [[weight, value], ...]. */
  weighted(rows) {
    let at = this.next() * rows.reduce((sum, [weight]) => sum + weight, 0);
    return rows.find(([weight]) => (at -= weight) < 0)?.[1] ?? rows.at(-1)[1];
  }
}
