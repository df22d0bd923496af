import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutboundAliases } from './outbound-aliases.ts';

function assign(aliases: OutboundAliases<string>, topic: string): string {
  const alias = aliases.assign(topic);
  if (alias === 0) return 'none';
  return aliases.isNew ? `new ${alias}` : `${alias}`;
}

test('a topic earns an alias by its second use', () => {
  const aliases = new OutboundAliases<string>(2);
  assert.equal(assign(aliases, 'a'), 'none');
  assert.equal(assign(aliases, 'a'), 'new 1');
  assert.equal(assign(aliases, 'a'), '1');
  assert.equal(assign(aliases, 'b'), 'none');
  assert.equal(assign(aliases, 'a'), '1');
  assert.equal(assign(aliases, 'b'), 'new 2');
});

test('an alias in use stays, one gone cold changes hands', () => {
  const aliases = new OutboundAliases<string>(2);
  for (const topic of ['a', 'a', 'b', 'b', 'c']) aliases.assign(topic);
  assert.equal(assign(aliases, 'c'), 'none'); // a was used: spared once
  assert.equal(assign(aliases, 'a'), '1'); // used again
  assert.equal(assign(aliases, 'c'), 'none'); // b was used: spared once
  assert.equal(assign(aliases, 'c'), 'none'); // a was used
  assert.equal(assign(aliases, 'c'), 'new 2'); // b was not
  assert.equal(assign(aliases, 'a'), '1');
  assert.equal(assign(aliases, 'b'), 'none');
});

test('topics used once each never get an alias, nor take one', () => {
  const aliases = new OutboundAliases<string>(2);
  for (const topic of ['a', 'a', 'b', 'b']) aliases.assign(topic);
  for (let at = 0; at < 1_000; at += 1) assert.equal(assign(aliases, `once ${at}`), 'none');
  assert.equal(assign(aliases, 'a'), '1');
  assert.equal(assign(aliases, 'b'), '2');
});

test('maximum 0: no aliases [MQTT-3.1.2-27]', () => {
  const aliases = new OutboundAliases<string>(0);
  for (let use = 0; use < 5; use += 1) assert.equal(assign(aliases, 'a'), 'none');
});

test('a forgotten topic starts anew', () => {
  const aliases = new OutboundAliases<string>(1);
  aliases.assign('a');
  assert.equal(assign(aliases, 'a'), 'new 1');
  aliases.forget('a'); // the PUBLISH that set it was not sent
  aliases.forget('unknown');
  assert.equal(assign(aliases, 'a'), 'none');
  assert.equal(assign(aliases, 'a'), 'new 1');
});

test('the receiver always knows what an alias stands for, within its maximum', () => {
  const use = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.boolean());
  fc.assert(
    fc.property(fc.array(use, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (uses, most) => {
      const aliases = new OutboundAliases<string>(most);
      const receiver = new Map<number, string>();
      for (const [topic, isSent] of uses) {
        const alias = aliases.assign(topic);
        assert(alias >= 0 && alias <= most);
        if (alias === 0) continue;
        if (!aliases.isNew) assert.equal(receiver.get(alias), topic);
        else if (isSent) receiver.set(alias, topic);
        else aliases.forget(topic);
      }
    }),
  );
});
