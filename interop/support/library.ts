/**
 * A client library that shows all of MQTT 5.0, as its tests need it: properties, reason codes, and
 * the options of subscriptions.
 */
import type { Incoming, OpenClient, OpenOptions, Outgoing, Software } from './software.ts';

export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  readonly messageExpiryInterval?: number;
  readonly topicAlias?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: readonly (readonly [name: string, value: string])[];
  readonly subscriptionIdentifiers?: readonly number[];
  readonly willDelayInterval?: number;
}

export interface LibraryOutgoing extends Outgoing {
  readonly properties?: MessageProperties;
}

export interface LibraryIncoming extends Incoming {
  readonly properties: MessageProperties;
}

export interface LibraryOptions extends OpenOptions {
  readonly will?: LibraryOutgoing;
  readonly sessionExpiryInterval?: number;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
}

export interface SubscribeOptions {
  readonly qos: 0 | 1 | 2;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
  readonly subscriptionIdentifier?: number;
}

export interface LibraryClient extends OpenClient {
  /** As assigned by the server, if it was. */
  readonly clientId: string;
  /** @returns the reason code of PUBACK or PUBREC, where the library tells */
  send(message: LibraryOutgoing): Promise<number | undefined>;
  /** @returns the reason codes of SUBACK */
  subscribe(filter: string, options: SubscribeOptions): Promise<number[]>;
  /** @returns the reason codes of UNSUBACK; none before 5.0 */
  unsubscribe(filter: string): Promise<number[]>;
  take(count: number): Promise<LibraryIncoming[]>;
  /** Leaves with DISCONNECT and its reason code. */
  close(reasonCode?: number): Promise<void>;
  /** The reason code of the server's DISCONNECT, where the library tells. */
  readonly disconnected: Promise<number | undefined>;
}

export interface Library extends Software {
  open(port: number, options: LibraryOptions): Promise<LibraryClient>;
}

/** The server did not accept a connection. */
export class Refused extends Error {
  readonly reasonCode: number;

  constructor(reasonCode: number) {
    super(`CONNACK with reason code ${reasonCode}`);
    this.reasonCode = reasonCode;
  }
}
