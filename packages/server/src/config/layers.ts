/**
 * The configuration as it is put together: one source laid over the other, and for each value the
 * place that it came from. Does not know what is right; see `checkConfig`.
 */
import { parse, TomlError } from 'smol-toml';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { nodeAt, type Path } from './schema-node.ts';
import { pathKey, tomlLines } from './toml-lines.ts';

type Table = Record<string, unknown>;

export class Layers {
  readonly value: Table;
  /** What could not be laid over. */
  readonly issues: ConfigIssue[];
  readonly #places: Map<string, string>;

  constructor() {
    this.value = {};
    this.issues = [];
    this.#places = new Map();
  }

  /**
   * Takes over a file, as the first layer.
   * @throws ConfigError when it is no TOML
   */
  addFile(name: string, text: string): void {
    try {
      Object.assign(this.value, parse(text));
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [reason] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
      throw new ConfigError([
        { place: `${name}:${error.line}:${error.column}`, message: `not TOML: ${reason}` },
      ]);
    }
    for (const [key, line] of tomlLines(text)) this.#places.set(key, `${name}:${line}`);
  }

  /** Sets one value; tables and list items on the way to it are made where there are none. */
  set(path: Path, value: unknown, place: string): void {
    let parent: unknown = this.value;
    for (const [index, step] of path.entries()) {
      if (typeof parent !== 'object' || parent === null) return;
      if (Array.isArray(parent) && Number(step) > parent.length) {
        const list = path.slice(0, index).join('.');
        const message = `${list} has no item ${step}; expected at most ${parent.length}`;
        this.issues.push({ place, message });
        return;
      }
      const table = parent as Table;
      if (index === path.length - 1) table[step] = value;
      else table[step] ??= nodeAt(path.slice(0, index + 1))?.type === 'array' ? [] : {};
      parent = table[step];
    }
    this.#places.set(pathKey(path), place);
  }

  /** Where the value at `path`, or the nearest table around it, came from. */
  placeOf(path: Path): string {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(pathKey(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return 'configuration';
  }
}
