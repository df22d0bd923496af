/** Turns a line of the JSON log into one for people: time, level, message, fields. */

const levelNames: Readonly<Record<number, string>> = {
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
};

/** Anything but these needs quotes, and so cannot forge a line of its own. */
const plain = /^[\w.:/@+-]+$/;

/** `2026-01-02T03:04:05.678Z INFO  message key=value` */
export function prettyLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const words = [String(time), levelNames[level as number] ?? String(level), String(msg)];
  for (const [name, value] of Object.entries(fields)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    words.push(`${name}=${plain.test(text) ? text : JSON.stringify(value)}`);
  }
  return `${words.join(' ')}\n`;
}
