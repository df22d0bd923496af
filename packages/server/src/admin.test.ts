import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Config, defaultConfig, defaultListener } from './config/config.ts';
import { loadConfig } from './config/load-config.ts';
import { Server } from './server.ts';

const base: Config = {
  ...defaultConfig,
  listeners: [{ ...defaultListener, port: 0 }],
  log: { level: 'silent', format: 'json' },
};

test('a server has an admin listener where one is configured, secrets hidden', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-admin-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'token'), 'a-token-of-16-or-more\n');
  const sha256 = createHash('sha256').update('another-token-in-full').digest('hex');
  const admin: Config['admin'] = {
    ...base.admin,
    port: 0,
    tokens: [
      { name: 'file', file: join(folder, 'token'), scopes: ['read'] },
      { name: 'hash', sha256, scopes: ['metrics'] },
    ],
  };
  const storage = { ...base.storage, dataDir: join(folder, 'data') };
  const server = await Server.start({ ...base, admin, storage }, { write: () => {} });
  const get = (path: string, token: string): Promise<Response> =>
    fetch(`${server.adminUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
  equal((await get('/readyz', '')).status, 200);
  const config = await (await get('/api/v1/config', 'a-token-of-16-or-more')).text();
  equal(JSON.parse(config).admin.tokens[1].sha256, '(hidden)');
  match(
    await (await get('/metrics', 'another-token-in-full')).text(),
    /^godwit_storage_syncs_total/m,
  );
  equal((await get('/metrics', 'a-token-of-16-or-more')).status, 403);
  await server.close();
  await rejects(get('/readyz', ''));
});

test('an admin listener that others reach needs tokens, and tokens need to be right', async () => {
  const set = ['admin.port=0', 'admin.host=0.0.0.0'];
  await rejects(loadConfig({ set }), /admin.host is "0.0.0.0", which other machines reach/);
  const faults = await loadConfig({
    environment: {
      GODWIT__ADMIN__TOKENS__0__NAME: 'a',
      GODWIT__ADMIN__TOKENS__0__SHA256: 'g'.repeat(64),
      GODWIT__ADMIN__TOKENS__0__FILE: '/nowhere',
      GODWIT__ADMIN__TOKENS__0__EXPIRES: 'soon',
    },
    set: [],
  }).catch(error => error.issues.map(({ message }: { message: string }) => message));
  deepEqual(faults, ['admin.tokens.0.scopes is undefined; expected a list of 1 to 3 texts']);
});
