/** Our broker in this process, on memory streams and on virtual time: no case takes real time. */
import { scramCredential, scramMethod } from '@godwit/auth';
import { Broker, type BrokerOptions } from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { type Sut, unknownSut } from '../sut/sut.ts';
import type { Target } from '../target/target.ts';

const auth = { method: 'SCRAM-SHA-256', username: 'ada', password: 'lovelace' } as const;
const credential = await scramCredential(auth.password, { hash: 'SHA-256', iterations: 4096 });

/** What {@link brokerTarget} is, beyond what its CONNACK says. */
export const brokerSut: Sut = {
  ...unknownSut,
  name: 'Godwit in this process',
  auth,
  capabilities: { authentication: true, authorization: true },
};

const refusal = {
  reasonCode: ReasonCode.badUserNameOrPassword,
  reasonString: 'nobody is known by name',
} as const;

/** What a broker may be told to do without. */
export type BrokerTargetOptions = Pick<BrokerOptions, 'limits' | 'features'>;

/** A broker of its own, which knows nobody by name, and by SCRAM one user. */
export function brokerTarget(options: BrokerTargetOptions = {}): Target {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock.defer);
  const broker = new Broker({
    ...options,
    // A run makes a broker for each case: small ones.
    limits: { routeCacheEntries: 256, ...options.limits },
    clock,
    random: new SeededRandom(1),
    hooks: {
      authMethods: [
        scramMethod('SHA-256', username => (username === auth.username ? credential : undefined)),
      ],
      authenticate: ({ username }) => username === undefined || refusal,
      authorizePublish: (_client, { topic }) => !topic.endsWith('/forbidden'),
      authorizeSubscribe: (_client, { filter }) => !filter.endsWith('/hidden'),
    },
  });
  network.listen('broker', stream => broker.accept(stream));
  return {
    clock,
    open: async () => network.connect('broker'),
    advance: ms => clock.advance(ms),
    async close() {
      const closed = broker.close();
      await clock.advanceUntil(() => clock.timerCount === 0, broker.limits.closeGraceMs);
      await closed;
    },
  };
}
