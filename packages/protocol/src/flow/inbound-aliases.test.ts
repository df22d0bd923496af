import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../packet/protocol-error.ts';
import { InboundAliases } from './inbound-aliases.ts';

function refuses(reasonCode: number, run: () => unknown): void {
  assert.throws(run, error => error instanceof ProtocolError && error.reasonCode === reasonCode);
}

test('every alias from 1 to the maximum is accepted, and may be set again [MQTT-3.3.2-12]', () => {
  const aliases = new InboundAliases<string>(3);
  for (const alias of [3, 1, 2]) aliases.set(alias, `topic ${alias}`);
  aliases.set(2, 'another');
  assert.deepEqual(
    [aliases.get(1), aliases.get(2), aliases.get(3)],
    ['topic 1', 'another', 'topic 3'],
  );
});

test('alias 0, above the maximum, and never set', () => {
  const aliases = new InboundAliases<string>(3);
  refuses(0x94, () => aliases.set(0, 'a')); // [MQTT-3.3.2-8]
  refuses(0x94, () => aliases.set(4, 'a'));
  refuses(0x94, () => aliases.get(0));
  refuses(0x94, () => aliases.get(65_535));
  refuses(0x82, () => aliases.get(1));
});

test('maximum 0: none at all', () => {
  const aliases = new InboundAliases<string>(0);
  refuses(0x94, () => aliases.set(1, 'a'));
  refuses(0x94, () => aliases.get(1));
});
