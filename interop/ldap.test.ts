/** Users of a directory: Debian's slapd, asked over TLS and without. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { LdapAuthenticator, type LdapOptions } from '@godwit/auth/ldap';
import type { ConnectRequest } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { freePort } from '@godwit/testkit/free-port';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { suiteMs } from './support/inbox.ts';
import { isInstalled, Program, skipWhereMissing } from './support/program.ts';

const slapd = '/usr/sbin/slapd';
const missing = isInstalled('sh', '-c', `command -v ${slapd}`) ? false : 'slapd is not installed';

const entries = `dn: dc=example
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=example
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Lovelace
userPassword: engine
departmentNumber: operators
departmentNumber: night

dn: uid=a\\2Cb (c)*,ou=people,dc=example
objectClass: inetOrgPerson
uid: a,b (c)*
cn: Odd
sn: Name
userPassword: odd

dn: cn=reader,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reads
`;

/** It says that it starts a moment before it listens. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise<void>(resolve => systemClock.after(20, resolve));
  }
  throw new Error('slapd does not listen');
}

suite('slapd', {
  skip: skipWhereMissing(missing) || (await certificatesMissing()),
  timeout: suiteMs,
}, () => {
  let folder = '';
  let directory: Program;
  let certificates: TestCertificates;
  let [plain, secure] = ['', ''];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-slapd-'));
    certificates = await testCertificates();
    const file = (name: string): string => join(folder, name);
    const { ca, server } = certificates;
    await writeFile(file('ca'), ca);
    await writeFile(file('cert'), server.cert);
    await writeFile(file('key'), server.key);
    await writeFile(file('entries.ldif'), entries);
    await mkdir(file('data'));
    const settings = [
      ...['core', 'cosine', 'inetorgperson'].map(name => `include /etc/ldap/schema/${name}.schema`),
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `TLSCACertificateFile ${file('ca')}`,
      `TLSCertificateFile ${file('cert')}`,
      `TLSCertificateKeyFile ${file('key')}`,
      'database mdb',
      'suffix "dc=example"',
      `directory ${file('data')}`,
      'access to attrs=userPassword by anonymous auth by * none',
      'access to * by dn.exact="cn=reader,dc=example" read by self read by * auth',
    ];
    await writeFile(file('slapd.conf'), `${settings.join('\n')}\n`);
    await promisify(execFile)('/usr/sbin/slapadd', [
      ...['-f', file('slapd.conf')],
      ...['-l', file('entries.ldif')],
    ]);
    plain = `ldap://127.0.0.1:${await freePort()}`;
    secure = `ldaps://localhost:${await freePort()}`;
    const command = `exec ${slapd} -f ${file('slapd.conf')} -h '${plain} ${secure}' -d 256 2>&1`;
    directory = new Program('sh', ['-c', command]);
    await directory.line(/slapd starting/);
    await answering(Number(new URL(plain).port));
  });
  after(async () => {
    await directory?.stop('SIGTERM');
    await rm(folder, { recursive: true });
  });

  async function verdict(
    options: Omit<LdapOptions, 'url'> & { url?: string },
    username: string,
    password: string,
  ): Promise<[string, ...string[]]> {
    const asked: ConnectRequest = {
      clientId: 'c',
      username,
      password: Buffer.from(password),
      protocolVersion: 5,
      remoteAddress: '127.0.0.1',
      remotePort: 1,
      cleanStart: true,
      userProperties: [],
    };
    const found = await new LdapAuthenticator({ url: plain, ...options }).authenticate(asked);
    return [found.verdict, ...(found.verdict === 'allow' ? (found.groups ?? []) : [])];
  }

  const byName = { user: 'uid=%u,ou=people,dc=example' };
  const search = {
    base: 'ou=people,dc=example',
    filter: '(uid=%u)',
    bindDn: 'cn=reader,dc=example',
    bindPassword: 'reads',
  };

  test('binds as the user', async () => {
    deepEqual(await verdict(byName, 'ada', 'engine'), ['allow']);
    deepEqual(await verdict(byName, 'ada', 'wrong'), ['deny']);
    deepEqual(await verdict(byName, 'eve', 'engine'), ['deny'], 'it does not tell who exists');
    deepEqual(await verdict(byName, 'ada', ''), ['ignore'], 'no bind without password');
    deepEqual(await verdict(byName, 'a,b (c)*', 'odd'), ['allow']);
    deepEqual(await verdict(byName, 'ada,ou=people', 'engine'), ['deny']);
  });

  test('searches, then binds', async () => {
    deepEqual(await verdict({ user: search }, 'ada', 'engine'), ['allow']);
    deepEqual(await verdict({ user: search }, 'ada', 'wrong'), ['deny']);
    deepEqual(await verdict({ user: search }, 'eve', 'engine'), ['ignore']);
    deepEqual(await verdict({ user: search }, 'a,b (c)*', 'odd'), ['allow']);
    for (const injected of ['*', 'ada)(uid=*', 'a*']) {
      deepEqual(await verdict({ user: search }, injected, 'engine'), ['ignore'], injected);
    }
    const unsure = { ...search, filter: '(objectClass=inetOrgPerson)' };
    await rejects(verdict({ user: unsure }, 'ada', 'engine'), /several entries|[Ss]ize/);
  });

  test('takes groups from the entry', async () => {
    const groupAttribute = 'departmentNumber';
    const expected = ['allow', 'operators', 'night'];
    deepEqual(await verdict({ ...byName, groupAttribute }, 'ada', 'engine'), expected);
    deepEqual(await verdict({ user: search, groupAttribute }, 'ada', 'engine'), expected);
  });

  test('over TLS, if the certificate is trusted', async () => {
    const { ca } = certificates;
    deepEqual(await verdict({ ...byName, url: secure, ca }, 'ada', 'engine'), ['allow']);
    await rejects(verdict({ ...byName, url: secure }, 'ada', 'engine'), /certificate|CA/i);
  });

  test('a directory that cannot be asked has not answered', async () => {
    const url = `ldap://127.0.0.1:${await freePort()}`;
    await rejects(verdict({ ...byName, url }, 'ada', 'engine'));
    const wrongReader = { ...search, bindPassword: 'wrong' };
    await rejects(verdict({ user: wrongReader }, 'ada', 'engine'));
    equal((await verdict(byName, 'ada', 'engine'))[0], 'allow');
  });
});
