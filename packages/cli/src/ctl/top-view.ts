/** What `godwit top` shows: numbers of a server, how they were lately, and how fast they grow. */
import { styleText } from 'node:util';

/** What the API answers to `/metrics`. */
export interface Sample {
  readonly atMs: number;
  readonly broker: Readonly<Record<string, number>>;
  readonly totals: Readonly<Record<string, unknown>>;
}

/** Values kept of each row. */
const historyMax = 40;
const bars = '▁▂▃▄▅▆▇█';

type Measure = readonly [label: string, measure: (now: Sample, before: Sample) => number];

const rate =
  (...names: readonly string[]) =>
  (now: Sample, before: Sample): number => {
    const grown = names.reduce((sum, name) => sum + now.broker[name] - before.broker[name], 0);
    return grown / ((now.atMs - before.atMs) / 1000);
  };

const measures: readonly Measure[] = [
  ['connections', now => now.broker.connectionsOpen],
  ['sessions', now => now.broker.sessions],
  ['subscriptions', now => now.broker.subscriptions],
  ['received/s', rate('messagesReceived')],
  ['sent/s', rate('messagesSent')],
  ['bytes in/s', rate('bytesReceived')],
  ['bytes out/s', rate('bytesSent')],
  ['queued', now => Number(now.totals.queuedMessages)],
  ['in flight', now => Number(now.totals.inflightMessages)],
  [
    'dropped/s',
    (now, before) => {
      const names = Object.keys(now.broker).filter(name => name.startsWith('messagesDropped'));
      return rate(...names)(now, before);
    },
  ],
];

export class TopView {
  readonly #history: Map<string, number[]>;
  #before: Sample | null;

  constructor() {
    this.#history = new Map(measures.map(([label]) => [label, []]));
    this.#before = null;
  }

  /** Takes one more sample; the first one only begins. @returns whether there is something to show */
  add(sample: Sample): boolean {
    const before = this.#before;
    this.#before = sample;
    if (before === null) return false;
    for (const [label, measure] of measures) {
      const history = this.#history.get(label)!;
      history.push(Math.round(measure(sample, before)));
      if (history.length > historyMax) history.shift();
    }
    return true;
  }

  /** The last values in one line, for files and pipes. */
  line(): string {
    const parts = Array.from(this.#history, ([label, history]) => `${label} ${history.at(-1)}`);
    return `${parts.join('  ')}\n`;
  }

  /** A row for each number, with what it was lately. */
  screen(title: string): string {
    const rows = Array.from(this.#history, ([label, history]) => {
      const value = (history.at(-1) ?? 0).toLocaleString('en');
      return `${label.padEnd(14)}${value.padStart(14)}  ${sparkline(history)}\n`;
    });
    return `${styleText('bold', title)}\n\n${rows.join('')}`;
  }
}

/** One bar for each value, the highest of them full. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(1, ...values);
  return values
    .map(value => bars[Math.round((Math.max(0, value) / highest) * (bars.length - 1))])
    .join('');
}
