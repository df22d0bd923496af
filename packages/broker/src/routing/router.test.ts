import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ProtocolError, parseTopicFilter, topicMatchesFilter } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import type { Session } from '../session/session.ts';
import { encodeMessage } from './encode-message.ts';
import type { Message } from './message.ts';
import type { Route } from './route.ts';
import { Router } from './router.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

/** A session that notes what it is offered. */
class Listener {
  readonly clientId: string;
  readonly isConnected: boolean = true;
  readonly subscriptions: Map<string, Subscription> = new Map();
  offered: Subscription[] = [];

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  readonly isReady: boolean = true;

  offer(_: Message, subscription: Subscription): void {
    this.offered.push(subscription);
  }

  take(_: Message, subscription: Subscription): boolean {
    this.offered.push(subscription);
    return true;
  }

  subscribe(router: Router, filter: string, options: Partial<SubscriptionOptions> = {}): void {
    const defaults = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
    const session = this as unknown as Session;
    const subscription = new Subscription(session, filter, { ...defaults, ...options }, null);
    this.subscriptions.set(filter, subscription);
    router.add(subscription);
  }

  unsubscribe(router: Router, filter: string): void {
    router.remove(this.subscriptions.get(filter)!);
    this.subscriptions.delete(filter);
  }
}

const payload = new Uint8Array(1);

function routeOf(router: Router, topic: string): Route {
  const bytes = new TextEncoder().encode(`<${topic}>`);
  return router.route(bytes, 1, bytes.length - 1);
}

function publish(router: Router, topic: string, publisher = ''): boolean {
  const message = encodeMessage({ topic, payload, qos: 0, retain: false }, publisher);
  return router.deliver(message, routeOf(router, topic));
}

