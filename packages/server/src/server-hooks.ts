/** What the server does at the broker's hooks: has it decided who may connect, and logs what happens. */
import type { Observer } from '@godwit/admin';
import type { AuthenticateAnswer, ClientInfo, ConnectRequest, Hooks } from '@godwit/broker';
import { ReasonCode, reasonCodeName } from '@godwit/protocol';
import type { AuthConfig } from './config/config.ts';
import type { Log, LogFields } from './log/log.ts';
import { isLocalClient } from './loopback.ts';
import type { Security } from './security.ts';

const refusal: AuthenticateAnswer = { reasonCode: ReasonCode.notAuthorized };

/** @param security null where there are neither authenticators nor rules */
export function serverHooks(auth: AuthConfig, security: Security | null, log: Log): Hooks {
  const hooks: Hooks = {
    ...security?.hooks,
    onLoad({ state, reasons, loopDelayMs, memoryBytes }) {
      const fields = { reasons: reasons.join(', '), loopDelayMs, memoryBytes };
      if (state === 'normal') log.info('load is normal again', fields);
      else log.warn(`the broker is ${state}`, fields);
    },
    onProtocolError(client, reasonCode, message) {
      log.warn('protocol error', { ...described(client), reason: reason(reasonCode), message });
    },
  };
  if (security !== null) hooks.authenticate = request => decided(security, request, log);
  else if (auth.allowAnonymous === 'never') hooks.authenticate = () => refusal;
  else if (auth.allowAnonymous !== 'always') {
    hooks.authenticate = request => onlyLocal(request, log);
  }
  return hooks;
}

async function decided(
  security: Security,
  request: ConnectRequest,
  log: Log,
): Promise<AuthenticateAnswer> {
  const { answer, steps } = await security.decide(request);
  for (const { authenticator, why } of steps.filter(({ verdict }) => verdict === 'error')) {
    log.error('authenticator failed', { authenticator, error: why });
  }
  const isAllowed = answer === true || answer.reasonCode === ReasonCode.success;
  if (!isAllowed || log.has('debug')) {
    const by = steps.map(
      ({ authenticator, verdict, why }) => `${authenticator}: ${verdict}, ${why}`,
    );
    const fields = { ...described(request), by: by.join('; ') };
    if (isAllowed) log.debug('let in', fields);
    else log.info('refused', { ...fields, reason: reason(answer.reasonCode) });
  }
  return answer;
}

function onlyLocal(request: ConnectRequest, log: Log): AuthenticateAnswer {
  if (isLocalClient(request.remoteAddress)) return true;
  log.info('refused: anonymous clients must be local', described(request));
  return refusal;
}

/** Says in the log what clients do, for those who want to know all of it. */
export function logObserver(log: Log): Observer {
  return {
    onConnect(client, sessionPresent) {
      const { protocolVersion } = client;
      log.debug('client connected', { ...described(client), protocolVersion, sessionPresent });
    },
    onDisconnect(client, { reasonCode, byClient }) {
      const fields = { ...described(client), reason: reason(reasonCode), byClient };
      log.debug('client disconnected', fields);
    },
    onSubscribe(client, filter, granted) {
      log.debug('subscribed', { clientId: client.clientId, filter, qos: granted });
    },
    onUnsubscribe(client, filter) {
      log.debug('unsubscribed', { clientId: client.clientId, filter });
    },
  };
}

function described({ clientId, username, remoteAddress, remotePort }: ClientInfo): LogFields {
  return { clientId, username: shownName(username), remoteAddress, remotePort };
}

/** A token may come as a user name; it is a secret. */
function shownName(username: string | undefined): string | undefined {
  return username !== undefined && /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(username)
    ? '(token)'
    : username;
}

function reason(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')} ${reasonCodeName(code)}`;
}
