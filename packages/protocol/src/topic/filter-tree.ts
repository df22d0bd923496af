/**
 * A map from topic filters to values that finds all filters matching a topic. Made for a million
 * filters: about a hundred bytes each, and a match visits only nodes that can match.
 */
import { firstField, hashField, nodeShift, plusField, root } from './node-table.ts';
import { PathMap } from './path-map.ts';

const dollar = 0x24;
const initialDepth = 16;

/**
 * Topic filters (valid ones, without `$share/…/`) to values.
 *
 * @example
 * const tree = new FilterTree<string>();
 * tree.set('site/+/temperature', 'thermostat');
 * const found: string[] = [];
 * tree.match('site/north/temperature', found); // ['thermostat']
 */
export class FilterTree<T extends NonNullable<unknown>> extends PathMap<T> {
  /** Level ids of the topic being matched, resolved as deep as the walk has come. */
  #topicLevels: Int32Array = new Int32Array(initialDepth);
  /** '+' branches still to be walked: node and depth, at most one pair per level of the topic. */
  #branches: Int32Array = new Int32Array(initialDepth * 2);

  /**
   * Appends the values of all filters that match a valid topic name to `out`, in no particular
   * order. Visits each stored filter prefix that matches a prefix of the topic once.
   */
  match(topic: string, out: T[]): void {
    const { levels, nodes, values } = this;
    const { fields } = nodes;
    let topicLevels = this.#topicLevels;
    let resolved = 0;
    let start = 0;
    let branches = 0;
    let node = root;
    let depth = 0;
    // [MQTT-4.7.2-1] a leading wildcard does not match a leading '$'
    let wildcards = topic.charCodeAt(0) !== dollar;
    for (;;) {
      const base = node << nodeShift;
      const plus = wildcards ? fields[base + plusField] : 0;
      // '#' matches its parent level too, so it does not matter whether the topic ends here.
      if (wildcards && fields[base + hashField] !== 0) {
        const value = values[fields[base + hashField]];
        if (value !== undefined) out.push(value);
      }
      wildcards = true;
      let next = 0;
      if (depth === resolved && start > topic.length) {
        const value = values[node];
        if (value !== undefined) out.push(value);
      } else if ((fields[base + firstField] | plus) !== 0) {
        if (depth === resolved) {
          if (depth === topicLevels.length) topicLevels = this.#deepen();
          topicLevels[depth] = levels.lookup(topic, start);
          resolved += 1;
          start = levels.end + 1;
        }
        const level = topicLevels[depth];
        next = level === 0 ? 0 : nodes.literalChild(node, level);
        if (next === 0) {
          next = plus;
        } else if (plus !== 0) {
          this.#branches[branches] = plus;
          this.#branches[branches + 1] = depth + 1;
          branches += 2;
        }
      }
      if (next !== 0) {
        node = next;
        depth += 1;
      } else if (branches !== 0) {
        branches -= 2;
        node = this.#branches[branches];
        depth = this.#branches[branches + 1];
      } else {
        return;
      }
    }
  }

  #deepen(): Int32Array {
    const levels = new Int32Array(this.#topicLevels.length * 2);
    levels.set(this.#topicLevels);
    const branches = new Int32Array(levels.length * 2);
    branches.set(this.#branches);
    this.#topicLevels = levels;
    this.#branches = branches;
    return levels;
  }
}
