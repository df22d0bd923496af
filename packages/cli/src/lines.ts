/** Cuts a stream of bytes into lines, without looking at what else the bytes are. */

const newline = 0x0a;
/** As long as a packet of MQTT can be. */
const packetBytesMax = 268_435_455;

/**
 * Lines without their ends; the last one need not have one.
 * @throws RangeError for a line longer than `lineBytesMax`
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number = packetBytesMax,
): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      [parts, length, start] = [[], 0, end + 1];
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > lineBytesMax) {
      throw new RangeError(`a line is over ${lineBytesMax} bytes long`);
    }
  }
  if (length > 0) yield Buffer.concat(parts);
}
