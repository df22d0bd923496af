/** All that is subscribed with one filter: plain subscriptions, and shared groups by name. */
import { SharedGroup } from './shared-group.ts';
import type { SharedStrategy } from './shared-strategy.ts';
import type { Subscription } from './subscription.ts';

export class Interest {
  /**
   * The plain subscriptions, in no particular order; each knows its place, so that one leaves at
   * once. Routes of topics that match no other filter walk this very list.
   */
  readonly members: Subscription[];
  /** By share name; null when there is none. */
  groups: Map<string, SharedGroup> | null;
  /** Members with No Local or an identifier. */
  #special: number;

  constructor() {
    this.members = [];
    this.groups = null;
    this.#special = 0;
  }

  get isEmpty(): boolean {
    return this.members.length === 0 && this.groups === null;
  }

  /** Every receiver takes messages as they come: no group, no identifiers, no No Local. */
  get isPlain(): boolean {
    return this.#special === 0 && this.groups === null;
  }

  /** @param newStrategy for the group that a first member founds */
  add(subscription: Subscription, share: string | null, newStrategy?: () => SharedStrategy): void {
    if (share !== null) {
      this.#group(share, newStrategy).add(subscription);
      return;
    }
    subscription.position = this.members.length;
    this.members.push(subscription);
    this.#special += subscription.isSpecial ? 1 : 0;
  }

  remove(subscription: Subscription, share: string | null): void {
    if (share !== null) {
      this.#leave(subscription, share);
      return;
    }
    const at = subscription.position;
    if (this.members[at] !== subscription) return;
    this.#special -= subscription.isSpecial ? 1 : 0;
    subscription.position = -1;
    const last = this.members.pop()!;
    if (last === subscription) return;
    last.position = at;
    this.members[at] = last;
  }

  #group(name: string, newStrategy?: () => SharedStrategy): SharedGroup {
    this.groups ??= new Map();
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new SharedGroup(name, newStrategy?.());
      this.groups.set(name, group);
    }
    return group;
  }

  #leave(subscription: Subscription, name: string): void {
    const { groups } = this;
    const group = groups?.get(name);
    if (groups === null || group === undefined) return;
    group.remove(subscription);
    if (group.members.length > 0) return;
    groups.delete(name);
    if (groups.size === 0) this.groups = null;
  }
}
