/** This file writes what was counted in Prometheus' text format, and counts by names. */

/** What Prometheus is told of a metric before its lines. */
export interface About {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

/** Writes one metric; nothing for one without lines. */
export function writeMetric(name: string, about: About, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `# HELP ${name} ${about.help}\n# TYPE ${name} ${about.type}\n${lines.join('\n')}\n\n`;
}

/** Ids may come from an operator's file: what a label can't hold is escaped. */
export function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Where names without end could come from outside, those after the first thousand are counted together. */
const NAMES_MAX = 1000;
const OTHER = 'other';

/** Counts by two labels. Two look-ups per count: nothing is joined, hashed or copied. */
export class PairCounter {
  readonly #about: { readonly name: string; readonly help: string; readonly labels: readonly [string, string] };
  readonly #counts = new Map<string, Map<string, { count: number }>>();

  constructor(about: { readonly name: string; readonly help: string; readonly labels: readonly [string, string] }) {
    this.#about = about;
  }

  count(first: string, second: string): void {
    let row: Map<string, { count: number }> | undefined = this.#counts.get(first);
    if (!row) {
      const isFull = this.#counts.size >= NAMES_MAX;
      row = isFull ? this.#counts.get(OTHER) : undefined;
      if (!row) this.#counts.set(isFull ? OTHER : first, row = new Map<string, { count: number }>());
    }
    const found = row.get(second);
    if (found) found.count++;
    else row.set(second, { count: 1 });
  }

  text(): string {
    const { name, help, labels: [one, two] } = this.#about;
    const lines = [...this.#counts].flatMap(([first, row]) => [...row].map(([second, { count }]) => `${name}{${one}="${escapeLabel(first)}",${two}="${escapeLabel(second)}"} ${count}`));
    return writeMetric(name, { type: 'counter', help }, lines);
  }
}

/** How many fell into each bucket, the last of which has no bound, and their sum. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #sum = 0;

  /** Upper bounds, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = bounds.map(() => 0).concat(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Its lines; `labels` are those of its series, '' for none. */
  lines(name: string, labels: string): string[] {
    let count = 0;
    const lines = this.#buckets.map((inBucket, index) => {
      count += inBucket;
      return `${name}_bucket{${labels}${labels === '' ? '' : ','}le="${this.#bounds[index] ?? '+Inf'}"} ${count}`;
    });
    const braces = labels === '' ? '' : `{${labels}}`;
    return [...lines, `${name}_sum${braces} ${this.#sum}`, `${name}_count${braces} ${count}`];
  }
}
