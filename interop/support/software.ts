/**
 * What the tests ask of an MQTT client, whoever wrote it: little enough that a pair of command line
 * programs can do it, so that every case is written once and run with all of them.
 */

/** 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
export type Version = 3 | 4 | 5;
export type QoS = 0 | 1 | 2;

export const versionNames = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const;
export const allVersions: readonly Version[] = [3, 4, 5];
export const allQoS: readonly QoS[] = [0, 1, 2];

export interface Outgoing {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: QoS;
  readonly retain?: boolean;
}

export interface Incoming {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

export interface OpenOptions {
  readonly version: Version;
  /** At most 23 bytes, which is what 3.1 allows. Default: a fresh one. */
  readonly clientId?: string;
  /** False: the session is found again, and outlives the connection. Default: true. */
  readonly clean?: boolean;
  /** Subscribed right after connecting. Default: none. */
  readonly filters?: readonly string[];
  /** Of all `filters`. Default: 0. */
  readonly qos?: QoS;
  readonly will?: Outgoing;
}

/** A client that is connected and whose filters the server has granted. */
export interface OpenClient extends AsyncDisposable {
  /** What CONNACK said; undefined where the software does not tell. */
  readonly sessionPresent: boolean | undefined;
  /** Resolves when the server has the message, as far as its QoS lets anyone know. */
  publish(message: Outgoing): Promise<void>;
  /** The next `count` messages; waits for them, but not for ever. */
  take(count: number): Promise<Incoming[]>;
  /** Leaves with DISCONNECT. */
  close(): Promise<void>;
  /** Breaks the connection without a word. */
  cut(): Promise<void>;
}

export interface Software extends AsyncDisposable {
  /** As in the tests' names, short enough to begin a client id. */
  readonly name: string;
  /** Why it cannot run here, or false. */
  readonly missing: string | false;
  /** Versions in which `close` says DISCONNECT with 0x04, which has the will published. */
  readonly closesWithWill: readonly Version[];
  /** Connects to 127.0.0.1. */
  open(port: number, options: OpenOptions): Promise<OpenClient>;
}

let serial = 0;

/** A client id that no other client of this test file has. */
export function freshClientId(software: string): string {
  serial += 1;
  return `${software}-${serial}`;
}

/** Seconds that sessions of 5.0 outlive their connections in these tests. */
export const sessionExpirySeconds = 600;
