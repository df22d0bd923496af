import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { isInstalled, isNodeNewEnough } from './ensure.mjs';

const a = { version: '1.0.0', integrity: 'sha512-a' };
const optional = { version: '2.0.0', integrity: 'sha512-b', optional: true };
const wanted = {
  packages: { '': {}, 'packages/x': {}, 'node_modules/a': a, 'node_modules/b': optional },
};

test('isInstalled accepts what the lockfile asks for, with or without optional packages', () => {
  equal(
    isInstalled(wanted, { packages: { 'node_modules/a': a, 'node_modules/b': optional } }),
    true,
  );
  equal(isInstalled(wanted, { packages: { 'node_modules/a': a } }), true);
});

test('isInstalled refuses nothing, a missing package, another version, another checksum', () => {
  equal(isInstalled(wanted, undefined), false);
  equal(isInstalled(wanted, { packages: { 'node_modules/b': optional } }), false);
  equal(isInstalled(wanted, { packages: { 'node_modules/a': { ...a, version: '1.0.1' } } }), false);
  equal(isInstalled(wanted, { packages: { 'node_modules/a': { ...a, integrity: 'x' } } }), false);
});

test('isNodeNewEnough draws the line at 24.11', () => {
  for (const version of ['v24.11.0', 'v24.21.0', 'v26.0.0']) equal(isNodeNewEnough(version), true);
  for (const version of ['v20.20.2', 'v22.23.3', 'v24.10.9'])
    equal(isNodeNewEnough(version), false);
});
