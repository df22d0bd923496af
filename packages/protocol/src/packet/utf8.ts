/**
 * UTF-8 as MQTT wants it: strict, without U+0000, at most 65,535 bytes. Noncharacters, control
 * characters and a byte order mark are text like any other and pass unchanged.
 */

/** The longest UTF-8 string that a two-byte length can announce. */
const maximumStringBytes = 65_535;

/** Up to here a loop over the characters beats TextDecoder and TextEncoder. */
const shortLength = 32;

/** One array per length, so that `fromCharCode` is called without making a new one. */
const characterCodes: number[][] = Array.from({ length: shortLength + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);

// [MQTT-1.5.4-3] EF BB BF is U+FEFF, never stripped
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Whether `bytes[start..end)` is well-formed UTF-8 without U+0000: no surrogates, no overlong
 * forms, nothing above U+10FFFF. Allocates nothing.
 */
export function validateUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const first = bytes[at];
    if (first < 0x80) {
      if (first === 0) return false; // [MQTT-1.5.4-2]
      at += 1;
      continue;
    }
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return false; // [MQTT-1.5.4-1]
    at += length;
  }
  return true;
}

/** Length of the well-formed sequence of two to four bytes at `at`; 0 when it is ill-formed. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  if (first < 0xc2 || at + 1 >= end) return 0;
  const second = bytes[at + 1];
  if (first < 0xe0) return isContinuation(second) ? 2 : 0;
  if (first < 0xf0) {
    if (at + 2 >= end || !isContinuation(bytes[at + 2])) return 0;
    const lowest = first === 0xe0 ? 0xa0 : 0x80; // below: overlong
    const highest = first === 0xed ? 0x9f : 0xbf; // above: surrogates
    return second >= lowest && second <= highest ? 3 : 0;
  }
  if (first > 0xf4 || at + 3 >= end) return 0;
  if (!isContinuation(bytes[at + 2]) || !isContinuation(bytes[at + 3])) return 0;
  const lowest = first === 0xf0 ? 0x90 : 0x80; // below: overlong
  const highest = first === 0xf4 ? 0x8f : 0xbf; // above: past U+10FFFF
  return second >= lowest && second <= highest ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The text of `bytes[start..end)`, which {@link validateUtf8} must have accepted. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length <= shortLength) {
    const codes = characterCodes[length];
    let index = 0;
    while (index < length) {
      const byte = bytes[start + index];
      if (byte > 0x7f) break;
      codes[index] = byte;
      index += 1;
    }
    if (index === length) return String.fromCharCode(...codes);
  }
  return decoder.decode(bytes.subarray(start, end));
}

/**
 * Bytes that `value` takes as UTF-8.
 * @throws RangeError for a lone surrogate, for U+0000, and above 65,535 bytes
 */
export function utf8Length(value: string): number {
  const units = value.length;
  // no string has fewer bytes than UTF-16 units
  if (units > maximumStringBytes) throw tooLong();
  let length = units;
  for (let index = 0; index < units; index += 1) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) {
      if (unit === 0) throw new RangeError('a string holds U+0000, which MQTT does not allow');
    } else if (unit < 0x800) {
      length += 1;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      length += 2;
    } else {
      if (unit > 0xdbff || !isLowSurrogate(value.charCodeAt(index + 1))) {
        throw new RangeError('a string holds a lone surrogate, which has no UTF-8 form');
      }
      index += 1;
      length += 2;
    }
  }
  if (length > maximumStringBytes) throw tooLong();
  return length;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function tooLong(): RangeError {
  return new RangeError(`a string is longer than ${maximumStringBytes} bytes of UTF-8`);
}

/**
 * Writes `value`, which {@link utf8Length} must have measured, at offset `at` of `into`.
 * @returns the offset after it
 */
export function writeUtf8(into: Uint8Array, at: number, value: string): number {
  const units = value.length;
  let index = 0;
  if (units <= shortLength) {
    while (index < units) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) break;
      into[at + index] = unit;
      index += 1;
    }
    if (index === units) return at + units;
  }
  const rest = index === 0 ? value : value.slice(index);
  return at + index + encoder.encodeInto(rest, into.subarray(at + index)).written;
}
