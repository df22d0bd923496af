import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onWake } from './wake.ts';

test('wakes when the network is back and when the tab is seen, until it is ended', () => {
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const page = Object.assign(new EventTarget(), { document });
  let wakes = 0;
  const stop = onWake(() => {
    wakes += 1;
  }, page);
  page.dispatchEvent(new Event('online'));
  assert.equal(wakes, 1);
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(wakes, 1);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(wakes, 2);
  stop();
  page.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(wakes, 2);
});

test('a worker has no document, and Node neither', () => {
  const worker = new EventTarget();
  let wakes = 0;
  const stop = onWake(() => {
    wakes += 1;
  }, worker);
  worker.dispatchEvent(new Event('online'));
  assert.equal(wakes, 1);
  stop();
  onWake(() => {}, {})();
});
