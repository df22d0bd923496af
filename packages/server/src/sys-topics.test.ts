import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { Broker } from '@godwit/broker';
import { VirtualClock } from '@godwit/testkit';
import { SysTopics } from './sys-topics.ts';

test('what changed is published after each interval, retained', async () => {
  const clock = new VirtualClock();
  const broker = new Broker({ clock });
  const sys = new SysTopics(broker, clock);
  const value = (name: string): string | undefined => {
    const payload = broker.inspector.retainedMessage(`$SYS/broker/${name}`)?.payload;
    return payload === undefined ? undefined : new TextDecoder().decode(payload);
  };
  sys.start(10);
  match(value('version') ?? '', /^godwit version \d/);
  equal(value('uptime'), '0 seconds');
  equal(value('clients/connected'), '0');
  equal(value('load/publish/received/1min'), '0.00');
  broker.metrics.messagesReceived += 100;
  await clock.advance(10_000);
  equal(value('uptime'), '10 seconds');
  equal(value('publish/messages/received'), '100');
  // 600 a minute, of which a minute's average has 1 - e^(-1/6) after ten seconds
  equal(value('load/publish/received/1min'), '92.11');
  sys.stop();
  await clock.advance(60_000);
  equal(value('uptime'), '10 seconds');
});
