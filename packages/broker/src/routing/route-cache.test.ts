import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeUtf8 } from '@godwit/protocol';
import { Route } from './route.ts';
import { hashBytes, RouteCache } from './route-cache.ts';

function bytesOf(topic: string): Uint8Array {
  const bytes = new Uint8Array(topic.length * 3);
  return bytes.subarray(0, writeUtf8(bytes, 0, topic));
}

function routeOf(topic: string, hash?: number): Route {
  const bytes = bytesOf(topic);
  return new Route(topic, bytes, hash ?? hashBytes(bytes, 0, bytes.length));
}

function find(cache: RouteCache, topic: string, hash?: number): Route | undefined {
  const bytes = bytesOf(`<${topic}>`);
  const end = bytes.length - 1;
  return cache.find(bytes, 1, end, hash ?? hashBytes(bytes, 1, end));
}

test('finds the route of exactly these bytes, wherever they lie', () => {
  const cache = new RouteCache(16);
  const route = routeOf('a/b');
  cache.add(route);
  assert.equal(find(cache, 'a/b'), route);
  for (const other of ['a/c', 'a/', 'a/b/', 'b', 'xa/b', '']) {
    assert.equal(find(cache, other), undefined);
  }
});

test('topics with the same hash are told apart', () => {
  const cache = new RouteCache(16);
  const routes = ['a', 'b', 'aa', 'ba'].map(topic => routeOf(topic, 7));
  for (const route of routes) cache.add(route);
  for (const route of routes) assert.equal(find(cache, route.topic, 7), route);
  assert.equal(find(cache, 'c', 7), undefined);
  cache.add(routeOf('c', 7));
  assert.equal(find(cache, 'c', 7)?.topic, 'c');
  const left = routes.filter(({ topic }) => find(cache, topic, 7) !== undefined);
  assert.equal(left.length, 3);
});

test('holds no more than its bound, however many topics there are', () => {
  for (const [entriesMax, bound] of [
    [1, 16],
    [16, 16],
    [17, 32],
    [1000, 1024],
  ] as const) {
    const cache = new RouteCache(entriesMax);
    const topics = Array.from({ length: 5_000 }, (_, i) => `t/${i}`);
    for (const topic of topics) cache.add(routeOf(topic));
    const found = topics.filter(topic => find(cache, topic) !== undefined);
    assert(found.length <= bound && found.length > bound / 2, `${found.length} of ${bound}`);
  }
});

test('a million topics that are published once do not push out those in use', () => {
  const cache = new RouteCache(1_024);
  const used = Array.from({ length: 64 }, (_, i) => routeOf(`used/${i}`));
  for (const route of used) cache.add(route);
  let lost = 0;
  const once = routeOf('once');
  for (let i = 0; i < 1_000_000; i += 1) {
    const hash = Math.imul(i, 0x9e3779b1) >>> 0;
    cache.add(new Route('once', once.topicBytes, hash));
    const route = used[i % used.length];
    if (cache.find(route.topicBytes, 0, route.topicBytes.length, route.hash) === undefined) {
      lost += 1;
      cache.add(route);
    }
  }
  assert(lost < 50_000, `${lost} of 1,000,000 look-ups failed`);
});

test('the hash depends on every byte and their order', () => {
  const hashes = new Set<number>();
  const bytes = new Uint8Array(4);
  hashes.add(hashBytes(bytes, 0, 0));
  for (let length = 1; length <= 4; length += 1) hashes.add(hashBytes(bytes, 0, length));
  for (let i = 0; i < 4; i += 1) {
    for (let value = 1; value < 256; value += 1) {
      bytes[i] = value;
      hashes.add(hashBytes(bytes, 0, 4));
      bytes[i] = 0;
    }
  }
  assert.equal(hashes.size, 5 + 4 * 255);
  for (const hash of hashes) assert(hash >= 0 && hash < 2 ** 32 && Number.isInteger(hash));
});

test('a route counts levels as its slashes tell', () => {
  for (const [topic, levels] of [
    ['a', 1],
    ['/', 2],
    ['a/b/c', 3],
    ['//a/', 4],
  ] as const) {
    assert.equal(routeOf(topic).levels, levels);
  }
});
