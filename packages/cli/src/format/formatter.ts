/** Chooses how `sub` prints a message, from its options. */
import type { Message } from '@godwit/client';
import type { Clock } from '@godwit/runtime';
import { UsageError } from '../usage-error.ts';
import { messageObject } from './message-json.ts';
import { mosquittoFormat } from './mosquitto-format.ts';

export interface OutputValues {
  readonly format?: string;
  readonly output?: 'json';
  readonly pretty?: boolean;
  readonly verbose?: boolean;
  readonly omitNewline?: boolean;
}

/** The bytes to print for a message that has just come. */
export type Formatter = (message: Message) => Uint8Array;

/** @throws UsageError for a format that cannot be read, or options that do not go together */
export function formatterOf(values: OutputValues, clock: Clock): Formatter {
  const { format, output, pretty = false, verbose = false, omitNewline = false } = values;
  if (format !== undefined && output !== undefined) {
    throw new UsageError('-F and -o exclude each other');
  }
  const end = omitNewline ? '' : '\n';
  if (format !== undefined) {
    const parts = mosquittoFormat(format, pretty);
    return message => joined([...parts(message, clock.wallMs()), end]);
  }
  if (output === 'json') {
    const indent = pretty ? 2 : undefined;
    return message => {
      const object = messageObject(message, clock.wallMs());
      return joined([JSON.stringify(object, undefined, indent), end]);
    };
  }
  if (verbose) {
    // as Mosquitto does it
    return ({ topic, payload }) => joined([topic, ' ', payload.length ? payload : '(null)', end]);
  }
  return ({ payload }) => joined([payload, end]);
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)));
}
