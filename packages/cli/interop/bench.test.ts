/** `godwit bench` against a real server: a short run of each mode. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Report } from '@godwit/bench';
import type { Server } from '@godwit/server';
import { godwit, type Outcome, startServer } from './harness.ts';

const short = ['-d', '0.3', '--warmup', '0.1'];

suite('godwit bench', { timeout: 60_000 }, () => {
  let server: Server;
  let port = '';
  let folder = '';
  before(async () => {
    [server, port] = await startServer();
    folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const bench = (...args: readonly string[]): Promise<Outcome> =>
    godwit('bench', ...args, '-p', port).outcome;

  async function report<M extends Report['mode']>(
    mode: M,
    ...args: readonly string[]
  ): Promise<Report & { readonly mode: M }> {
    const { code, stdout, stderr } = await bench(mode, ...short, '--json', ...args);
    deepEqual([code, stderr], [0, '']);
    return JSON.parse(stdout);
  }

  const flawless = ['--fail-if', 'lost>0', 'duplicates>0', 'closed>0', 'refused>0', 'givenUp>0'];

  for (const [qos, version] of [
    ['0', '5'],
    ['1', '311'],
    ['2', '5'],
    ['2', '31'],
  ]) {
    test(`pair, QoS ${qos}, version ${version}`, async () => {
      const args = ['-n', '5', '-q', qos, '-V', version, ...flawless, 'reordered>0'];
      const { result } = await report('pair', ...args);
      ok(result.received > 100, `received ${result.received}`);
      equal(result.latency !== null && result.latency.p50Us > 0, true);
      ok((result.checked.expected ?? 0) >= result.received);
      ok(qos === '0' || result.acknowledged > 100);
    });
  }

  test('pub and sub, each in a process of its own', async () => {
    const [sent, received] = await Promise.all([
      report('pub', '-n', '2', '-t', 'apart/%d', '-d', '1', '-r', '2000'),
      report('sub', '-n', '2', '-t', 'apart/%d', '-d', '2', '--fail-if', 'lost>0', 'duplicates>0'),
    ]);
    const { sentRate, latency } = sent.result;
    // How near it comes is the machine's affair; it never sends more than it was told to.
    ok(sentRate > 0 && sentRate < 2_100, `sent ${sentRate}/s`);
    equal(latency, null);
    ok(received.result.received > 100, `received ${received.result.received}`);
    equal(received.result.checked.expected, null);
  });

  test('pub alone: pings at QoS 0, acknowledgements above', async () => {
    ok((await report('pub', ...flawless)).result.sent > 100);
    const { acknowledged, latency, latencyTo } = (await report('pub', '-q', '1')).result;
    ok(acknowledged > 100 && latency !== null);
    equal(latencyTo, 'acknowledgement');
  });

  test('fan out, and in', async () => {
    const out = await report('fan', '-n', '20', ...flawless);
    ok(out.result.received > out.result.sent);
    const into = await report('fan', '--publishers', '20', '--subscribers', '1', ...flawless);
    ok(into.result.received > 100);
  });

  test('share: each message reaches one member', async () => {
    const { result } = await report('share', '-n', '4', '-q', '1', ...flawless);
    ok(result.received > 100);
    equal(result.checked.reordered, null);
  });

  test('several topics of each publisher, among many other filters', async () => {
    const topics = ['-t', 'many/%d/%t', '--topics-each', '7', '--background', '2000'];
    ok((await report('pair', '-n', '3', ...topics, ...flawless)).result.received > 100);
  });

  test('open loop keeps the rate', async () => {
    const { result } = await report('pair', '-n', '3', '-r', '1000', ...flawless);
    ok(result.sentRate > 900 && result.sentRate < 1_100, `sent ${result.sentRate}/s`);
  });

  test('connect and idle, with what the server used', async () => {
    const pid = ['--pid', String(process.pid)];
    const connects = await report('connect', '-n', '4', ...pid, '--fail-if', 'failed>0');
    ok(connects.result.connectRate > 10);
    ok((connects.result.usage.server?.usEach ?? 0) > 0);
    const idle = await report('idle', '-n', '40', ...pid, '--fail-if', 'closed>0');
    deepEqual([idle.result.open, typeof idle.result.bytesEach], [40, 'number']);
  });

  test('text, a page, and 3 when a condition is met', async () => {
    const html = join(folder, 'report.html');
    const args = ['pair', '-n', '2', ...short, '--html', html, '--fail-if', 'received<1000M'];
    const { code, stdout, stderr } = await bench(...args);
    equal(code, 3);
    match(stdout, /^pair {2}2 → 2 {2}QoS 0 .*\n {2}sent +[\d,]+\/s\n/);
    match(stderr, /^godwit bench: received<1000M: received is \d/);
    match(await readFile(html, 'utf8'), /<svg /);
  });

  test('says what is wrong in one line', async () => {
    const refused = await godwit('bench', 'pair', '-p', '1').outcome;
    deepEqual([refused.code, refused.stdout], [1, '']);
    match(refused.stderr, /^godwit bench: .*ECONNREFUSED.*\n$/);
    const unknown = await bench('pear');
    equal(unknown.code, 1);
    match(unknown.stderr, /pub, sub, pair, fan, share, connect, idle/);
  });
});
