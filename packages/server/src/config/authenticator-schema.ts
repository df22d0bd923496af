/** The schema of an authenticator: all keys of all types. Which go together: `security-rules.ts`. */
import { z } from 'zod';
import { type AuthenticatorConfig, authenticatorTypes } from './config.ts';

const pathLengthMax = 4096;

/** A file's path. */
export const file: z.ZodString = z.string().min(1).max(pathLengthMax);

export const authenticator: z.ZodType<AuthenticatorConfig> = z.strictObject({
  type: z
    .enum(authenticatorTypes)
    .describe('By user name and password in a file, and by SCRAM with that file (`password`).'),
  onError: z
    .enum(['refuse', 'next'])
    .default('refuse')
    .describe(
      'When it cannot tell: refuse the client with 0x88, server unavailable, or ask the next one.',
    ),
  file: file
    .optional()
    .describe(
      'For `password`: file of users, as `godwit passwd` and mosquitto_passwd write it. Read ' +
        'again when it changes, and on SIGHUP.',
    ),
});
