import { ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { processUsage } from './process-usage.ts';

const skip = process.platform !== 'linux' && 'only Linux has /proc';

test('processUsage reads time and memory', { skip }, () => {
  const { cpuUs, rssBytes } = processUsage(process.pid);
  ok(cpuUs > 0 && rssBytes > 1e6, `${cpuUs} µs, ${rssBytes} B`);
  throws(() => processUsage(2 ** 30), { code: 'ENOENT' });
});
