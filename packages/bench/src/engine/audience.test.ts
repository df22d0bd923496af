import { equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Audience } from './audience.ts';

suite('Audience', () => {
  test('counts who receives', () => {
    const audience = new Audience(['a/1', 'a/1', 'a/+', 'b/#'], false);
    equal(audience.fanOf(['a/1']), 3);
    equal(audience.fanOf(['a/2', 'b', 'b/c/d']), 1);
    equal(audience.fanOf(['c']), 0);
  });

  test('of members of a group one does', () => {
    equal(new Audience(['a', 'a', 'a'], true).fanOf(['a']), 1);
  });

  test('refuses topics that reach different numbers', () => {
    throws(() => new Audience(['a'], false).fanOf(['a', 'b']), /reach 1 and 0 subscribers/);
  });
});
