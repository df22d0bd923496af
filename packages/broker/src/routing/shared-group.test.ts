import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { TestGroup } from '../testing/group-members.ts';
import { LeastInflight } from './shared-strategy.ts';

function sorted(text: string): string {
  return [...text].sort().join('');
}

suite('SharedGroup', () => {
  test('members take turns', () => {
    assert.equal(new TestGroup('abc').run(7), 'bcabcab');
  });

  test('a group of one, and of none', () => {
    const group = new TestGroup('a');
    assert.equal(group.run(3), 'aaa');
    const { subscription } = group.get('a');
    group.leave('a');
    assert.equal(group.run(2), '--');
    group.group.remove(subscription);
    assert.equal(group.group.members.length, 0);
  });

  test('who keeps up comes before who is busy, and that before who is away', () => {
    const group = new TestGroup('abcd');
    group.get('a').isReady = false;
    group.get('b').away();
    assert.equal(sorted(group.run(4)), 'ccdd');
    group.get('c').isReady = false;
    group.get('d').away();
    assert.equal(sorted(group.run(4)), 'aacc');
    group.get('a').away();
    group.get('c').away();
    assert.equal(sorted(group.run(8)), 'aabbccdd');
  });

  test('one that cannot take it is passed over, and each is asked once', () => {
    const group = new TestGroup('abcdef');
    for (const member of group.members.values()) member.takes = false;
    group.get('b').isReady = false;
    group.get('c').away();
    assert.equal(group.send(), '-');
    for (const { offers } of group.members.values()) assert.equal(offers, 1);
    group.get('c').takes = true;
    assert.equal(group.send(), 'c');
    group.get('b').takes = true;
    assert.equal(group.send(), 'b');
    group.get('f').takes = true;
    assert.equal(group.run(3), 'fff');
  });

  test('who stands in for another has had its turn', () => {
    const group = new TestGroup('abc');
    group.get('b').takes = false;
    assert.equal(group.run(6), 'cacaca');
  });

  test('the one to be left out is not asked, whatever the strategy says', () => {
    const group = new TestGroup('ab');
    const except = group.get('b').asSession();
    for (let i = 0; i < 3; i += 1) assert.equal(group.send('', 0, except), 'a');
    group.get('a').takes = false;
    assert.equal(group.send('', 0, except), '-');
    assert.equal(group.get('b').offers, 0);
    const loaded = new TestGroup('ab', new LeastInflight());
    loaded.get('b').load = 1;
    loaded.get('a').takes = false;
    assert.equal(loaded.send('', 0, loaded.get('b').asSession()), '-');
    assert.equal(loaded.get('b').offers, 0);
  });

  test('however members come and go, each knows its place and all share evenly (seed 4)', () => {
    const random = new SeededRandom(4);
    const group = new TestGroup('ab');
    for (let round = 0; round < 300; round += 1) {
      const ids = [...group.members.keys()];
      if (ids.length > 1 && random.int(0, 2) === 0) group.leave(random.pick(ids));
      else if (ids.length < 20) group.join(`m${round}`);
      const { members, hashes } = group.group;
      assert.equal(members.length, group.members.size);
      assert.equal(hashes.length, members.length);
      for (const [at, { position }] of members.entries()) assert.equal(position, at);
      group.taken.length = 0;
      group.run(members.length * 2);
      const expected = [...group.members.keys()].flatMap(id => [id, id]);
      assert.deepEqual(group.taken.toSorted(), expected.sort());
    }
  });

  test('a hundred thousand members leave at once, in any order', () => {
    const group = new TestGroup([]);
    const ids = Array.from({ length: 100_000 }, (_, i) => `${i}`);
    for (const id of ids) group.join(id);
    for (const id of new SeededRandom(2).shuffle(ids)) group.leave(id);
    assert.equal(group.group.members.length, 0);
  });
});
