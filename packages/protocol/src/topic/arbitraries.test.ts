/** Random topics and filters for the property tests; few levels, so that they often match. */
import fc from 'fast-check';

const level = fc.constantFrom(
  '',
  'a',
  'b',
  '$',
  '$SYS',
  'ä',
  '温度',
  '🌡',
  'a long level of its own',
);

export const topics: fc.Arbitrary<string> = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map(levels => levels.join('/'))
  .filter(topic => topic !== '');

export const filters: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '', '/#', 'all'),
  )
  .map(([levels, end]) => (end === 'all' ? '#' : levels.join('/') + end))
  .filter(filter => filter !== '');
