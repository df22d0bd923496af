/** `godwit explain`: what a server would say to a client, by its configuration, and why. */
import { type AclDecision, type ClientAcl, Identity, identityOf } from '@godwit/auth';
import type { ClientInfo, ConnectRequest } from '@godwit/broker';
import { type QoS, ReasonCode, reasonCodeName } from '@godwit/protocol';
import { loadConfig, Security } from '@godwit/server';
import { Command, InvalidArgumentError } from 'commander';
import { qos } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';

interface Values {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly username?: string;
  readonly pw?: string;
  readonly id: string;
  readonly address: string;
  readonly commonName?: string;
  readonly altName?: readonly string[];
  readonly group?: readonly string[];
  readonly attribute?: Readonly<Record<string, string>>;
  readonly qos: QoS;
  readonly retain?: boolean;
}

const questions = ['connect', 'publish', 'subscribe', 'receive'] as const;
type Question = (typeof questions)[number];

export function explainCommand(): CliCommand {
  const parser = new Command('godwit explain')
    .usage('(connect | publish <topic> | subscribe <filter> | receive <topic>) [options]')
    .description(
      'Says what a server with this configuration would answer a client, and who or which rule ' +
        'decides. Exit code 0: yes; else the reason code.',
    )
    .helpOption('--help', 'show this')
    .argument('<question>', questions.join(', '), questionOf)
    .argument('[topic]', 'topic or topic filter')
    .option('-c, --config <file>', 'configuration in TOML')
    .option('--set <key=value>', 'one key of it; repeatable', append)
    .option('-u, --username <name>', 'user name of the client')
    .option('-P, --pw <password>', 'its password; without one, only connect asks for a proof')
    .option('-i, --id <id>', 'client identifier', 'client')
    .option('--address <ip>', 'where it connects from', '127.0.0.1')
    .option('--common-name <name>', 'CN of its certificate')
    .option('--alt-name <name>', 'another name in it, as DNS:a.example; repeatable', append)
    .option('--group <name>', 'a group that a token or a service would put it in', append)
    .option('--attribute <name=value>', 'what a token or a service would say of it', attribute)
    .option('-q, --qos <qos>', 'QoS to publish or subscribe with', qos, 0 as QoS)
    .option('-r, --retain', 'publish with RETAIN');
  return {
    parser,
    run: () => {
      const [question, topic] = parser.processedArgs as [Question, string | undefined];
      return explain(question, topic, parser.opts<Values>());
    },
  };
}

async function explain(
  question: Question,
  topic: string | undefined,
  values: Values,
): Promise<number> {
  const { config: file, set } = values;
  const config = await loadConfig({ file, set, environment: process.env });
  const security = await Security.open(config);
  if (question === 'connect') return explainConnect(security, requestOf(values));
  if (topic === undefined) throw new UsageError(`${question} takes a topic`);
  const client = await clientOf(security, values);
  if (client === null) return ReasonCode.notAuthorized;
  const acl = security.authorizer.of(client);
  if (acl === null) {
    say('allowed: there are no rules');
    return ExitCode.success;
  }
  return explainRule(question, acl, topic, values);
}

async function explainConnect(security: Security, request: ConnectRequest): Promise<number> {
  const { answer, steps } = await security.decide(request);
  for (const { authenticator, verdict, why } of steps) say(`${authenticator}: ${verdict}: ${why}`);
  if (answer === true || answer.reasonCode === ReasonCode.success) {
    const username = (answer !== true && answer.username) || request.username;
    const isNamed = !(answer !== true && identityOf({ ...request, ...answer })?.isAnonymous);
    say(isNamed ? `let in as ${JSON.stringify(username)}` : 'let in without a name');
    return ExitCode.success;
  }
  say(`refused: ${reason(answer.reasonCode)}`);
  return answer.reasonCode;
}

function explainRule(
  question: Exclude<Question, 'connect'>,
  acl: ClientAcl,
  topic: string,
  { qos, retain = false }: Values,
): number {
  const decision = {
    publish: () => acl.publish(topic, qos, retain),
    subscribe: () => acl.subscribe(topic),
    receive: () => acl.receiveDecision(topic),
  }[question]();
  say(verdictOf(decision));
  if (question === 'subscribe' && decision.isAllowed && decision.qosMax < qos) {
    say(`granted with QoS ${decision.qosMax}`);
  }
  return decision.isAllowed ? ExitCode.success : ReasonCode.notAuthorized;
}

function verdictOf({ isAllowed, rule }: AclDecision): string {
  if (isAllowed) return rule === null ? 'allowed: no rule is about it' : `allowed by ${rule.place}`;
  const why = rule === null ? 'no rule allows it' : `denied by ${rule.place}`;
  return `refused: ${reason(ReasonCode.notAuthorized)}: ${why}`;
}

/** Who asks: as proved where there is a password, else as claimed; null where it is not let in. */
async function clientOf(security: Security, values: Values): Promise<ClientInfo | null> {
  const request = requestOf(values);
  if (values.pw !== undefined) {
    const { answer } = await security.decide(request);
    if (answer !== true && answer.reasonCode === ReasonCode.success) {
      const { username = request.username, identity } = answer;
      return { ...request, username, identity };
    }
    await explainConnect(security, request);
    return null;
  }
  const { group: groups, attribute: attributes, username } = values;
  const identity = new Identity({
    source: 'explain',
    isAnonymous: username === undefined,
    ...(groups && { groups }),
    ...(attributes && { attributes }),
  });
  return { ...request, identity };
}

function requestOf(values: Values): ConnectRequest {
  const { commonName, altName } = values;
  const hasCertificate = commonName !== undefined || altName !== undefined;
  return {
    clientId: values.id,
    username: values.username,
    password: values.pw === undefined ? undefined : Buffer.from(values.pw),
    protocolVersion: 5,
    remoteAddress: values.address,
    remotePort: 0,
    cleanStart: true,
    userProperties: [],
    ...(hasCertificate && {
      peerCertificate: {
        subject: commonName === undefined ? '' : `CN=${commonName}`,
        commonName,
        subjectAltNames: altName ?? [],
        fingerprint256: '',
      },
    }),
  };
}

function reason(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')} ${reasonCodeName(code)}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function questionOf(text: string): Question {
  const question = questions.find(one => one === text);
  if (question !== undefined) return question;
  throw new InvalidArgumentError(`Expected ${questions.join(', ')}.`);
}

function append(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}

function attribute(
  text: string,
  found: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return { ...found, [text.slice(0, at)]: text.slice(at + 1) };
}
