/**
 * The members of one shared subscription (`$share/name/filter`): each message goes to one of them.
 */
import type { Subscription } from './subscription.ts';

export class SharedGroup {
  readonly name: string;
  readonly members: Subscription[];
  #turn: number;

  constructor(name: string) {
    this.name = name;
    this.members = [];
    this.#turn = 0;
  }

  /**
   * The member whose turn it is: connected ones in turn; while none is connected, one whose
   * session waits for it. Null when all members left.
   */
  pick(): Subscription | null {
    const count = this.members.length;
    for (let tried = 0; tried < count; tried += 1) {
      const member = this.#next();
      if (member.session.isConnected) return member;
    }
    return count === 0 ? null : this.#next();
  }

  #next(): Subscription {
    this.#turn = this.#turn + 1 < this.members.length ? this.#turn + 1 : 0;
    return this.members[this.#turn];
  }

  add(member: Subscription): void {
    this.members.push(member);
  }

  remove(member: Subscription): void {
    const at = this.members.indexOf(member);
    if (at < 0) return;
    const last = this.members.pop()!;
    if (at < this.members.length) this.members[at] = last;
  }
}
