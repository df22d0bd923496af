/** Shared groups of members that are no sessions: each does what its fields say. */
import type { Message } from '../routing/message.ts';
import { SharedGroup } from '../routing/shared-group.ts';
import type { SharedStrategy } from '../routing/shared-strategy.ts';
import { Subscription } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';

export class GroupMember {
  readonly clientId: string;
  readonly subscription: Subscription;
  isConnected: boolean = true;
  /** Connected, and keeps up. */
  isReady: boolean = true;
  /** What it answers when it is offered a message. */
  takes: boolean = true;
  load: number = 0;
  offers: number = 0;
  readonly #taken: string[];

  constructor(clientId: string, taken: string[]) {
    const options = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
    this.clientId = clientId;
    this.subscription = new Subscription(this.asSession(), '$share/g/a', options, null);
    this.#taken = taken;
  }

  asSession(): Session {
    return this as unknown as Session;
  }

  away(): void {
    this.isConnected = false;
    this.isReady = false;
  }

  take(): boolean {
    this.offers += 1;
    if (this.takes) this.#taken.push(this.clientId);
    return this.takes;
  }
}

export class TestGroup {
  readonly group: SharedGroup;
  readonly members: Map<string, GroupMember>;
  /** Client identifiers of those that took a message, in order. */
  readonly taken: string[];

  /** @param ids one character for each member */
  constructor(ids: Iterable<string>, strategy?: SharedStrategy) {
    this.group = new SharedGroup('g', strategy);
    this.members = new Map();
    this.taken = [];
    for (const id of ids) this.join(id);
  }

  join(id: string): GroupMember {
    const member = new GroupMember(id, this.taken);
    this.members.set(id, member);
    this.group.add(member.subscription);
    return member;
  }

  leave(id: string): void {
    this.group.remove(this.get(id).subscription);
    this.members.delete(id);
  }

  get(id: string): GroupMember {
    return this.members.get(id)!;
  }

  /** Who takes a message of `publisher` on a topic with this hash; '-' when nobody does. */
  send(publisher: string = '', topicHash: number = 0, except: Session | null = null): string {
    const message = { publisher } as Message;
    return this.group.deliver(message, topicHash, except) ? this.taken.at(-1)! : '-';
  }

  /** Who takes `count` messages, one after the other. */
  run(count: number): string {
    return Array.from({ length: count }, () => this.send()).join('');
  }
}
