import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { defaultConfig } from './config.ts';
import { configJsonSchema, configToml, referenceToml } from './config-toml.ts';
import { readSources } from './read-sources.ts';

const sources = { file: 'a.toml', environment: {}, set: [], firstListener: {}, storage: {} };

test('configToml writes what can be read again', () => {
  deepEqual(readSources(sources, configToml(defaultConfig)), defaultConfig);
});

test('referenceToml is a file that changes nothing, and names every key with its meaning', () => {
  const text = referenceToml();
  deepEqual(readSources(sources, text), defaultConfig);
  match(text, /# Where clients connect\.\n# \[\[listeners]]/);
  match(text, /# Messages waiting in one session; .*\n(#.*\n)?# queueMessagesMax = 100000/);
  equal(
    text.split('\n').some(line => line.length > 100),
    false,
  );
  const all = text.replaceAll(/^# (?=\[\[|\w+ = \S+$)/gm, '');
  equal(typeof parse(all), 'object');
});

test('configJsonSchema has the keys', () => {
  match(JSON.stringify(configJsonSchema()), /"queueMessagesMax":\{"default":100000/);
});
