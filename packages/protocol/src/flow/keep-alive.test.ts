import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKeepAliveOver, keepAliveGraceTicks, serverKeepAlive } from './keep-alive.ts';

test('the server overrides what is longer than it allows, and none', () => {
  assert.equal(serverKeepAlive(60, 300), undefined);
  assert.equal(serverKeepAlive(300, 300), undefined);
  assert.equal(serverKeepAlive(301, 300), 300);
  assert.equal(serverKeepAlive(0, 300), 300); // the client wants none
  assert.equal(serverKeepAlive(0, 0), undefined);
  assert.equal(serverKeepAlive(65_535, 0), undefined);
});

test('silence of one and a half times keep alive, not less [MQTT-3.1.2-22]', () => {
  const grace = keepAliveGraceTicks(10, 1_000);
  assert.equal(grace, 16);
  // The packet came at 100.999 s, tick 100; 15 s later it is 115.999 s.
  assert.equal(isKeepAliveOver(115, 100, grace), false);
  assert.equal(isKeepAliveOver(116, 100, grace), true);
});

test('parts of a tick count as a whole one', () => {
  assert.equal(keepAliveGraceTicks(1, 1_000), 3); // 1.5 s
  assert.equal(keepAliveGraceTicks(1, 500), 4);
  assert.equal(keepAliveGraceTicks(65_535, 1_000), 98_304);
});

test('keep alive 0 is never over', () => {
  const grace = keepAliveGraceTicks(0, 1_000);
  assert.equal(isKeepAliveOver(2 ** 40, 0, grace), false);
});
