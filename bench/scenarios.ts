/** What the suite measures: each scenario is a run of `godwit bench`. */

/** Which number of a report a scenario is about. */
export interface Figure {
  /** Name in the report's metrics. */
  readonly metric: 'received' | 'p50' | 'rate' | 'bytes';
  readonly unit: string;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly figure: Figure;
  /** Cost that is compared: processor time, or memory. */
  readonly cost: 'cpu' | 'bytes';
  /** Arguments of `godwit bench`, without server and times. */
  readonly args: readonly string[];
}

const messages: Pick<Scenario, 'figure' | 'cost'> = {
  figure: { metric: 'received', unit: 'msgs/s' },
  cost: 'cpu',
};

function traffic(name: string, title: string, args: string): Scenario {
  return { name, title, ...messages, args: args.split(' ') };
}

export const scenarios: readonly Scenario[] = [
  traffic('one-to-one', '1 → 1, window 1000', 'pair -n 1 -w 1000'),
  traffic('pairs', '50 pairs, window 100', 'pair -n 50 -w 100'),
  traffic('pairs-unbatched', '50 pairs, window 1', 'pair -n 50 -w 1'),
  traffic('fan-out', '1 → 1000', 'fan -n 1000 -w 20'),
  traffic('fan-in', '1000 → 1', 'fan --publishers 1000 --subscribers 1 -w 10'),
  traffic('shared', '1000 → group of 10', 'share --publishers 1000 --subscribers 10 -w 10'),
  traffic('qos1', '50 pairs, QoS 1', 'pair -n 50 -w 100 -q 1'),
  traffic('qos2', '50 pairs, QoS 2', 'pair -n 50 -w 100 -q 2'),
  traffic(
    'filters',
    '20 × 50 topics, 100,000 filters',
    'pair -n 20 -w 100 -t bench/%d/dev/%t/temp --topics-each 50 --background 100000',
  ),
  {
    name: 'latency',
    title: '10 pairs, 1000 msgs/s, open loop',
    figure: { metric: 'p50', unit: 'µs, median' },
    cost: 'cpu',
    args: ['pair', '-n', '10', '-r', '1000'],
  },
  {
    name: 'connect',
    title: 'connect, disconnect',
    figure: { metric: 'rate', unit: 'connects/s' },
    cost: 'cpu',
    args: ['connect'],
  },
  {
    name: 'idle',
    title: '5000 idle connections',
    figure: { metric: 'bytes', unit: 'B each' },
    cost: 'bytes',
    args: ['idle', '-n', '5000'],
  },
];
