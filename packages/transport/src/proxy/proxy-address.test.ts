import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { proxyAddress } from './proxy-address.ts';

test('a proxy by its URL', () => {
  const bare = { username: '', password: '' };
  for (const [url, expected] of [
    ['socks5://a', { kind: 'socks5', host: 'a', port: 1080, ...bare }],
    ['socks5h://a:7/', { kind: 'socks5', host: 'a', port: 7, ...bare }],
    ['http://[::1]:3128', { kind: 'http', host: '::1', port: 3128, ...bare }],
    ['http://a', { kind: 'http', host: 'a', port: 8080, ...bare }],
    [
      new URL('socks5://me:p%40ss%3A@a'),
      { kind: 'socks5', host: 'a', port: 1080, username: 'me', password: 'p@ss:' },
    ],
  ] as const) {
    deepEqual(proxyAddress(url), expected);
  }
});

test('anything else is refused, without a word of its password', () => {
  for (const url of [
    '',
    'nowhere',
    'https://me:secret@a',
    'socks4://a',
    'socks5://',
    'socks5://a/path',
    'http://a?b',
    'http://me%zz:secret@a',
    'http://a%3Ab:secret@a',
    `socks5://${'u'.repeat(256)}:secret@a`,
    `socks5://u:secret${'p'.repeat(250)}@a`,
  ]) {
    throws(() => proxyAddress(url), /^TypeError: (?!.*secret)/);
  }
});
