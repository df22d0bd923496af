/**
 * The members of one shared subscription (`$share/name/filter`): each message goes to one of them,
 * as its own subscription says. [MQTT-4.8.2-3] A strategy proposes one; the group goes on to others
 * as long as there is one that can take the message. Tells who has it, keeps no message itself.
 */
import type { Session } from '../session/session.ts';
import type { Message } from './message.ts';
import { hashBytes } from './route-cache.ts';
import { RoundRobin, type SharedStrategy } from './shared-strategy.ts';
import type { Subscription } from './subscription.ts';

/** How much a member is wanted: lower goes first. */
const Rank = { ready: 0, busy: 1, away: 2 } as const;
type Rank = (typeof Rank)[keyof typeof Rank];

export class SharedGroup {
  readonly name: string;
  /** In no particular order; each knows its place. */
  readonly members: Subscription[];
  /** Hashes of the members' client identifiers, by place. */
  readonly hashes: number[];
  /** Place of the member that got the last message: the next in turn comes after it. */
  turn: number;
  /** Moves on whenever a member joins or leaves. */
  changes: number;
  readonly #strategy: SharedStrategy;

  constructor(name: string, strategy: SharedStrategy = new RoundRobin()) {
    this.name = name;
    this.members = [];
    this.hashes = [];
    this.turn = 0;
    this.changes = 0;
    this.#strategy = strategy;
  }

  /**
   * Has one member take `message`: a connected one that keeps up, else a connected one in whose
   * session it can wait, else one that is away and in whose session it can wait.
   *
   * @param topicHash of the message's topic
   * @param except a session that cannot take it, or null
   * @returns false when nobody took it
   */
  deliver(message: Message, topicHash: number, except: Session | null): boolean {
    const { members } = this;
    const at = this.#strategy.choose(this, message, topicHash);
    if (at < 0) return this.#fallBack(message, Rank.busy, null, except);
    const member = members[at];
    if (member.session !== except && member.session.take(message, member)) {
      this.turn = at;
      return true;
    }
    return this.#fallBack(message, Rank.ready, member.session, except);
  }

  add(member: Subscription): void {
    const id = Buffer.from(member.session.clientId);
    this.changes += 1;
    member.position = this.members.length;
    this.members.push(member);
    this.hashes.push(hashBytes(id, 0, id.length));
  }

  remove(member: Subscription): void {
    const at = member.position;
    if (this.members[at] !== member) return;
    this.changes += 1;
    const last = this.members.pop()!;
    const hash = this.hashes.pop()!;
    member.position = -1;
    if (last === member) return;
    last.position = at;
    this.members[at] = last;
    this.hashes[at] = hash;
  }

  /** Asks every member from rank `from` on, once and in turn, but for these two. */
  #fallBack(message: Message, from: Rank, tried: Session | null, except: Session | null): boolean {
    const { members } = this;
    const count = members.length;
    for (let rank: number = from; rank <= Rank.away; rank += 1) {
      let at = this.turn;
      for (let seen = 0; seen < count; seen += 1) {
        at = at + 1 < count ? at + 1 : 0;
        const member = members[at];
        const { session } = member;
        if (rankOf(session) !== rank || session === tried || session === except) continue;
        if (!session.take(message, member)) continue;
        this.turn = at;
        return true;
      }
    }
    return false;
  }
}

function rankOf(session: Session): Rank {
  if (!session.isConnected) return Rank.away;
  return session.isReady ? Rank.ready : Rank.busy;
}
