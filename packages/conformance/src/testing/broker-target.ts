/** Our broker in this process, on memory streams and on virtual time: no case takes real time. */
import { Broker } from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { type Sut, unknownSut } from '../sut/sut.ts';
import type { Target } from '../target/target.ts';

/** What {@link brokerTarget} is, beyond what its CONNACK says. */
export const brokerSut: Sut = {
  ...unknownSut,
  name: 'Godwit in this process',
  capabilities: { authentication: true },
};

/** A broker of its own, which knows nobody by name. */
export function brokerTarget(): Target {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock.defer);
  const broker = new Broker({
    clock,
    random: new SeededRandom(1),
    hooks: {
      authenticate: ({ username }) =>
        username === undefined || { reasonCode: ReasonCode.badUserNameOrPassword },
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