suite('Router', () => {
  test('random subscriptions: each message goes to whom the definition of matching says', () => {
    const random = new SeededRandom(11);
    // A cache far smaller than the topics: routes are forgotten and found again all the time.
    const router = new Router(16, 5);
    const listeners = Array.from({ length: 12 }, (_, i) => new Listener(`c${i}`));
    const levels = ['', 'a', 'b', 'c', '$s'];
    const topicOf = (): string =>
      Array.from({ length: random.int(1, 4) }, () => random.pick(levels)).join('/') || '/';
    const filterOf = (): string => {
      const parts = topicOf()
        .split('/')
        .map(level => (random.chance(0.3) ? '+' : level));
      if (random.chance(0.3)) parts.push('#');
      return (random.chance(0.15) ? '$share/g/' : '') + parts.join('/');
    };
    let deliveries = 0;
    for (let step = 0; step < 6_000; step += 1) {
      const listener = random.pick(listeners);
      const draw = random.int(1, 100);
      if (draw <= 15) {
        const filter = filterOf();
        if (!listener.subscriptions.has(filter)) listener.subscribe(router, filter);
      } else if (draw <= 28 && listener.subscriptions.size > 0) {
        listener.unsubscribe(router, random.pick([...listener.subscriptions.keys()]));
      }
      const topic = topicOf();
      const isWanted = (filter: string): boolean => topicMatchesFilter(topic, filter);
      const groups = new Map<string, number>();
      let expected = 0;
      for (const { subscriptions } of listeners) {
        const parsed = [...subscriptions.keys()].map(filter => parseTopicFilter(filter)!);
        if (parsed.some(({ filter, share }) => share === null && isWanted(filter))) expected += 1;
        for (const { filter, share } of parsed) {
          if (share !== null && isWanted(filter)) groups.set(filter, 1);
        }
      }
      assert.equal(publish(router, topic), expected + groups.size > 0);
      let copies = 0;
      for (const one of listeners) {
        for (const { filter } of one.offered) assert(isWanted(parseTopicFilter(filter)!.filter));
        const plain = one.offered.filter(({ filter }) => !filter.startsWith('$share'));
        assert(plain.length <= 1, 'one copy for all plain subscriptions');
        copies += one.offered.length;
        one.offered = [];
      }
      assert.equal(copies, expected + groups.size, topic);
      deliveries += copies;
    }
    assert(deliveries > 5_000, 'the test has to deliver something');
  });

  test('a route that is held on to is right after refresh', () => {
    const router = new Router(16, 1);
    const listener = new Listener('c');
    const route = routeOf(router, 'a');
    assert.deepEqual(route.subscriptions, []);
    listener.subscribe(router, '+');
    router.refresh(route);
    assert.equal(route.subscriptions.length, 1);
    assert.equal(routeOf(router, 'a'), route);
    listener.unsubscribe(router, '+');
    router.refresh(route);
    assert.deepEqual(route.subscriptions, []);
  });

  test('a route is plain as long as messages go out as they came', () => {
    const router = new Router(16, 1);
    const listener = new Listener('c');
    const isPlain = (): boolean => routeOf(router, 'a').isPlain;
    assert.equal(isPlain(), true);
    listener.subscribe(router, 'a', { qos: 2, retainAsPublished: true });
    assert.equal(isPlain(), true);
    listener.subscribe(router, '#');
    assert.equal(isPlain(), true);
    const cases: readonly (readonly [filter: string, options: Partial<SubscriptionOptions>])[] = [
      ['+', { identifier: 1 }],
      ['+', { noLocal: true }],
      ['$share/g/a', {}],
    ];
    for (const [filter, options] of cases) {
      listener.subscribe(router, filter, options);
      assert.equal(isPlain(), false, filter);
      listener.unsubscribe(router, filter);
      assert.equal(isPlain(), true, filter);
    }
    const subscription = listener.subscriptions.get('a')!;
    const options = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
    router.replace(subscription, { ...options, noLocal: true });
    assert.equal(isPlain(), false);
    router.replace(subscription, { ...options, identifier: 7 });
    assert.equal(isPlain(), false);
    router.replace(subscription, options);
    assert.equal(isPlain(), true);
  });

  test('topics that one filter alone matches share its list, however many there are', () => {
    const router = new Router(16, 1);
    for (let i = 0; i < 1000; i += 1) new Listener(`${i}`).subscribe(router, '#');
    const first = routeOf(router, 'a');
    assert.equal(first.subscriptions.length, 1000);
    assert.equal(routeOf(router, 'b').subscriptions, first.subscriptions);
  });

  test('what overlaps is merged per session, the rest is left alone', () => {
    const router = new Router(16, 1);
    const [a, b] = [new Listener('a'), new Listener('b')];
    a.subscribe(router, 'x', { qos: 1, identifier: 1 });
    a.subscribe(router, '+', { qos: 2 });
    a.subscribe(router, '#', { identifier: 3 });
    b.subscribe(router, '#');
    publish(router, 'x');
    assert.equal(a.offered[0].qos, 2);
    assert.equal(a.offered[0].identifiers?.length, 4);
    assert.deepEqual(b.offered, [b.subscriptions.get('#')]);
  });

  test('No Local counts for the publisher alone [MQTT-3.8.3-3]', () => {
    const router = new Router(16, 1);
    const [a, b] = [new Listener('a'), new Listener('b')];
    for (const one of [a, b]) one.subscribe(router, 'x', { noLocal: true });
    assert.equal(publish(router, 'x', 'a'), true);
    assert.deepEqual([a.offered.length, b.offered.length], [0, 1]);
    b.unsubscribe(router, 'x');
    assert.equal(publish(router, 'x', 'a'), false);
    assert.equal(publish(router, 'x', ''), true);
  });

  test('the bytes of a topic may change once its route is made, whatever holds them', () => {
    const router = new Router(16, 1);
    const bytes = Buffer.from('abc');
    const route = router.route(bytes, 0, 3);
    bytes.write('xyz');
    assert.equal(routeOf(router, 'abc'), route);
    assert.equal(router.route(bytes, 0, 3).topic, 'xyz');
  });

  test('what is no topic name has no route, however often it is asked for', () => {
    const router = new Router(16, 1);
    for (const topic of ['', '+', 'a/#', 'a\0']) {
      for (let i = 0; i < 2; i += 1) assert.throws(() => routeOf(router, topic), ProtocolError);
    }
  });

  test('subscriptions that went leave nothing behind', () => {
    const router = new Router(16, 1);
    const listener = new Listener('c');
    for (let i = 0; i < 20_000; i += 1) {
      const filter = i % 2 === 0 ? `a/${i}/+` : `$share/g${i}/b/${i}`;
      listener.subscribe(router, filter);
      listener.unsubscribe(router, filter);
    }
    assert.equal(publish(router, 'a/2/x'), false);
    listener.subscribe(router, '#');
    assert.deepEqual(routeOf(router, 'b/1').groups, []);
  });
});
