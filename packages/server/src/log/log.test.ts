import { deepEqual, equal, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { LogConfig } from '../config/config.ts';
import { Log } from './log.ts';
import { prettyLine } from './pretty-line.ts';

function logOf(config: LogConfig): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: new Log(config, { write: line => lines.push(line) }), lines };
}

suite('Log', () => {
  test('keeps what comes before it is open, and leaves out what is below its level', async () => {
    const { log, lines } = logOf({ level: 'info', format: 'json' });
    log.info('first', { port: 1 });
    log.debug('no');
    deepEqual(lines, []);
    await log.open();
    log.warn('second');
    const records = lines.map(line => JSON.parse(line));
    deepEqual(
      records.map(({ level, msg, port }) => [level, msg, port]),
      [
        [30, 'first', 1],
        [40, 'second', undefined],
      ],
    );
    equal(log.has('debug'), false);
    equal(log.has('error'), true);
  });

  test('writes lines for people', async () => {
    const { log, lines } = logOf({ level: 'debug', format: 'pretty' });
    await log.open();
    log.debug('connected', { clientId: 'a b\n', port: 1 });
    match(lines.join(), /^\d{4}-\d\d-\d\dT\S+Z DEBUG connected clientId="a b\\n" port=1\n$/);
  });

  test('is silent when told so', async () => {
    const { log, lines } = logOf({ level: 'silent', format: 'json' });
    await log.open();
    log.error('no');
    deepEqual(lines, []);
  });
});

test('prettyLine names levels and quotes what is not plain', () => {
  const json = '{"level":50,"time":"T","msg":"m","a":"x","b":"x y","c":"","d":null}\n';
  equal(prettyLine(json), 'T ERROR m a=x b="x y" c="" d=null\n');
});
