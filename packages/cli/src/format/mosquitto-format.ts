/**
 * The format strings of `mosquitto_sub -F`, compiled once and applied to each message: `%` stands
 * for parts of the message, `@` for parts of the time it came, `\` for characters that are hard to
 * type. What is wrong with a format is told before anything is received.
 */
import type { Message } from '@godwit/client';
import { UsageError } from '../usage-error.ts';
import { expirySeconds, mosquittoObject } from './message-json.ts';
import { localTime, timeFields } from './strftime.ts';

type Part = string | Uint8Array;
type Parts = (message: Message, wallMs: number) => Part[];

/** `%[-][0][width][.precision]letter` */
interface Field {
  readonly isLeft: boolean;
  readonly isZeroPadded: boolean;
  readonly width: number;
  readonly precision: number;
}

/** Numbers are padded with zeros on request, texts are cut to the precision, bytes are neither. */
interface Letter {
  readonly kind: 'number' | 'text' | 'bytes' | 'plain';
  read(message: Message, wallMs: number): Part | number | undefined;
}

const widthMax = 10_000;

const letters: Readonly<Record<string, Letter>> = {
  // this client allows the server no aliases, so that no message has one
  A: { kind: 'number', read: () => undefined },
  C: { kind: 'text', read: message => message.contentType },
  D: { kind: 'plain', read: message => message.correlationData },
  E: { kind: 'number', read: message => expirySeconds(message) },
  F: { kind: 'number', read: message => message.payloadFormatIndicator },
  I: { kind: 'text', read: (_, wallMs) => localTime('%Y-%m-%dT%H:%M:%S%z', wallMs) },
  l: { kind: 'number', read: message => message.payload.length },
  P: {
    kind: 'plain',
    read: ({ userProperties }) => userProperties.map(pair => pair.join(':')).join(' '),
  },
  p: { kind: 'bytes', read: message => message.payload },
  q: { kind: 'plain', read: message => message.qos },
  R: { kind: 'text', read: message => message.responseTopic },
  r: { kind: 'plain', read: message => (message.retain ? 1 : 0) },
  S: { kind: 'number', read: message => message.subscriptionIds[0] },
  t: { kind: 'text', read: message => message.topic },
  U: { kind: 'plain', read: (_, wallMs) => localTime('%s.%N', wallMs) },
  X: { kind: 'number', read: message => hex(message).toUpperCase() },
  x: { kind: 'number', read: message => hex(message) },
  '%': { kind: 'plain', read: () => '%' },
};

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  0: '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const sequence =
  /%(?<flags>[-0]*)(?<width>\d*)(?:\.(?<precision>\d+))?(?<letter>.?)|@(?<time>.?)|\\(?<escaped>.?)/gsu;

/**
 * @param isPretty `%j` and `%J` over several lines
 * @throws UsageError for what is no format
 */
export function mosquittoFormat(format: string, isPretty: boolean): Parts {
  const parts: ((message: Message, wallMs: number) => Part)[] = [];
  let end = 0;
  for (const found of format.matchAll(sequence)) {
    const literal = format.slice(end, found.index);
    if (literal !== '') parts.push(() => literal);
    parts.push(partOf(found, isPretty));
    end = found.index + found[0].length;
  }
  const rest = format.slice(end);
  if (rest !== '') parts.push(() => rest);
  return (message, wallMs) => parts.map(part => part(message, wallMs));
}

function partOf(found: RegExpMatchArray, isPretty: boolean): (m: Message, t: number) => Part {
  const { flags = '', width = '', precision, letter, time, escaped } = found.groups ?? {};
  if (escaped !== undefined) {
    const text = Object.hasOwn(escapes, escaped) ? escapes[escaped] : refuse(found[0]);
    return () => text;
  }
  if (time === '@') return () => '@';
  if (time !== undefined) {
    if (!timeFields.has(time)) refuse(found[0]);
    return (_, wallMs) => localTime(`%${time}`, wallMs);
  }
  if (letter === 'j' || letter === 'J') return jsonPart(letter === 'J', isPretty);
  if (letter === undefined || !Object.hasOwn(letters, letter)) return refuse(found[0]);
  const field: Field = {
    isLeft: flags.includes('-'),
    isZeroPadded: flags.includes('0') && !flags.includes('-'),
    width: Math.min(Number(width), widthMax),
    precision: precision === undefined ? Number.POSITIVE_INFINITY : Number(precision),
  };
  return fieldPart(letters[letter], field);
}

function fieldPart({ kind, read }: Letter, field: Field): (m: Message, t: number) => Part {
  const { isLeft, isZeroPadded, width, precision } = field;
  return (message, wallMs) => {
    const value = read(message, wallMs) ?? '';
    if (value instanceof Uint8Array) {
      const blanks = kind === 'bytes' ? ' '.repeat(Math.max(0, width - value.length)) : '';
      const parts = isLeft ? [value, Buffer.from(blanks)] : [Buffer.from(blanks), value];
      return blanks === '' ? value : Buffer.concat(parts);
    }
    const text = String(value);
    if (kind === 'plain') return text;
    const cut = kind === 'text' ? text.slice(0, precision) : text;
    if (isLeft) return cut.padEnd(width);
    return cut.padStart(width, isZeroPadded && kind === 'number' ? '0' : ' ');
  };
}

function jsonPart(isPayloadJson: boolean, isPretty: boolean): (m: Message, t: number) => string {
  return (message, wallMs) => {
    const indent = isPretty ? 2 : undefined;
    try {
      const object = mosquittoObject(message, wallMs, isPayloadJson);
      return JSON.stringify(object, undefined, indent);
    } catch {
      process.stderr.write(`godwit sub: the payload on ${message.topic} is not JSON\n`);
      return '';
    }
  };
}

function hex({ payload }: Message): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('hex');
}

function refuse(text: string): never {
  const known = `%${Object.keys(letters).join(' %')} %j %J, @ and a letter of strftime, \\`;
  const typed = Object.keys(escapes).join(' \\');
  throw new UsageError(`-F: ${JSON.stringify(text)} means nothing; expected ${known}${typed}`);
}
