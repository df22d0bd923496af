/** A broker on a hand engine, and what comes after it when it dies. */
import type { ConnectPacket } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import type { BrokerOptions } from '../broker-options.ts';
import { HandEngine } from './hand-engine.ts';
import { subscribe, type TestBroker, testBroker } from './test-broker.ts';

type Options = Omit<BrokerOptions, 'clock' | 'random' | 'engine'>;

export interface DurableWorld extends TestBroker {
  readonly engine: HandEngine;
  /** All that was asked for is durable, and all that follows from it has happened. */
  sync(): Promise<void>;
  /** A client with a session that outlasts connections; subscribed durably, if it is to be. */
  lasting(connect?: Partial<ConnectPacket>, filter?: string): Promise<RawClient>;
  /**
   * The broker dies, and after `downMs` another one takes over what was durable.
   * @param isAtOnce before what is under way goes on
   */
  crash(downMs?: number, isAtOnce?: boolean): Promise<DurableWorld>;
}

/** @param isAutomatic all that is asked for is durable at once */
export async function durableWorld(
  options: Options = {},
  isAutomatic = false,
): Promise<DurableWorld> {
  return await worldOf(options, new HandEngine(isAutomatic));
}

async function worldOf(
  options: Options,
  engine: HandEngine,
  clock?: TestBroker['clock'],
): Promise<DurableWorld> {
  const test = testBroker({ ...options, engine }, clock);
  await test.settle();
  const sync = async (): Promise<void> => {
    await test.settle();
    engine.sync();
    await test.settle();
  };
  return {
    ...test,
    engine,
    sync,
    async lasting(connect, filter) {
      const properties = { sessionExpiryInterval: 3600, ...connect?.properties };
      const client = await test.connected({
        clientId: 'lasting',
        cleanStart: false,
        ...connect,
        properties,
      });
      if (filter !== undefined) {
        const subscribed = subscribe(client, filter);
        await sync();
        await subscribed;
      }
      return client;
    },
    async crash(downMs = 0, isAtOnce = false) {
      if (!isAtOnce) await test.settle();
      const next = engine.crash();
      await test.clock.advance(downMs);
      return worldOf(options, next, test.clock);
    },
  };
}
