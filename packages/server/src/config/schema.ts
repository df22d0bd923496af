/** The schema of the configuration: its keys, types, defaults and bounds, and what each means. */
import {
  defaultFeatures,
  defaultLimits,
  type Features,
  type Limits,
  limitRanges,
  sharedStrategyNames,
} from '@godwit/broker';
import { z } from 'zod';
import { type Config, defaultConfig } from './config.ts';
import { listener } from './listener-schema.ts';

const listenersMax = 64;

const auth = z
  .strictObject({
    allowAnonymous: z
      .enum(['loopback', 'always'])
      .default(defaultConfig.auth.allowAnonymous)
      .describe(
        'Whose clients may connect without having proved who they are: those of this machine ' +
          '(`loopback`), or everybody (`always`). Others are refused with 0x87. This version ' +
          'knows no users, so every client is anonymous, whatever name it gives.',
      ),
  })
  .prefault({})
  .describe('Who may connect.');

const log = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default(defaultConfig.log.level)
      .describe('The least that is logged; `debug` has every connection and subscription.'),
    format: z
      .enum(['pretty', 'json'])
      .default(defaultConfig.log.format)
      .describe('`pretty` is for people, `json` is one object a line.'),
  })
  .prefault({})
  .describe('What is written to standard error.');

const delivery = z
  .strictObject({
    sharedStrategy: z
      .enum(sharedStrategyNames)
      .default(defaultConfig.delivery.sharedStrategy)
      .describe(
        'Which member of a shared subscription gets a message: each in turn, whoever has the ' +
          'fewest unacknowledged and waiting, the same for all messages of a publisher, or the ' +
          'same for all messages of a topic.',
      ),
    checkPayloadFormat: z
      .boolean()
      .default(defaultConfig.delivery.checkPayloadFormat)
      .describe(
        'Whether payloads that say they are UTF-8 are checked; those that are not go nowhere, ' +
          'and their publisher is told 0x99 (`payloadsInvalid`).',
      ),
  })
  .prefault({})
  .describe('How messages are passed on.');

const featureEntries = Object.entries(defaultFeatures).map(([name, isOn]) => [
  name,
  z.boolean().default(isOn),
]);

const features = z
  .strictObject(Object.fromEntries(featureEntries))
  .prefault({})
  .describe(
    'What clients may use. What is off is declared in CONNACK.',
  ) as unknown as z.ZodType<Features>;

const limitEntries = Object.entries(limitRanges).map(([name, [min, max]]) => [
  name,
  z
    .int()
    .min(min)
    .max(max)
    .default(defaultLimits[name as keyof Limits]),
]);

const limits = z
  .strictObject(Object.fromEntries(limitEntries))
  .prefault({})
  .describe('Bounds, and what happens at each.') as unknown as z.ZodType<Limits>;

export const configSchema: z.ZodType<Config> = z.strictObject({
  listeners: z
    .array(listener)
    .min(1)
    .max(listenersMax)
    .prefault([{}])
    .describe('Where clients connect.'),
  auth,
  log,
  delivery,
  features,
  limits,
});
