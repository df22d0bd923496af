/** The properties of MQTT 5.0 that `-D` sets, by packet and by the specification's names. */
import type {
  ClientOptions,
  CloseOptions,
  PublishInit,
  SubscribeInit,
  WillOptions,
} from '@godwit/client';
import type { UserProperty } from '@godwit/protocol';
import { InvalidArgumentError } from 'commander';
import { integer, sessionExpiryMs } from './numbers.ts';

/** One `-D`, word by word. */
export interface PropertyWords {
  readonly command: string;
  readonly identifier: string;
  readonly values: readonly string[];
}

/** What all `-D` of a command line amount to. */
export interface PropertySets {
  connect: Pick<
    ClientOptions,
    'session' | 'receiveMaximum' | 'maximumPacketSize' | 'userProperties'
  >;
  publish: PublishInit;
  subscribe: Pick<SubscribeInit, 'userProperties'>;
  disconnect: Pick<CloseOptions, 'sessionExpiryMs'>;
  will: Partial<WillOptions>;
}

export function noProperties(): PropertySets {
  return { connect: {}, publish: {}, subscribe: {}, disconnect: {}, will: {} };
}

type Table<T> = Readonly<Record<string, (target: T, text: string) => void>>;

const uint16 = integer(1, 0xffff);
const uint32 = integer(0, 0xffff_ffff);

const messageTable: Table<PublishInit> = {
  'content-type': (message, text) => {
    message.contentType = text;
  },
  'correlation-data': (message, text) => {
    message.correlationData = new TextEncoder().encode(text);
  },
  'message-expiry-interval': (message, text) => {
    message.expiryMs = uint32(text) * 1000;
  },
  'payload-format-indicator': (message, text) => {
    message.payloadFormatIndicator = integer(0, 1)(text) as 0 | 1;
  },
  'response-topic': (message, text) => {
    message.responseTopic = text;
  },
};

const tables: { readonly [C in keyof PropertySets]: Table<PropertySets[C]> } = {
  connect: {
    'maximum-packet-size': (options, text) => {
      options.maximumPacketSize = integer(1, 0xffff_ffff)(text);
    },
    'receive-maximum': (options, text) => {
      options.receiveMaximum = uint16(text);
    },
    'session-expiry-interval': (options, text) => {
      options.session = { expiryMs: sessionExpiryMs(text) };
    },
  },
  publish: messageTable,
  subscribe: {},
  disconnect: {
    'session-expiry-interval': (options, text) => {
      options.sessionExpiryMs = sessionExpiryMs(text);
    },
  },
  will: {
    ...messageTable,
    'will-delay-interval': (will, text) => {
      will.delayMs = uint32(text) * 1000;
    },
  },
};

const userProperty = 'user-property';

/** Adds one `-D` to what earlier ones have set. @throws InvalidArgumentError */
export function addProperty(sets: PropertySets, words: PropertyWords): void {
  const command = words.command.toLowerCase();
  if (!Object.hasOwn(tables, command)) {
    refuse(`${JSON.stringify(words.command)} has no properties here`, Object.keys(tables));
  }
  add(sets, command as keyof PropertySets, words);
}

function add<C extends keyof PropertySets>(
  sets: PropertySets,
  command: C,
  { identifier, values }: PropertyWords,
): void {
  const target: PropertySets[C] = sets[command];
  const table = tables[command];
  const [value] = values;
  if (identifier === userProperty && command !== 'disconnect') {
    if (values.length !== 2) refuse(`${userProperty} has no value`, ['a name and a value']);
    const owner = target as { userProperties?: readonly UserProperty[] };
    owner.userProperties = [...(owner.userProperties ?? []), [values[0], values[1]]];
  } else if (!Object.hasOwn(table, identifier)) {
    const names = [...Object.keys(table), ...(command === 'disconnect' ? [] : [userProperty])];
    refuse(`${command} has no property ${JSON.stringify(identifier)} here`, names);
  } else if (value === undefined) refuse(`${identifier} has no value`, ['one']);
  else table[identifier](target, value);
}

function refuse(what: string, expected: readonly string[]): never {
  throw new InvalidArgumentError(`${what}; expected ${expected.join(', ')}.`);
}
