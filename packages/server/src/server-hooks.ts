/** What the server does at the broker's hooks: decides who may connect, and logs what happens. */
import type { AuthenticateAnswer, ClientInfo, ConnectRequest, Hooks } from '@godwit/broker';
import { ReasonCode, reasonCodeName } from '@godwit/protocol';
import type { AuthConfig } from './config/config.ts';
import type { Log, LogFields } from './log/log.ts';
import { isLocalClient } from './loopback.ts';

const refusal: AuthenticateAnswer = { reasonCode: ReasonCode.notAuthorized };

export function serverHooks(auth: AuthConfig, log: Log): Hooks {
  const hooks: Hooks = {
    onProtocolError(client, reasonCode, message) {
      log.warn('protocol error', { ...described(client), reason: reason(reasonCode), message });
    },
  };
  if (auth.allowAnonymous === 'loopback') hooks.authenticate = request => onlyLocal(request, log);
  return log.has('debug') ? { ...hooks, ...observers(log) } : hooks;
}

function onlyLocal(request: ConnectRequest, log: Log): AuthenticateAnswer {
  if (isLocalClient(request.remoteAddress)) return true;
  log.info('refused: anonymous clients must be local', described(request));
  return refusal;
}

/** Installed only where they are heard, so that nobody else pays for them. */
function observers(log: Log): Hooks {
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
  return { clientId, username, remoteAddress, remotePort };
}

function reason(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')} ${reasonCodeName(code)}`;
}
