/**
 * Finds the line on which each key of a TOML document stands. The document is known to be valid:
 * this reads only as much of TOML as it takes to tell keys, strings and brackets apart.
 */

/** Joins the steps of a path into one key of a map; U+0000 occurs in no TOML key. */
export function pathKey(path: readonly string[]): string {
  return path.join('\0');
}

/** Line, counted from 1, of each key and table by its {@link pathKey}; array items have an index. */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  return new Scanner(text).scan();
}

class Scanner {
  readonly #text: string;
  readonly #lines: Map<string, number>;
  /** Items that each array of tables has so far. */
  readonly #counts: Map<string, number>;
  #at: number;
  #line: number;

  constructor(text: string) {
    this.#text = text;
    this.#lines = new Map();
    this.#counts = new Map();
    this.#at = 0;
    this.#line = 1;
  }

  scan(): ReadonlyMap<string, number> {
    let table: readonly string[] = [];
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#pair(table);
    }
    return this.#lines;
  }

  /** `[a.b]` or `[[a.b]]`: the path that the keys below it belong to. */
  #header(): readonly string[] {
    const isArray = this.#text.startsWith('[[', this.#at);
    this.#at += isArray ? 2 : 1;
    const path = this.#resolve(this.#key(']'));
    this.#at += isArray ? 2 : 1;
    this.#mark([], path);
    if (!isArray) return path;
    const count = this.#counts.get(pathKey(path)) ?? 0;
    this.#counts.set(pathKey(path), count + 1);
    const item = [...path, String(count)];
    this.#mark(path, [String(count)]);
    return item;
  }

  /** A header means the last item of every array of tables that it passes through. */
  #resolve(names: readonly string[]): string[] {
    const path: string[] = [];
    for (const [index, name] of names.entries()) {
      path.push(name);
      const count = this.#counts.get(pathKey(path));
      if (count !== undefined && index < names.length - 1) path.push(String(count - 1));
    }
    return path;
  }

  #pair(parent: readonly string[]): void {
    const names = this.#key('=');
    this.#mark(parent, names);
    this.#at += 1;
    this.#value([...parent, ...names]);
  }

  /** Reads a dotted key up to, and without, `end`. */
  #key(end: string): string[] {
    const names: string[] = [];
    for (;;) {
      this.#skipBlank();
      const char = this.#text[this.#at];
      if (char === undefined || char === end) return names;
      if (char === '.') this.#at += 1;
      else if (char === '"' || char === "'") names.push(this.#string());
      else names.push(this.#match(/[^\s.=\]"'#]+/y));
    }
  }

  #value(path: readonly string[]): void {
    this.#skipBlank();
    const char = this.#text[this.#at];
    if (char === '{') this.#items('}', () => this.#pair(path));
    else if (char === '[') {
      this.#items(']', index => {
        this.#mark(path, [String(index)]);
        this.#value([...path, String(index)]);
      });
    } else if (char === '"' || char === "'") this.#string();
    else this.#match(/[^,\]}#\n]+/y);
  }

  #items(end: string, item: (index: number) => void): void {
    this.#at += 1;
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#text[this.#at] === ',') {
        this.#at += 1;
        this.#skipBlank();
      }
      if (this.#at >= this.#text.length || this.#text[this.#at] === end) break;
      item(index);
    }
    this.#at += 1;
  }

  /** The text of a string, of whichever kind. */
  #string(): string {
    const quote = this.#text[this.#at];
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const pattern = isLong
      ? { '"': /"""(?:\\[\s\S]|[^\\])*?"{3,5}(?!")/y, "'": /'''[\s\S]*?'{3,5}(?!')/y }
      : { '"': /"(?:\\.|[^"\\])*"/y, "'": /'[^']*'/y };
    const raw = this.#match(pattern[quote as '"' | "'"]);
    return quote === '"' && !isLong ? unescaped(raw) : raw.slice(1, -1);
  }

  #skipBlank(): void {
    this.#match(/(?:\s|#[^\n]*)*/y);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    for (const char of found) if (char === '\n') this.#line += 1;
    return found;
  }

  /** Notes the line of a key, and of the tables that its dots make; the first mention counts. */
  #mark(parent: readonly string[], names: readonly string[]): void {
    for (let length = 1; length <= names.length; length++) {
      const key = pathKey([...parent, ...names.slice(0, length)]);
      if (!this.#lines.has(key)) this.#lines.set(key, this.#line);
    }
  }
}

/** A quoted key without its escapes, as far as JSON has the same ones. */
function unescaped(raw: string): string {
  try {
    return JSON.parse(raw) as string;
  } catch {
    return raw.slice(1, -1);
  }
}
