import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { encodePacket, PacketType } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { PacketTap, type TappedPacket } from './packet-tap.ts';

function tap(): { seen: TappedPacket[]; push: (chunk: Uint8Array) => void } {
  const seen: TappedPacket[] = [];
  const packetTap = new PacketTap({ version: 5 }, tapped => void seen.push(tapped));
  return { seen, push: chunk => packetTap.push(chunk) };
}

test('sees every packet of a chunk, and one that is spread over chunks', () => {
  const { seen, push } = tap();
  push(bytes`c0 00 40 03 00 07 10 40`);
  push(bytes`02 00`);
  push(bytes`08`);
  deepEqual(
    seen.map(({ packet }) => packet?.type),
    [PacketType.pingreq, PacketType.puback, PacketType.puback],
  );
  equal(hex(seen[2].bytes), '40 02 00 08');
});

test('goes by the version in CONNECT', () => {
  const { seen, push } = tap();
  const connect = { type: PacketType.connect, cleanStart: true, keepAlive: 0 } as const;
  push(encodePacket({ ...connect, protocolVersion: 4, clientId: 'a' }, 4)!);
  push(bytes`90 03 00 01 00`);
  deepEqual(seen[1].packet, { type: PacketType.suback, packetId: 1, reasonCodes: [0] });
});

test('what does not decode is seen as bytes, and what is no packet as all that follows', () => {
  const { seen, push } = tap();
  push(bytes`40 02 00 00`);
  push(bytes`c0 00 f1`);
  push(bytes`00 c0 00`);
  deepEqual(
    seen.map(tapped => [hex(tapped.bytes), tapped.packet?.type]),
    [
      ['40 02 00 00', undefined],
      ['c0 00', PacketType.pingreq],
      ['f1 00 c0 00', undefined],
    ],
  );
});
