/** What a case is: the statements it tests, what it needs, and a script of packets. */
import type { ProtocolVersion } from '@godwit/protocol';
import type { Standard } from '../statements/index.ts';
import type { Capability } from '../sut/capability.ts';
import type { CaseContext } from './case-context.ts';

/**
 * ```ts
 * {
 *   v5: ['MQTT-3.12.4-1'],
 *   v3: ['MQTT-3.12.4-1'],
 *   title: 'PINGREQ is answered by PINGRESP',
 *   async run(t) {
 *     const client = await t.connect();
 *     client.send({ type: PacketType.pingreq });
 *     await client.expect(PacketType.pingresp);
 *   },
 * }
 * ```
 */
export interface ConformanceCase {
  /** Statements of 5.0 that it tests: it runs with version 5. */
  readonly v5?: readonly string[];
  /** Statements of 3.1.1 that it tests: it runs with versions 4 and 3. */
  readonly v3?: readonly string[];
  /** Where it does not run with all of these versions: those it runs with. */
  readonly versions?: readonly ProtocolVersion[];
  /** What the server does, as a sentence without full stop; unique. */
  readonly title: string;
  /** Not applicable where one of these is missing. */
  readonly needs?: readonly Capability[];
  /** 'slow': the statement is about time, so that some has to pass: 1 to 3 s. */
  readonly timing?: 'slow';
  /** Passes by returning, fails by throwing. */
  run(t: CaseContext): Promise<void>;
}

/** The standard that speaks of a protocol version. */
export function standardOf(version: ProtocolVersion): Standard {
  return version === 5 ? 'v5' : 'v3';
}

/** Protocol versions with which a case runs, newest first. */
export function versionsOf(one: ConformanceCase): readonly ProtocolVersion[] {
  const all: readonly ProtocolVersion[] = [
    ...(one.v5 === undefined ? [] : ([5] as const)),
    ...(one.v3 === undefined ? [] : ([4, 3] as const)),
  ];
  return all.filter(version => one.versions?.includes(version) ?? true);
}

/** Statements that a case tests when it runs with this version. */
export function idsOf(one: ConformanceCase, version: ProtocolVersion): readonly string[] {
  return one[standardOf(version)] ?? [];
}
