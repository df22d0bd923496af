/** The schema of the configuration: its keys, types, defaults and bounds, and what each means. */
import {
  ackLevels,
  type BanRequest,
  banKinds,
  defaultFeatures,
  defaultLimits,
  type Features,
  type Limits,
  limitRanges,
  publishRatePolicies,
  queueFullPolicies,
  sharedStrategyNames,
} from '@godwit/broker';
import { z } from 'zod';
import { admin } from './admin-schema.ts';
import { authenticator, file } from './authenticator-schema.ts';
import { type Config, defaultConfig } from './config.ts';
import { listener } from './listener-schema.ts';

const listenersMax = 64;
const pathLengthMax = 4096;
const ackRulesMax = 1024;
const authenticatorsMax = 16;
const bansMax = 10_000;
const referenceLengthMax = 4096;
const valueLengthMax = 65_535;

const auth = z
  .strictObject({
    allowAnonymous: z
      .enum(['loopback', 'always', 'never'])
      .optional()
      .describe(
        'Who may connect without having proved who they are: clients of this machine ' +
          '(`loopback`), everybody (`always`), or nobody (`never`). Others are refused with 0x87. ' +
          'If not given, `never` with authenticators and `loopback` without. With ' +
          'authenticators, a client that gives a user name or a password has to prove it; ' +
          'without, it may give any name.',
      ),
    timeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(defaultConfig.auth.timeoutMs)
      .describe('Milliseconds that one authenticator may take; then it has failed.'),
    checksMax: z
      .int()
      .min(1)
      .max(64)
      .default(defaultConfig.auth.checksMax)
      .describe(
        'Passwords that are checked at the same time; each check of argon2id takes its memory, ' +
          '19 MiB by default.',
      ),
    checksWaitingMax: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(defaultConfig.auth.checksWaitingMax)
      .describe('Clients that wait for that; more are refused with 0x89, server busy.'),
  })
  .prefault({})
  .describe('Who may connect.');

const acl = z
  .strictObject({
    file: file
      .optional()
      .describe('File of rules, in TOML; see the guide to authorization. Read again on SIGHUP.'),
    mosquittoFile: file
      .optional()
      .describe('Instead of `file`: an `acl_file` as Mosquitto has it.'),
  })
  .prefault({})
  .describe(
    'What clients may do. Without a file they may do everything; with one, what its rules allow.',
  );

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
    queueFullPolicy: z
      .enum(queueFullPolicies)
      .default(defaultConfig.delivery.queueFullPolicy)
      .describe(
        'What happens to a message with QoS 1 or 2 for a session whose queue is full: it is ' +
          'dropped for that session, or the oldest one there is dropped for it, or its publisher ' +
          'is refused with 0x97 (before 5.0: as `drop-newest`) (`messagesDroppedQueueFull`).',
      ),
    publishRatePolicy: z
      .enum(publishRatePolicies)
      .default(defaultConfig.delivery.publishRatePolicy)
      .describe(
        'What happens to a client that publishes faster than `limits.publishMessagesPerSecond` and ' +
          '`limits.publishBytesPerSecond` allow: it is read no faster than that, or its messages ' +
          'are refused.',
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

const storage = z
  .strictObject({
    dataDir: z
      .string()
      .min(1)
      .max(pathLengthMax)
      .optional()
      .describe(
        'Folder for what has to survive; made if it is not there, used by one server at a time. ' +
          'Without it everything is kept in memory and ends with the server.',
      ),
    ack: z
      .enum(ackLevels)
      .default(defaultConfig.storage.ack)
      .describe(
        'What the acknowledgement of a message promises that a durable session is to get or that ' +
          'is retained: with `disk` it is on the disk and survives a crash and a power cut; with ' +
          '`memory` it is written as well, but the acknowledgement does not wait. Messages that ' +
          'nothing durable is to get never wait.',
      ),
    ackRules: z
      .array(
        z.strictObject({
          filter: z.string().min(1).max(65_535).describe('Topics that the rule is for.'),
          ack: z.enum(ackLevels).describe('What acknowledgements promise there.'),
        }),
      )
      .max(ackRulesMax)
      .default([])
      .describe(
        'Topics for which `ack` is another, whatever the listener; the first match counts.',
      ),
    bytesMax: z
      .int()
      .min(512 * 1024 ** 2)
      .max(Number.MAX_SAFE_INTEGER)
      .default(defaultConfig.storage.bytesMax)
      .describe(
        'Bytes of messages that wait on the disk, for all sessions together; a message for many ' +
          'counts once. On the disk it may take twice that. Beyond, and when the disk is full, ' +
          'a message that would have to be stored is refused with 0x97 ' +
          '(`messagesDroppedStorageFull`; a publisher before 5.0 waits), until there is room again.',
      ),
    cacheBytesMax: z
      .int()
      .min(1024 ** 2)
      .max(Number.MAX_SAFE_INTEGER)
      .default(defaultConfig.storage.cacheBytesMax)
      .describe('Memory for messages that were written or read last.'),
  })
  .prefault({})
  .describe('What survives the server, and what its acknowledgements promise.');

const ban: z.ZodType<BanRequest> = z.strictObject({
  kind: z.enum(banKinds).describe('What is banned.'),
  value: z
    .string()
    .min(1)
    .max(valueLengthMax)
    .describe('A client identifier, a user name, or an address or a network as `10.0.0.0/8`.'),
  seconds: z
    .int()
    .min(1)
    .max(0xffffffff)
    .optional()
    .describe('How long from the start of the server; for ever if not given.'),
  reason: z.string().min(1).max(1024).optional().describe('For people; clients are not told.'),
});

const sys = z
  .strictObject({
    intervalSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(defaultConfig.sys.intervalSeconds)
      .describe(
        'Seconds between two looks at what `$SYS/broker/…` says; what has changed is published ' +
          'then, retained. 0: there are no such topics.',
      ),
  })
  .prefault({})
  .describe('What the broker tells about itself by MQTT, under the names that Mosquitto has.');

const shutdown = z
  .strictObject({
    serverReference: z
      .string()
      .min(1)
      .max(referenceLengthMax)
      .optional()
      .describe(
        'Where clients are to go when the server stops, as `broker2.example:1883`; several with ' +
          'spaces between. Those of MQTT 5.0 are told so with 0x9C, use another server; without ' +
          'it they are told 0x8B, server shutting down.',
      ),
  })
  .prefault({})
  .describe('How a server says goodbye; how long that may take is `limits.closeGraceMs`.');

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
  bans: z
    .array(ban)
    .min(0)
    .max(bansMax)
    .default([])
    .describe('Who is refused with 0x8A, before anybody is asked who they are.'),
  auth,
  authenticators: z
    .array(authenticator)
    .min(0)
    .max(authenticatorsMax)
    .default([])
    .describe(
      'How clients prove who they are. Each is asked in turn, and lets the client in, refuses it, ' +
        'or leaves it to the next one. Whom nobody knows is refused with 0x86.',
    ),
  acl,
  log,
  delivery,
  storage,
  admin,
  sys,
  shutdown,
  features,
  limits,
});
