/**
 * Filters as a tree of their levels, for the few that a client has: small to load in a page, where
 * the protocol's `FilterTree` is made for a server's millions.
 */

interface Level<T> {
  readonly children: Map<string, Level<T>>;
  value: T | undefined;
}

export class RouteTree<T> {
  readonly #root: Level<T> = { children: new Map(), value: undefined };

  get(filter: string): T | undefined {
    let level: Level<T> | undefined = this.#root;
    for (const name of filter.split('/')) level = level?.children.get(name);
    return level?.value;
  }

  /** @param filter a valid one, without `$share/…/` */
  set(filter: string, value: T): void {
    let level = this.#root;
    for (const name of filter.split('/')) {
      let child = level.children.get(name);
      if (child === undefined) {
        child = { children: new Map(), value: undefined };
        level.children.set(name, child);
      }
      level = child;
    }
    level.value = value;
  }

  delete(filter: string): void {
    const names = filter.split('/');
    const path = [this.#root];
    for (const name of names) {
      const child = path[path.length - 1].children.get(name);
      if (child === undefined) return;
      path.push(child);
    }
    path[names.length].value = undefined;
    for (let depth = names.length; depth > 0; depth -= 1) {
      const { children, value } = path[depth];
      if (children.size > 0 || value !== undefined) return;
      path[depth - 1].children.delete(names[depth - 1]);
    }
  }

  /** The values of all filters that match a valid topic name. */
  match(topic: string): T[] {
    const found: T[] = [];
    const take = (level: Level<T> | undefined): void => {
      if (level?.value !== undefined) found.push(level.value);
    };
    let reached = [this.#root];
    for (const [depth, name] of topic.split('/').entries()) {
      // [MQTT-4.7.2-1] a leading wildcard does not match a leading '$'
      const isHidden = depth === 0 && name.startsWith('$');
      const next: Level<T>[] = [];
      for (const { children } of reached) {
        const [exact, any] = [children.get(name), children.get('+')];
        if (exact !== undefined) next.push(exact);
        if (isHidden) continue;
        if (any !== undefined) next.push(any);
        take(children.get('#'));
      }
      reached = next;
    }
    for (const level of reached) {
      take(level);
      // the parent level included
      take(level.children.get('#'));
    }
    return found;
  }
}
