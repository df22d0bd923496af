/** The schema of the admin listener and its tokens. */
import { z } from 'zod';
import {
  type AdminConfig,
  type AdminTokenConfig,
  adminScopes,
  defaultConfig,
  portMax,
} from './config.ts';

const tokensMax = 64;
const textLengthMax = 253;
const pathLengthMax = 4096;
const requestsMax = 100_000;

const token: z.ZodType<AdminTokenConfig> = z.strictObject({
  name: z.string().min(1).max(textLengthMax).describe('Stands in the log for whoever has it.'),
  sha256: z
    .string()
    .min(64)
    .max(64)
    .optional()
    .meta({ secret: true })
    .describe('SHA-256 of the token, in hexadecimal digits.'),
  file: z.string().min(1).max(pathLengthMax).optional().describe('File that the token is in.'),
  scopes: z.array(z.enum(adminScopes)).min(1).max(3).describe('What its owner may do.'),
  expires: z.string().min(1).max(textLengthMax).optional().describe('Until when, as 2027-01-31.'),
});

export const admin: z.ZodType<AdminConfig> = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .max(textLengthMax)
      .default(defaultConfig.admin.host)
      .describe('Address to listen on; one that other machines reach takes tokens.'),
    port: z
      .int()
      .min(0)
      .max(portMax)
      .optional()
      .describe(
        'TCP port of the admin listener; 0 lets the system choose. Without it there is none.',
      ),
    tokens: z
      .array(token)
      .max(tokensMax)
      .default([])
      .describe(
        'Who may ask: tables of `name`, `scopes` (of `metrics`, `read` and `write`), `expires` (a ' +
          'time, as `2027-01-31`) and either `sha256` (of the token, in hexadecimal) or `file` ' +
          '(which the token is in). A token is 16 characters or longer and goes into ' +
          '`Authorization: Bearer`. Without any, everybody on this machine may ask everything.',
      ),
    requestsPerSecondMax: z
      .int()
      .min(1)
      .max(requestsMax)
      .default(defaultConfig.admin.requestsPerSecondMax)
      .describe(
        'Requests of one token, or without tokens of one address; more are refused with 429.',
      ),
  })
  .prefault({})
  .describe('Metrics, health and the HTTP API, on a listener of their own.');
