/** All that is subscribed with one filter: plain subscriptions, and shared groups by name. */
import { SharedGroup } from './shared-group.ts';
import type { SharedStrategy } from './shared-strategy.ts';
import type { Subscription } from './subscription.ts';

export class Interest {
  /** Head of the list of plain subscriptions; a member leaves it at once. */
  first: Subscription | null;
  /** By share name; null when there is none. */
  groups: Map<string, SharedGroup> | null;

  constructor() {
    this.first = null;
    this.groups = null;
  }

  get isEmpty(): boolean {
    return this.first === null && this.groups === null;
  }

  /** @param newStrategy for the group that a first member founds */
  add(subscription: Subscription, share: string | null, newStrategy?: () => SharedStrategy): void {
    if (share !== null) {
      this.#group(share, newStrategy).add(subscription);
      return;
    }
    subscription.next = this.first;
    if (this.first !== null) this.first.previous = subscription;
    this.first = subscription;
  }

  remove(subscription: Subscription, share: string | null): void {
    if (share !== null) {
      this.#leave(subscription, share);
      return;
    }
    const { previous, next } = subscription;
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else if (this.first === subscription) this.first = next;
    subscription.previous = null;
    subscription.next = null;
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
