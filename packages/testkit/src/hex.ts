/** Bytes as a test writes and reads them: hexadecimal, with comments. */

/**
 * Bytes from hexadecimal pairs; blanks are free, `#` begins a comment to the end of the line.
 *
 * ```ts
 * bytes`
 *   30 07       # PUBLISH, QoS 0, Remaining Length 7
 *   00 03 61 2f 62  # topic "a/b"
 *   68 69       # payload "hi"
 * `
 * ```
 * In the tagged form a value may be put in: a number is one byte, an array of numbers or a
 * `Uint8Array` its bytes, a string its UTF-8.
 *
 * @throws TypeError for anything else
 */
export function bytes(
  source: string | TemplateStringsArray,
  ...values: (number | string | Iterable<number>)[]
): Uint8Array {
  const texts = typeof source === 'string' ? [source] : source.raw;
  const text = texts.reduce((before, after, index) => before + inHex(values[index - 1]) + after);
  const digits = text.replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new TypeError(`not whole bytes in hexadecimal: ${digits}`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}

function inHex(value: number | string | Iterable<number>): string {
  if (typeof value === 'string') return hex(new TextEncoder().encode(value));
  const values = typeof value === 'number' ? [value] : [...value];
  for (const byte of values) {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) {
      throw new TypeError(`${byte} is not a byte`);
    }
  }
  return hex(values);
}

/** `10 0c 00`; what `bytes` reads. */
export function hex(values: Iterable<number>): string {
  return Array.from(values, value => value.toString(16).padStart(2, '0')).join(' ');
}

const rowBytes = 16;

/**
 * Offset, hexadecimal and ASCII in rows of 16 bytes; at most `bytesMax` (256 by default), then how
 * many more there are.
 */
export function hexDump(values: Uint8Array, bytesMax: number = 256): string {
  const rows: string[] = [];
  const shown = values.subarray(0, bytesMax);
  for (let offset = 0; offset < shown.length; offset += rowBytes) {
    const row = shown.subarray(offset, offset + rowBytes);
    const ascii = Array.from(row, byte =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    ).join('');
    const address = offset.toString(16).padStart(4, '0');
    rows.push(`${address}  ${hex(row).padEnd(rowBytes * 3 - 1)}  ${ascii}`);
  }
  if (values.length > shown.length) rows.push(`… ${values.length - shown.length} more bytes`);
  return rows.join('\n');
}
