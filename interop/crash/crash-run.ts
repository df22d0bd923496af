/**
 * Kills a broker again and again, at random moments of its life and also while it starts, under
 * the load of all strands, and has everything that is owed checked every few cycles.
 */
import type { Clock } from '@godwit/runtime';
import { SeededRandom } from '@godwit/testkit';
import { ExpiryStrand } from './expiry.ts';
import { Faults } from './faults.ts';
import { lost } from './ledger.ts';
import { RetainedStrand } from './retained.ts';
import { pause, type Strand, type StrandContext } from './strand.ts';
import { Traffic } from './traffic.ts';
import type { Life, Victim } from './victim.ts';
import { WillStrand } from './wills.ts';

export interface CrashOptions {
  readonly victim: Victim;
  readonly clock: Clock;
  readonly seed: number;
  readonly cycles: number;
  /** Goes on after faults, and only counts them. */
  readonly countOnly?: boolean;
  readonly say?: (line: string) => void;
}

export interface CrashResult {
  readonly faults: Faults;
  /** Publications that were acknowledged, and messages that came to subscribers. */
  readonly acknowledged: number;
  readonly delivered: number;
  /** QoS 1 messages that came more than once. */
  readonly repeated: number;
  /** Acknowledged messages that did not come to someone who was to get them. */
  readonly lost: number;
  /** As `lost`, of those that were acknowledged with `memory`. */
  readonly lostVolatile: number;
  readonly isSound: boolean;
  /** Kills before the broker listened. */
  readonly early: number;
}

const settleEvery = 10;
const earlyChance = 0.2;
const earlyMs = [50, 700] as const;
const lifeMs = [30, 1_200] as const;

export async function crashRun(options: CrashOptions): Promise<CrashResult> {
  const { victim, clock, seed, cycles, countOnly = false, say = () => {} } = options;
  const faults = new Faults();
  const random = new SeededRandom(seed);
  const context: StrandContext = { clock, random, faults };
  const traffic = new Traffic(context);
  const strands: Strand[] = [
    traffic,
    new RetainedStrand(context),
    new WillStrand(context),
    new ExpiryStrand(context),
  ];
  let early = 0;
  let isWanted = false;
  const begin = (): Life => {
    isWanted = false;
    const life = victim.start();
    void life.ended.then(error => {
      if (!isWanted) faults.add('the broker ended by itself', error.message);
    });
    return life;
  };
  const settle = async (life: Life): Promise<void> => {
    if (!(await listen(life, strands, faults))) return;
    await Promise.all(strands.map(strand => strand.settle()));
    say(
      `cycle ${faults.cycle}: ${traffic.ledger.acknowledged} acknowledged, ${faults.total} faults`,
    );
  };
  try {
    for (faults.cycle = 1; faults.cycle <= cycles; faults.cycle += 1) {
      const life = begin();
      if (random.chance(earlyChance)) {
        early += 1;
        await pause(clock, random.int(...earlyMs));
      } else if (await listen(life, strands, faults)) {
        await pause(clock, random.int(...lifeMs));
        if (faults.cycle % settleEvery === 0) {
          await Promise.all(strands.map(strand => strand.settle()));
          for (const strand of strands) strand.up(await life.listening);
          await pause(clock, random.int(...lifeMs));
        }
      }
      isWanted = true;
      await life.kill();
      for (const strand of strands) strand.down();
      if (faults.total > 0 && !countOnly) break;
    }
    const life = begin();
    await settle(life);
    for (const strand of strands) strand.close();
    isWanted = true;
    await life.stop();
  } finally {
    for (const strand of strands) strand.close();
    await victim.remove();
  }
  const { acknowledged, delivered, repeated, lostVolatile } = traffic.ledger;
  return {
    ...{ faults, acknowledged, delivered, repeated, lostVolatile, early },
    lost: faults.count(lost),
    isSound: faults.total === 0,
  };
}

async function listen(life: Life, strands: readonly Strand[], faults: Faults): Promise<boolean> {
  try {
    const port = await life.listening;
    for (const strand of strands) strand.up(port);
    return true;
  } catch (error) {
    faults.add('the broker did not start', (error as Error).message);
    return false;
  }
}
