import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ClientInfo } from '@godwit/broker';
import { Identity, type IdentityOptions } from '../identity.ts';
import { request } from '../testing/requests.ts';
import { Acl } from './acl.ts';
import { aclRule, clientRules } from './acl-rule.ts';
import { Authorizer } from './authorizer.ts';

type Given = Readonly<Record<string, unknown>>;

function acl(...rules: readonly Given[]): Acl {
  const groups = new Map([['operators', new Set(['ada'])]]);
  return new Acl({ stages: [rules.map((rule, at) => aclRule(rule, `acl:${at + 1}`))], groups });
}

function client(username: string | undefined, changes: Partial<ClientInfo> = {}): ClientInfo {
  return { ...request(), username, ...changes };
}

function known(username: string, identity: Partial<IdentityOptions>): ClientInfo {
  return client(username, { identity: new Identity({ source: 'test', ...identity }) });
}

const all = ['publish', 'subscribe'];

suite('rules', () => {
  test('nothing is allowed that no rule allows; one that denies beats all', () => {
    const rules = acl(
      { allow: all, topics: ['home/#'] },
      { deny: 'publish', topics: 'home/+/lock', user: 'eve' },
    );
    const [ada, eve] = [rules.of(client('ada')), rules.of(client('eve'))];
    deepEqual(
      [
        ada.publish('home/1/lock', 0, false),
        eve.publish('home/1/lock', 0, false),
        eve.publish('away', 0, false),
      ].map(({ isAllowed, rule }) => [isAllowed, rule?.place]),
      [
        [true, 'acl:1'],
        [false, 'acl:2'],
        [false, undefined],
      ],
    );
  });

  test('a filter is allowed when all that it matches is', () => {
    const rules = acl(
      { allow: 'subscribe', topics: ['a/+/c', 'b/#', '$SYS/broker/#'] },
      { deny: 'subscribe', topics: 'b/secret/#' },
    ).of(client('ada'));
    const allowed = (filter: string): boolean => rules.subscribe(filter).isAllowed;
    for (const filter of ['a/+/c', 'a/x/c', 'b/x/#', 'b', '$share/g/a/1/c', '$SYS/broker/load']) {
      equal(allowed(filter), true, filter);
    }
    for (const filter of ['#', '+/+/c', 'a/#', 'a/+/+', 'b/#', 'b/+', 'b/+/x', 'b/secret']) {
      equal(allowed(filter), false, filter);
    }
    for (const filter of ['$share/g/#', '$share/g/b/secret', '$SYS/#', '+/broker/load', '$x/#']) {
      equal(allowed(filter), false, filter);
    }
    equal(acl({ allow: all, topics: '#' }).of(client('a')).subscribe('$SYS/x').isAllowed, false);
  });

  test('variables are filled in; a value that is no single level allows nothing', () => {
    const rules = acl(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of a rule
      { allow: 'publish', topics: ['u/%u/#', 'c/%c', 'site/${site}/x'] },
      { deny: 'publish', topics: 'd/%u' },
      { allow: 'publish', topics: 'd/#' },
    );
    const may = (who: ClientInfo, topic: string): boolean =>
      rules.of(who).publish(topic, 0, false).isAllowed;
    const ada = known('ada', { attributes: { site: 'berlin' } });
    equal(may(ada, 'u/ada/1'), true);
    equal(may(ada, 'u/eve/1'), false);
    equal(may(ada, 'c/c'), true);
    equal(may(ada, 'site/berlin/x'), true);
    equal(may(ada, 'd/ada'), false);
    equal(may(client('ada'), 'site/berlin/x'), false, 'it has no such attribute');
    for (const name of ['+', '#', 'a/b', '']) {
      equal(may(client(name), `u/${name}/1`), false, name);
      equal(may(client('x', { clientId: name }), `c/${name}`), false, name);
    }
    equal(may(client('a/b'), 'd/a/b'), false, 'denied literally');
  });

  test('whom a rule is about', () => {
    const topics = ['t'];
    const certificate = {
      subject: 'CN=meter',
      commonName: 'meter',
      subjectAltNames: ['DNS:m.example'],
      fingerprint256: '',
    };
    const cases: [Given, ClientInfo, ClientInfo][] = [
      [{ user: ['ada', 'bob'] }, client('bob'), client('eve')],
      [{ user: 'ada' }, client('ada'), known('ada', { isAnonymous: true })],
      [{ group: 'operators' }, client('ada'), client('eve')],
      [{ group: 'token' }, known('eve', { groups: ['token'] }), known('eve', { groups: [] })],
      [{ clientId: 'c' }, client('a'), client('a', { clientId: 'd' })],
      [
        { address: '10.0.0.0/8' },
        client('a', { remoteAddress: '::ffff:10.2.3.4' }),
        client('a', { remoteAddress: '11.0.0.1' }),
      ],
      [
        { address: ['::1', 'fe80::/10'] },
        client('a', { remoteAddress: 'fe80::7' }),
        client('a', { remoteAddress: 'unix:/run/a.sock' }),
      ],
      [{ commonName: 'meter' }, client('a', { peerCertificate: certificate }), client('a')],
      [
        { subjectAltName: 'DNS:m.example' },
        client('a', { peerCertificate: certificate }),
        client('a', { peerCertificate: { ...certificate, subjectAltNames: [] } }),
      ],
      [
        { attributes: { site: ['berlin', 'bonn'] } },
        known('a', { attributes: { site: 'bonn' } }),
        known('a', { attributes: { site: 'rome' } }),
      ],
      [
        { attributes: { toString: 'x' } },
        known('a', { attributes: { toString: 'x' } }),
        client('a'),
      ],
      [{ anonymous: true }, client(undefined), client('ada')],
      [{ anonymous: false }, client('ada'), known('ada', { isAnonymous: true })],
      [{ user: 'ada', clientId: 'c' }, client('ada'), client('ada', { clientId: 'd' })],
    ];
    for (const [subject, yes, no] of cases) {
      const rules = acl({ allow: 'publish', topics, ...subject });
      const may = (who: ClientInfo): boolean => rules.of(who).publish('t', 0, false).isAllowed;
      deepEqual([may(yes), may(no)], [true, false], JSON.stringify(subject));
    }
  });

  test('QoS and RETAIN', () => {
    const rules = acl(
      { allow: all, topics: 'a', qosMax: 1 },
      { allow: all, topics: 'b', retain: false },
      { allow: all, topics: 'c' },
      { deny: 'publish', topics: 'c', retain: true },
    ).of(client('ada'));
    const may = (topic: string, qos: 0 | 1 | 2, retain: boolean): boolean =>
      rules.publish(topic, qos, retain).isAllowed;
    deepEqual([may('a', 1, true), may('a', 2, false)], [true, false]);
    deepEqual([may('b', 2, false), may('b', 0, true)], [true, false]);
    deepEqual([may('c', 2, false), may('c', 0, true)], [true, false]);
    equal(rules.subscribe('a').qosMax, 1);
  });

  test('what is received is all, all but, or only, as the rules are', () => {
    const received = (...rules: readonly Given[]): boolean[] => {
      const mine = acl(...rules).of(client('ada'));
      return ['a', 'b', 'c'].map(topic => mine.receive(topic));
    };
    deepEqual(received(), [true, true, true]);
    deepEqual(received({ deny: 'receive', topics: 'b' }), [true, false, true]);
    deepEqual(received({ allow: 'receive', topics: 'b' }), [false, true, false]);
    const both = [
      { allow: 'receive', topics: ['a', 'b'] },
      { deny: 'receive', topics: 'b' },
    ];
    deepEqual(received(...both), [true, false, false]);
    equal(acl({ allow: all, topics: '#' }).of(client('ada')).filtersReceived, false);
  });

  test('remembers a bounded number of answers', () => {
    const rules = acl({ allow: 'publish', topics: 'a/#' }).of(client('ada'));
    for (let i = 0; i < 1_000; i += 1) {
      equal(rules.publish(`a/${i}`, 0, false).isAllowed, true);
      equal(rules.publish(`b/${i}`, 0, false).isAllowed, false);
    }
  });
});

