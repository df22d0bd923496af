import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { TestGroup } from '../testing/group-members.ts';
import {
  LeastInflight,
  type SharedStrategyName,
  StickyClient,
  StickyTopic,
  sharedStrategy,
  sharedStrategyNames,
} from './shared-strategy.ts';

const random = new SeededRandom(5);
const topics = Array.from({ length: 2_000 }, () => random.int(0, 2 ** 32 - 1));

suite('every strategy', () => {
  test('is made by its name, once for each group; other names are refused', () => {
    for (const name of sharedStrategyNames) {
      const make = sharedStrategy(name, 16);
      assert.notEqual(make(), make());
      const group = new TestGroup('abc', make());
      for (const id of 'ab') group.get(id).away();
      assert.equal(group.run(3), 'ccc', name);
      group.get('c').isReady = false;
      assert.equal(group.run(3), 'ccc', name);
      group.get('c').away();
      assert.notEqual(group.send(), '-', name);
    }
    assert.throws(() => sharedStrategy('random' as SharedStrategyName, 16), /sharedStrategy: exp/);
  });
});

suite('least-inflight', () => {
  test('the least loaded of those who keep up; in turn among equals', () => {
    const group = new TestGroup('abcd', new LeastInflight());
    const loads = { a: 5, b: 2, c: 1, d: 2 };
    for (const [id, load] of Object.entries(loads)) group.get(id).load = load;
    assert.equal(group.run(2), 'cc');
    group.get('c').isReady = false;
    assert.equal(group.run(4), 'dbdb');
    group.get('a').load = 0;
    assert.equal(group.run(2), 'aa');
  });

  test('idle members take turns', () => {
    assert.equal(new TestGroup('abc', new LeastInflight()).run(6), 'bcabca');
  });

  test('a slow member ends up with as many as the others, not more', () => {
    const group = new TestGroup('abc', new LeastInflight());
    for (let i = 0; i < 300; i += 1) {
      group.get(group.send()).load += 1;
      // a and b acknowledge at once, c never does
      for (const id of 'ab') group.get(id).load = 0;
    }
    assert.equal(group.get('c').load, 1);
  });
});

suite('sticky-client', () => {
  test('a publisher stays with its member, whoever joins or leaves beside it', () => {
    const group = new TestGroup('abc', new StickyClient(100));
    const chosen = new Map([...'uvwxyz'].map(id => [id, group.send(id)]));
    assert.deepEqual([...chosen.values()].sort().join(''), 'aabbcc');
    group.join('d');
    for (const [publisher, member] of chosen) assert.equal(group.send(publisher), member);
    group.leave('b');
    for (const [publisher, member] of chosen) {
      const now = group.send(publisher);
      if (member === 'b') assert.notEqual(now, 'b');
      else assert.equal(now, member);
      assert.equal(group.send(publisher), now);
    }
  });

  test('a busy member is helped out and keeps its publishers; one that went away loses them', () => {
    const group = new TestGroup('ab', new StickyClient(100));
    const member = group.get(group.send('p'));
    const other = member.clientId === 'a' ? 'b' : 'a';
    member.isReady = false;
    assert.equal(group.send('p'), other);
    member.isReady = true;
    assert.equal(group.send('p'), member.clientId);
    member.away();
    assert.equal(group.send('p'), other);
    member.isConnected = true;
    member.isReady = true;
    assert.equal(group.send('p'), other);
  });

  test('remembers so many publishers and no more: the first is forgotten', () => {
    const group = new TestGroup('abcd', new StickyClient(2));
    const [p, q] = [group.send('p'), group.send('q')];
    assert.equal(group.send('p'), p);
    assert.equal(group.send('q'), q);
    const r = group.send('r');
    assert.equal(group.send('r'), r);
    assert.equal(group.send('q'), q);
    assert.notEqual(group.send('p'), p);
  });
});

suite('sticky-topic', () => {
  test('a topic stays with its member, and members have about as many each', () => {
    const group = new TestGroup('abcdefgh', new StickyTopic());
    const counts = new Map<string, number>();
    for (const topic of topics) {
      const member = group.send('', topic);
      assert.equal(group.send('other', topic), member);
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    for (const count of counts.values()) assert.ok(count > 180 && count < 330, `${count}`);
    assert.equal(counts.size, 8);
  });

  test('of a large group it remembers whose a topic is, and sees who comes, goes or is busy', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `m${i}`);
    const remembering = new TestGroup(ids, new StickyTopic());
    const few = topics.slice(0, 300);
    for (let round = 0; round < 6; round += 1) {
      if (round === 2) remembering.leave('m7');
      if (round === 3) remembering.join('m40');
      if (round === 4) remembering.get('m3').isReady = false;
      if (round === 5) remembering.get('m3').isReady = true;
      // The definition: of a group that has just begun nothing can be remembered.
      const ready = [...remembering.members.values()].filter(({ isReady }) => isReady);
      const fresh = new TestGroup(
        ready.map(({ clientId }) => clientId),
        new StickyTopic(),
      );
      for (const topic of few) assert.equal(remembering.send('', topic), fresh.send('', topic));
    }
  });

  test('of a member that leaves only its own topics move; one that comes back has them again', () => {
    const group = new TestGroup('abcdefgh', new StickyTopic());
    const before = topics.map(topic => group.send('', topic));
    group.leave('c');
    const heirs = new Set<string>();
    for (const [i, topic] of topics.entries()) {
      const now = group.send('', topic);
      if (before[i] === 'c') heirs.add(now);
      else assert.equal(now, before[i]);
    }
    assert.equal([...heirs].sort().join(''), 'abdefgh');
    group.join('c');
    assert.deepEqual(
      topics.map(topic => group.send('', topic)),
      before,
    );
  });
});
