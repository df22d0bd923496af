/** What a normative statement is: a fact of the specification, with where it can be tested. */

/** The two standards whose statements are numbered; 3.1 is tested by those of 3.1.1. */
export type Standard = 'v5' | 'v3';

/** The standards' names, for people. */
export const standardNames: Readonly<Record<Standard, string>> = { v5: '5.0', v3: '3.1.1' };

/** Who has to obey. */
export type Side = 'server' | 'client' | 'both';

interface Described {
  /** `MQTT-3.1.0-2`; unique within its standard only, the two share most of them. */
  readonly id: string;
  readonly level: 'MUST' | 'MUST NOT';
  readonly side: Side;
  /** What it says, in our words. */
  readonly gist: string;
  /**
   * Titles of tests in the client package. Stands with every statement that a client has to obey.
   */
  readonly clientTests?: readonly string[];
}

interface Testable extends Described {
  /** 'wire': one packet shows it. 'observation': several packets, connections or clients do. */
  readonly testable: 'wire' | 'observation';
}

interface Untestable extends Described {
  /** No exchange of packets shows it. */
  readonly testable: 'untestable';
  readonly because: string;
}

export type Statement = Testable | Untestable;

/** Whether a server has to obey the statement. */
export function concernsServers({ side }: Statement): boolean {
  return side !== 'client';
}

/** The section's number up to two places: '3.1' of MQTT-3.1.0-2, '4.2' of MQTT-4.2-1. */
export function chapterOf(id: string): string {
  return /^MQTT-(\d+\.\d+)/.exec(id)?.[1] ?? '';
}
