/**
 * What a filter costs in the filter tree, beside nested Maps as the yardstick: bytes, and time to
 * set, match cold (random topics), match hot (few topics) and delete.
 *
 *     npm run bench -- filter-tree [filters]
 */
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { FilterTree } from '@godwit/protocol';

interface Tree {
  set(filter: string, value: object): unknown;
  delete(filter: string): unknown;
  match(topic: string, out: object[]): void;
}

interface MapNode {
  children: Map<string, MapNode>;
  value: object | undefined;
}

/** The obvious tree: a Map of children per level. */
class NestedMaps implements Tree {
  readonly #root: MapNode = { children: new Map(), value: undefined };

  set(filter: string, value: object): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = { children: new Map(), value: undefined };
        node.children.set(level, child);
      }
      node = child;
    }
    node.value = value;
  }

  delete(filter: string): void {
    const path: [MapNode, string][] = [];
    let node = this.#root;
    for (const level of filter.split('/')) {
      const child = node.children.get(level);
      if (child === undefined) return;
      path.push([node, level]);
      node = child;
    }
    node.value = undefined;
    for (const [parent, level] of path.reverse()) {
      const child = parent.children.get(level);
      if (child === undefined || child.value !== undefined || child.children.size > 0) return;
      parent.children.delete(level);
    }
  }

  match(topic: string, out: object[]): void {
    this.#match(this.#root, topic.split('/'), 0, out);
  }

  #match(node: MapNode, levels: string[], depth: number, out: object[]): void {
    const rest = node.children.get('#');
    if (rest?.value !== undefined) out.push(rest.value);
    if (depth === levels.length) {
      if (node.value !== undefined) out.push(node.value);
      return;
    }
    const child = node.children.get(levels[depth]);
    if (child !== undefined) this.#match(child, levels, depth + 1, out);
    const plus = node.children.get('+');
    if (plus !== undefined) this.#match(plus, levels, depth + 1, out);
  }
}

/** A filter per device; one in ten ends in '#', one in ten has a '+' in the middle. */
function filterOf(index: number): string {
  if (index % 10 === 0) return `${topicOf(index)}/#`;
  return index % 10 === 1 ? `site/${index % 100}/line/+/d${index}` : topicOf(index);
}

function topicOf(index: number): string {
  return `site/${index % 100}/line/${index % 1000}/d${index}`;
}

/** Steps through 0…count−1 in a scattered order. */
function* scattered(count: number, steps: number): Generator<number> {
  let at = 1;
  for (let step = 0; step < steps; step += 1) {
    at = (at + 618_033_989) % count;
    yield at;
  }
}

function memory(): number {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

/** Nanoseconds per item. */
function timed<I>(items: readonly I[], run: (item: I) => void): number {
  const start = performance.now();
  for (const item of items) run(item);
  return ((performance.now() - start) * 1e6) / items.length;
}

function measure(name: string, tree: Tree, count: number): void {
  const value = {};
  const order = [...scattered(count, count)];
  const added: string[] = order.map(filterOf);
  const cold = [...scattered(count, 500_000)].map(topicOf);
  const hot = Array.from({ length: 500_000 }, (_, at) => cold[at % 100]);
  // A flat string is what a decoder hands over; a concatenation would be flattened while timed.
  for (const list of [added, cold]) for (const text of list) Number(text);
  const out: object[] = [];
  const match = (topic: string): void => {
    out.length = 0;
    tree.match(topic, out);
    if (out.length !== 1) throw new Error(`${topic} matched ${out.length} filters`);
  };
  const before = memory();
  const set = timed(added, filter => tree.set(filter, value));
  const bytes = (memory() - before) / count;
  timed(cold.slice(0, 50_000), match);
  const coldMatch = timed(cold, match);
  const hotMatch = timed(hot, match);
  const removed = timed(added, filter => tree.delete(filter));
  const columns = [bytes, set, coldMatch, hotMatch, removed];
  console.log(name.padEnd(14), ...columns.map(figure => figure.toFixed(0).padStart(10)));
}

const count = Number(process.argv[2] ?? 1_000_000);
if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
console.log(`${count} filters, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}`);
const heads = ['B/filter', 'set ns', 'cold ns', 'hot ns', 'delete ns'];
console.log(''.padEnd(14), ...heads.map(head => head.padStart(10)));
measure('FilterTree', new FilterTree<object>(), count);
measure('nested Maps', new NestedMaps(), count);
