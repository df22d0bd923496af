import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { adminFaults } from './admin-rules.ts';
import { defaultConfig } from './config.ts';

test('adminFaults says what is wrong with tokens', () => {
  const token = { name: 'a', scopes: ['read'] } as const;
  const tokens = [
    token,
    { ...token, sha256: 'g'.repeat(64), expires: 'soon' },
    { ...token, file: '/nowhere/token' },
    { ...token, sha256: 'A'.repeat(64), expires: '2030-01-31' },
  ];
  deepEqual(adminFaults({ ...defaultConfig.admin, host: '::', port: 1, tokens }), [
    { key: 'tokens.0', message: 'needs either sha256 or file' },
    { key: 'tokens.1.sha256', message: 'is not 64 hexadecimal digits' },
    { key: 'tokens.1.expires', message: 'is "soon"; expected a time' },
    { key: 'tokens.2.file', message: 'is "/nowhere/token", which cannot be read (ENOENT)' },
  ]);
});
