/** What has to be known about a system under test beforehand, and the TOML file that says it. */
import type { ProtocolVersion } from '@godwit/protocol';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { type ScramCredentials, scramMethods } from '../case/scram-client.ts';
import { type Standard, standardNames, statementOf } from '../statements/index.ts';
import { type Capability, capabilityNames } from './capability.ts';

/** A system under test. */
export interface Sut {
  readonly name: string;
  /** `mqtt://host:port`; may be left out where the command line says it. */
  readonly url?: string;
  /** Protocol versions that it speaks. */
  readonly versions: readonly ProtocolVersion[];
  /** For every connection that is meant to succeed. */
  readonly credentials?: { readonly username: string; readonly password?: string };
  /** For enhanced authentication; without it the cases about that do not apply. */
  readonly auth?: ScramCredentials;
  /** What CONNACK does not tell, or tells wrongly. */
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>;
  /** Statements that it is known not to keep: id and reason, by standard. */
  readonly deviations: Readonly<Record<Standard, Readonly<Record<string, string>>>>;
}

/** Nothing is known. */
export const unknownSut: Sut = {
  name: 'unknown',
  versions: [5, 4, 3],
  capabilities: {},
  deviations: { v5: {}, v3: {} },
};

function deviationsOf(standard: Standard): z.ZodType<Record<string, string>> {
  return z
    .record(z.string(), z.string().min(1))
    .superRefine((deviations, context) => {
      for (const id of Object.keys(deviations)) {
        if (statementOf(standard, id) !== undefined) continue;
        context.addIssue(`${standardNames[standard]} has no statement '${id}'`);
      }
    })
    .default({});
}

const schema = z.strictObject({
  name: z.string(),
  url: z.string().optional(),
  versions: z
    .array(z.literal([3, 4, 5]))
    .nonempty()
    .default([5, 4, 3]),
  credentials: z.strictObject({ username: z.string(), password: z.string().optional() }).optional(),
  auth: z
    .strictObject({ method: z.enum(scramMethods), username: z.string(), password: z.string() })
    .optional(),
  capabilities: z.partialRecord(z.enum(capabilityNames), z.boolean()).default({}),
  deviations: z
    .strictObject({ v5: deviationsOf('v5'), v3: deviationsOf('v3') })
    .default({ v5: {}, v3: {} }),
});

/**
 * Reads the text of a file about a system under test.
 *
 * @throws RangeError that says what is wrong with it
 */
export function parseSut(text: string): Sut {
  try {
    return schema.parse(parse(text));
  } catch (error) {
    if (error instanceof TomlError) throw new RangeError(error.message);
    if (error instanceof z.ZodError) throw new RangeError(z.prettifyError(error));
    throw error;
  }
}
