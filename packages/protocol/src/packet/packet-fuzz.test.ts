import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FrameReader } from './frame.ts';
import { decodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ProtocolError } from './protocol-error.ts';
import { PublishView } from './publish-view.ts';
import { samplesOf } from './testing/packet-samples.ts';

/** A xorshift generator: the same numbers for the same seed, on every machine. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }
}

/** Bytes that matter: bounds of lengths, property identifiers, UTF-8 lead bytes. */
const interesting = [0x00, 0x01, 0x02, 0x0b, 0x1f, 0x23, 0x26, 0x7f, 0x80, 0xc0, 0xed, 0xff];

/** A stream of one or two packets, changed in a few places. */
function mutant(numbers: Numbers, corpus: readonly Uint8Array[]): Uint8Array {
  const first = corpus[numbers.below(corpus.length)];
  const second = numbers.below(4) === 0 ? corpus[numbers.below(corpus.length)] : new Uint8Array(0);
  let bytes: Uint8Array = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  for (let changes = 1 + numbers.below(3); changes > 0; changes -= 1) {
    const at = numbers.below(bytes.length);
    switch (numbers.below(6)) {
      case 0:
        bytes[at] = numbers.below(256);
        break;
      case 1:
        bytes[at] ^= 1 << numbers.below(8);
        break;
      case 2:
        bytes[at] = interesting[numbers.below(interesting.length)];
        break;
      case 3: // cut, with a Remaining Length that still fits when it is one byte
        bytes = bytes.slice(0, Math.max(2, at));
        if (bytes[1] < 0x80) bytes[1] = Math.min(0x7f, bytes.length - 2);
        break;
      case 4: // a run copied elsewhere: repeated properties, shifted fields
        bytes.copyWithin(at, numbers.below(bytes.length), bytes.length);
        break;
      default: // a length one off
        bytes[at] += numbers.below(2) === 0 ? 1 : -1;
    }
  }
  return bytes;
}

/** What one decoder says of a packet: 0 for accepted, else the reason code. */
function verdict(decode: () => unknown): number {
  try {
    decode();
    return 0;
  } catch (error) {
    if (error instanceof ProtocolError) return error.reasonCode;
    throw error;
  }
}

suite('mutated packets', () => {
  const inputs = 100_000 / 3;
  for (const version of [3, 4, 5] as ProtocolVersion[]) {
    test(`version ${version}: a packet or a ProtocolError, and PublishView agrees`, () => {
      const corpus = samplesOf(version).map(sample => sample.bytes);
      const numbers = new Numbers(0x9e3779b9 + version);
      const view = new PublishView();
      let accepted = 0;
      let refused = 0;
      for (let input = 0; input < inputs; input += 1) {
        const bytes = mutant(numbers, corpus);
        const reader = new FrameReader(1000);
        reader.version = version;
        reader.push(bytes);
        try {
          while (reader.next()) {
            const { header, bodyStart, end } = reader;
            const code = verdict(() => decodePacket(bytes, header, bodyStart, end, version));
            if (code === 0) accepted += 1;
            else refused += 1;
            if (header >> 4 === PacketType.publish) {
              const viewed = verdict(() => view.read(bytes, header, bodyStart, end, version));
              // the view leaves the topic to others and may meet a later fault first
              assert.equal(viewed === 0 || code !== 0, true, `${viewed} but ${code}`);
            }
          }
        } catch (error) {
          assert.ok(
            error instanceof ProtocolError,
            `${error} for ${Buffer.from(bytes).toString('hex')}`,
          );
          refused += 1;
        }
        assert.ok(reader.carriedBytes <= bytes.length);
      }
      // both must have been well exercised
      assert.ok(accepted > inputs / 20, `${accepted} accepted`);
      assert.ok(refused > inputs / 5, `${refused} refused`);
    });
  }
});
