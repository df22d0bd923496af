import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { tomlLines } from './toml-lines.ts';

const lines = (text: string): Record<string, number> =>
  Object.fromEntries([...tomlLines(text)].map(([key, line]) => [key.replaceAll('\0', '/'), line]));

test('keys, tables and comments', () => {
  const text = 'a = 1 # [no]\n\n# b = 2\n[t]\nc = "x # [y]"\nd.e = true\n["f g".h]\ni = 1.5\n';
  deepEqual(lines(text), {
    a: 1,
    t: 4,
    't/c': 5,
    't/d': 6,
    't/d/e': 6,
    'f g': 7,
    'f g/h': 7,
    'f g/h/i': 8,
  });
});

test('arrays of tables and what belongs to their items', () => {
  const text = '[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\nb = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5\n';
  deepEqual(lines(text), {
    a: 1,
    'a/0': 1,
    'a/0/b': 2,
    'a/0/c': 3,
    'a/0/c/d': 4,
    'a/1': 5,
    'a/1/b': 6,
    'a/1/e': 7,
    'a/1/e/0': 7,
    'a/1/e/0/f': 8,
    'a/1/e/1': 9,
    'a/1/e/1/f': 10,
  });
});

test('values over several lines do not hide what follows them', () => {
  const text = [
    'a = """',
    'x = 1',
    '\\""" ""quoted"""',
    "b = '''",
    "[no]'''",
    'c = [ # list',
    '  { d = 1, e = "]" }, # first',
    '  { d = 2 },',
    ']',
    'f = { g.h = [1, 2] }',
    'i = 2001-01-01T00:00:00Z',
  ].join('\n');
  deepEqual(lines(text), {
    a: 1,
    b: 4,
    c: 6,
    'c/0': 7,
    'c/0/d': 7,
    'c/0/e': 7,
    'c/1': 8,
    'c/1/d': 8,
    f: 10,
    'f/g': 10,
    'f/g/h': 10,
    'f/g/h/0': 10,
    'f/g/h/1': 10,
    i: 11,
  });
});
