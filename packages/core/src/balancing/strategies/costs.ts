/** An entry of `costs`: what an outbound whose tag matches is charged. */
export interface Cost {
  readonly regexp: boolean;
  readonly match: string;
  /** 0: the first number in what matched. */
  readonly value: number;
}

/** The factors by which the outbounds' measures are multiplied, by tag. */
export class Costs {
  readonly #entries: readonly { readonly find: (tag: string) => string | undefined; readonly value: number }[];
  readonly #known = new Map<string, number>();

  constructor(costs: readonly Cost[]) {
    this.#entries = costs.map(({ regexp, match, value }) => {
      if (!regexp) return { find: (tag) => (tag.includes(match) ? match : undefined), value };
      const expression = new RegExp(match, 'u');
      return { find: (tag) => expression.exec(tag)?.[0], value };
    });
  }

  /** 1 for a tag that none matches. */
  of(tag: string): number {
    const known = this.#known.get(tag);
    if (known !== undefined) return known;
    const cost = this.#find(tag);
    this.#known.set(tag, cost);
    return cost;
  }

  #find(tag: string): number {
    for (const { find, value } of this.#entries) {
      const matched = find(tag);
      if (matched === undefined || matched === '') continue;
      return value > 0 ? value : Number(/\d+(\.\d+)?/.exec(matched)?.[0] ?? 1);
    }
    return 1;
  }
}
