/** Every field of a client's packets that is a string, and how to send it with any bytes in it. */
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import { connectBytes } from './connect-bytes.ts';
import { packetBytes, prefixed, propertyBlock, propertyId } from './packet-bytes.ts';

export interface StringField {
  /** Goes with 'in'. */
  readonly name: string;
  /** It is a property: 5.0 only. */
  readonly isProperty: boolean;
  /** It is half of a string pair. */
  readonly isPair?: boolean;
  /** It is in CONNECT; otherwise the client is connected. */
  readonly isConnect: boolean;
  /** Sends a packet that has the text in this field, and is right but for that. */
  send(t: CaseContext, client: CaseClient, text: Uint8Array): Promise<void> | void;
}

type Build = (t: CaseContext, text: Uint8Array) => Uint8Array;

/** A property's bytes, with the text in its string. */
type Property = (text: Uint8Array) => Uint8Array;

const flagsOfUserName = 0x82;
const flagsOfWill = 0x06;

function stringProperty(id: number): Property {
  return text => bytes`${id} ${prefixed(text)}`;
}

const nameOfPair: Property = text => bytes`
  ${propertyId.userProperty} ${prefixed(text)} ${prefixed('value')}
`;
const valueOfPair: Property = text => bytes`
  ${propertyId.userProperty} ${prefixed('name')} ${prefixed(text)}
`;

function connectField(name: string, build: Build): StringField {
  return {
    name: `${name} of CONNECT`,
    isProperty: false,
    isConnect: true,
    send: (t, client, text) => client.send(build(t, text)),
  };
}

function acknowledgementBytes(
  firstByte: number,
  packetId: number,
  property: Uint8Array,
): Uint8Array {
  const head = [packetId >> 8, packetId & 0xff, 0];
  return packetBytes(firstByte, head, propertyBlock(5, property));
}

/** A property of CONNECT. */
function connectProperty(name: string, property: Property): StringField {
  const build: Build = (t, text) => {
    const properties = propertyBlock(5, property(text));
    return connectBytes(5, { properties, payload: prefixed(t.clientId()) });
  };
  return { ...connectField(name, build), isProperty: true };
}

/** A property of the will. */
function willProperty(name: string, property: Property): StringField {
  const build: Build = (t, text) => {
    const payload = bytes`
      ${prefixed(t.clientId())} ${propertyBlock(5, property(text))}
      ${prefixed(t.topic('will'))} ${prefixed('gone')}
    `;
    return connectBytes(5, { flags: flagsOfWill, payload });
  };
  return { ...connectField(name, build), isProperty: true };
}

function publishProperty(name: string, property: Property): StringField {
  return {
    name: `${name} of PUBLISH`,
    isProperty: true,
    isConnect: false,
    send(t, client, text) {
      client.send(packetBytes(0x30, prefixed(t.topic('a')), propertyBlock(5, property(text))));
    },
  };
}

/** A property of a packet that asks for something: SUBSCRIBE or UNSUBSCRIBE. */
function requestProperty(name: string, firstByte: number, property: Property): StringField {
  const options = firstByte === 0x82 ? [0] : [];
  return {
    name,
    isProperty: true,
    isConnect: false,
    send(t, client, text) {
      const properties = propertyBlock(5, property(text));
      client.send(packetBytes(firstByte, [0, 9], properties, prefixed(t.topic('a')), options));
    },
  };
}

/** A property of PUBACK or PUBREC, for a message that the client got. */
function receiptProperty(name: string, qos: 1 | 2, property: Property): StringField {
  return {
    name,
    isProperty: true,
    isConnect: false,
    async send(t, client, text) {
      const publisher = await t.connect();
      await client.subscribe(t.topic('a'), { qos });
      await publisher.publish(t.topic('a'), 'hello', { qos });
      const { packetId } = await client.expect({ type: PacketType.publish, qos });
      const firstByte = qos === 1 ? 0x40 : 0x50;
      client.send(acknowledgementBytes(firstByte, packetId, property(text)));
    },
  };
}

/** A property of PUBREL, for a message that the client sent. */
function releaseProperty(name: string, property: Property): StringField {
  return {
    name,
    isProperty: true,
    isConnect: false,
    async send(t, client, text) {
      const { packetId } = client.sendPublish(t.topic('a'), 'hello', { qos: 2 });
      await client.expect({ type: PacketType.pubrec, packetId });
      client.send(acknowledgementBytes(0x62, packetId, property(text)));
    },
  };
}

const fields: readonly StringField[] = [
  connectField('the client identifier', (t, text) =>
    connectBytes(t.version, { payload: prefixed(text) }),
  ),
  connectField('the user name', (t, text) => {
    const payload = bytes`${prefixed(t.clientId())} ${prefixed(text)}`;
    return connectBytes(t.version, { flags: flagsOfUserName, payload });
  }),
  connectField('the will topic', (t, text) => {
    const properties = propertyBlock(t.version);
    const payload = bytes`
      ${prefixed(t.clientId())} ${properties} ${prefixed(text)} ${prefixed('gone')}
    `;
    return connectBytes(t.version, { flags: flagsOfWill, payload });
  }),
  {
    name: 'the topic of PUBLISH',
    isProperty: false,
    isConnect: false,
    send(t, client, text) {
      client.send(packetBytes(0x30, prefixed(text), propertyBlock(t.version)));
    },
  },
  {
    name: 'a filter of SUBSCRIBE',
    isProperty: false,
    isConnect: false,
    send(t, client, text) {
      client.send(packetBytes(0x82, [0, 9], propertyBlock(t.version), prefixed(text), [0]));
    },
  },
  {
    name: 'a filter of UNSUBSCRIBE',
    isProperty: false,
    isConnect: false,
    send(t, client, text) {
      client.send(packetBytes(0xa2, [0, 9], propertyBlock(t.version), prefixed(text)));
    },
  },
];

const reason = stringProperty(propertyId.reasonString);

const properties: readonly StringField[] = [
  connectProperty('the authentication method', stringProperty(propertyId.authenticationMethod)),
  willProperty("the will's content type", stringProperty(propertyId.contentType)),
  willProperty("the will's response topic", stringProperty(propertyId.responseTopic)),
  publishProperty('the content type', stringProperty(propertyId.contentType)),
  publishProperty('the response topic', stringProperty(propertyId.responseTopic)),
  receiptProperty('the reason string of PUBACK', 1, reason),
  receiptProperty('the reason string of PUBREC', 2, reason),
  releaseProperty('the reason string of PUBREL', reason),
];

const pairs: readonly StringField[] = (
  [
    ['the name of a user property', nameOfPair],
    ['the value of a user property', valueOfPair],
  ] as const
).flatMap(([name, property]) => [
  connectProperty(name, property),
  willProperty(`${name} of the will`, property),
  publishProperty(name, property),
  requestProperty(`${name} of SUBSCRIBE`, 0x82, property),
  requestProperty(`${name} of UNSUBSCRIBE`, 0xa2, property),
  receiptProperty(`${name} of PUBACK`, 1, property),
  releaseProperty(`${name} of PUBREL`, property),
]);

/** Whatever a server gets to read, but for AUTH and DISCONNECT, which end the connection anyway. */
export const stringFields: readonly StringField[] = [
  ...fields,
  ...properties,
  ...pairs.map(pair => ({ ...pair, isPair: true })),
];