suite('what is no rule', () => {
  const cases: [unknown, RegExp][] = [
    [{ topics: 'a' }, /either allow or deny/],
    [{ allow: 'publish', deny: 'publish', topics: 'a' }, /either allow or deny/],
    [{ allow: 'read', topics: 'a' }, /allow has "read"; expected "publish", "subscribe"/],
    [{ allow: 'publish' }, /topics is not right/],
    [{ allow: 'publish', topics: [] }, /topics is not right/],
    [{ allow: 'publish', topics: 'a/#/b' }, /topics has "a\/#\/b"/],
    [{ allow: 'publish', topics: '$share/g/a' }, /topics has/],
    [{ allow: 'publish', topics: 'a', usr: 'x' }, /usr is no key of a rule; expected allow/],
    [{ allow: 'publish', topics: 'a', address: '10.0.0.0/33' }, /address has/],
    [{ allow: 'publish', topics: 'a', address: 'localhost' }, /address has/],
    [{ allow: 'publish', topics: 'a', qosMax: 3 }, /qosMax is not right/],
    [{ deny: 'publish', topics: 'a', qosMax: 1 }, /qosMax is for rules that allow/],
    [{ allow: 'publish', topics: 'a', retain: 'no' }, /retain is not right/],
    [{ allow: 'publish', topics: 'a', attributes: ['x'] }, /attributes is no table/],
    ['publish', /is no table/],
  ];
  for (const [value, message] of cases) {
    test(JSON.stringify(value), () => throws(() => aclRule(value, 'p'), message));
  }

  test('rules of a client are about that client only', () => {
    equal(clientRules([{ allow: 'publish', topics: 'a' }], 'token')[0].place, 'token, rule 1');
    throws(() => clientRules([{ allow: 'publish', topics: 'a', user: 'x' }], 'token'), /user is/);
    throws(() => clientRules({}, 'token'), /is no list/);
    throws(() => clientRules(Array(2_000).fill({}), 'token'), /is no list of at most 1000/);
  });
});

