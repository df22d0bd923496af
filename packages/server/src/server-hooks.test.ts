import { deepEqual, equal, match } from 'node:assert/strict';
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

  test('logs when the load changes', async () => {
    const lines: string[] = [];
    const heard = new Log({ level: 'info', format: 'pretty' }, { write: line => lines.push(line) });
    await heard.open();
    const { onLoad } = serverHooks({ ...auth, allowAnonymous: 'always' }, null, heard);
    const load = { loopDelayMs: 400, memoryBytes: 0 };
    onLoad?.({ ...load, state: 'busy', reasons: ['timers are 400 ms late'] });
    onLoad?.({ ...load, state: 'normal', reasons: [] });
    match(lines[0], /WARN {2}the broker is busy reasons="timers are 400 ms late" loopDelayMs=400/);
    match(lines[1], /INFO {2}load is normal again/);
  });

  test('asks nobody when everybody may come, and observes nothing that is not logged', () => {
    const hooks = serverHooks({ ...auth, allowAnonymous: 'always' }, null, log);
    deepEqual(Object.keys(hooks), ['onLoad', 'onProtocolError']);
  });
});
