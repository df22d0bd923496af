import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnectRequest } from '@godwit/broker';
import { defaultConfig } from './config/config.ts';
import { Log } from './log/log.ts';
import { serverHooks } from './server-hooks.ts';

const { auth } = defaultConfig;
const log = new Log({ level: 'silent', format: 'json' }, { write: () => {} });

const requestFrom = (remoteAddress: string): ConnectRequest => ({
  clientId: 'c',
  username: 'somebody',
  password: undefined,
  protocolVersion: 5,
  remoteAddress,
  remotePort: 1,
  cleanStart: true,
  userProperties: [],
});

suite('serverHooks', () => {
  test('lets in only clients of this machine, whatever name they give', () => {
    const { authenticate } = serverHooks({ ...auth, allowAnonymous: 'loopback' }, null, log);
    equal(authenticate?.(requestFrom('::1')), true);
    equal(authenticate?.(requestFrom('unix:/run/godwit.sock')), true);
    deepEqual(authenticate?.(requestFrom('')), { reasonCode: 0x87 });
    deepEqual(authenticate?.(requestFrom('192.0.2.1')), { reasonCode: 0x87 });
  });

  test('asks nobody when everybody may come, and observes nothing that is not logged', () => {
    const hooks = serverHooks({ ...auth, allowAnonymous: 'always' }, null, log);
    deepEqual(Object.keys(hooks), ['onLoad', 'onProtocolError']);
  });
});