suite('Authorizer', () => {
  const own = clientRules([{ allow: ['publish'], topics: 'own' }], 'token');

  test('without rules all is allowed, but for clients that bring rules', () => {
    const { authorizePublish, authorizeReceive } = new Authorizer(null).hooks;
    const publish = { topic: 'own', qos: 0, retain: false } as const;
    equal(authorizePublish(client('ada'), publish), true);
    equal(authorizeReceive(client('ada')), null);
    equal(authorizePublish(known('ada', { rules: own }), publish), true);
    equal(authorizePublish(known('ada', { rules: own }), { ...publish, topic: 'x' }), false);
    equal(authorizePublish(known('ada', { rules: [] }), publish), false);
  });

  test('rules of the client and of the server count together; others may replace these', () => {
    const authorizer = new Authorizer(acl({ deny: 'publish', topics: 'own' }));
    const { authorizePublish, authorizeSubscribe, isStillWelcome } = authorizer.hooks;
    const publish = { topic: 'own', qos: 0, retain: false } as const;
    const ada = known('ada', { rules: own, stillHolds: () => false });
    equal(authorizePublish(ada, publish), false);
    authorizer.replace(acl({ allow: 'subscribe', topics: 's', qosMax: 1 }));
    equal(authorizePublish(ada, publish), true);
    equal(authorizeSubscribe(ada, { filter: 's', qos: 2 }), 1);
    equal(authorizeSubscribe(ada, { filter: 'own', qos: 2 }), false);
    deepEqual([isStillWelcome(ada), isStillWelcome(client('x'))], [false, true]);
  });
});
