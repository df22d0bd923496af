/**
 * The sending side of QoS 1 and 2 for one session: packet identifiers, what each waits for, and how
 * many messages the peer still takes. One typed array, a ring indexed by packet id; no object per
 * message. Sends nothing itself.
 */

/** What a packet identifier stands for, or waits for. */
export const OutboundState = {
  free: 0,
  /** Taken by a SUBSCRIBE or UNSUBSCRIBE. */
  reserved: 1,
  /** QoS 1. */
  awaitingPuback: 2,
  /** QoS 2, first half. */
  awaitingPubrec: 3,
  /** QoS 2, second half: PUBREL stands for the message. */
  awaitingPubcomp: 4,
} as const;
export type OutboundState = (typeof OutboundState)[keyof typeof OutboundState];

/** The states of a message in flight. */
export type InflightState = Exclude<OutboundState, 0 | 1>;

const idsMax = 65_535;
const initialCapacity = 16;
const capacityMax = 65_536;
/** An emptied window with more slots than this gives them back. */
const capacityKept = 256;

/** A slot: packet id (0: free), state and marks, ids of the neighbours in the order of sending. */
const slotShift = 2;
const stateField = 1;
const previousField = 2;
const nextField = 3;

const stateMask = 0xff;
/** Mark: its PUBLISH took one from this connection's quota. */
const counted = 0x100;
/** Mark: in flight from an earlier connection, not yet resent on this one. */
const owed = 0x200;

const noSlots = new Uint16Array(1 << slotShift);

/**
 * Messages in flight and identifiers in use. `M` is what the owner keeps with a message, if
 * anything.
 *
 * A new connection begins with {@link reset}; then {@link nextOwed} gives what has to be sent
 * again, and goes on doing so as acknowledgements make room.
 */
export class OutboundWindow<M> {
  #slots: Uint16Array = noSlots;
  #mask = 0;
  #capacity = 0;
  #used = 0;
  #size = 0;
  #quota: number;
  #nextId = 1;
  /** Oldest and newest message in flight. */
  #head = 0;
  #tail = 0;
  /** Where the search for an owed PUBREL, and for an owed PUBLISH, goes on. */
  #owedReleases = 0;
  #owedPublishes = 0;
  /** By slot; empty until the first message is kept. */
  #messages: (M | undefined)[] = [];

  /** @param receiveMaximum the peer's, 1 to 65,535 */
  constructor(receiveMaximum: number) {
    this.#quota = receiveMaximum;
  }

  /** Messages in flight, 0 to 65,535. */
  get size(): number {
    return this.#size;
  }

  /**
   * Whether a new message may be sent now: the peer takes more, an identifier is free, and nothing
   * that was in flight on an earlier connection has to go first.
   */
  get hasRoom(): boolean {
    // [MQTT-3.3.4-7] [MQTT-3.3.4-9] [MQTT-4.9.0-2]
    return this.#quota > 0 && this.#owedPublishes === 0 && this.#used < idsMax;
  }

  /**
   * Takes a new message into flight.
   * @param message given back by {@link messageOf} until the message is done
   * @returns its packet identifier
   * @throws RangeError when there is no room, see {@link hasRoom}
   */
  send(qos: 1 | 2, message?: M): number {
    if (!this.hasRoom) throw new RangeError('the outbound window has no room');
    this.#quota -= 1;
    const state = qos === 1 ? OutboundState.awaitingPuback : OutboundState.awaitingPubrec;
    const id = this.#takeId(state | counted);
    this.#append(id, message);
    return id;
  }

  /**
   * As {@link send}, with an identifier of the owner's choice, which must be free.
   * @throws RangeError when there is no room or the identifier is in use
   */
  sendAs(packetId: number, qos: 1 | 2, message?: M): void {
    if (!this.hasRoom || this.#find(packetId) !== -1) {
      throw new RangeError(`the outbound window has no room for ${packetId}`);
    }
    this.#quota -= 1;
    this.#claim(packetId);
    const state = qos === 1 ? OutboundState.awaitingPuback : OutboundState.awaitingPubrec;
    this.#place(packetId, state | counted);
    this.#append(packetId, message);
  }

  /** What was given with the message that is longest in flight. */
  get oldest(): M | undefined {
    return this.messageOf(this.#head);
  }

  /** Takes an identifier for a SUBSCRIBE or UNSUBSCRIBE. @returns 0 when all are in use */
  reserve(): number {
    return this.#used < idsMax ? this.#takeId(OutboundState.reserved) : 0;
  }

  /**
   * Frees an identifier, whatever it stands for: a request that was answered, a message that turned
   * out too large for the peer [MQTT-3.1.2-25].
   * @returns false when it was free
   */
  release(packetId: number): boolean {
    const at = this.#find(packetId);
    if (at === -1) return false;
    this.#remove(at);
    return true;
  }

  /** PUBACK has come. @returns false when no QoS 1 message has this identifier */
  acknowledge(packetId: number): boolean {
    return this.#finish(packetId, OutboundState.awaitingPuback);
  }

  /** PUBCOMP has come. @returns false when no PUBREL with this identifier was sent */
  complete(packetId: number): boolean {
    return this.#finish(packetId, OutboundState.awaitingPubcomp);
  }

  /**
   * PUBREC has come: below 0x80 the message waits for PUBCOMP (and PUBREL is to be sent), otherwise
   * it is done.
   * @returns false when no QoS 2 message has this identifier
   */
  received(packetId: number, reasonCode: number): boolean {
    const at = this.#find(packetId);
    if (at === -1) return false;
    const marks = this.#slots[at + stateField];
    const state = marks & stateMask;
    if (state !== OutboundState.awaitingPubrec && state !== OutboundState.awaitingPubcomp) {
      return false;
    }
    if (reasonCode >= 0x80) {
      this.#remove(at); // [MQTT-4.4.0-2]
    } else {
      // [MQTT-4.3.3-4] [MQTT-4.3.3-6] the PUBREL that answers is all that it owed
      this.#slots[at + stateField] = OutboundState.awaitingPubcomp | (marks & counted);
    }
    return true;
  }

  stateOf(packetId: number): OutboundState {
    const at = this.#find(packetId);
    if (at === -1) return OutboundState.free;
    return (this.#slots[at + stateField] & stateMask) as OutboundState;
  }

  /** What {@link send} was given for this identifier, until it is free again. */
  messageOf(packetId: number): M | undefined {
    const at = this.#find(packetId);
    return at === -1 || this.#messages.length === 0 ? undefined : this.#messages[at >> slotShift];
  }

  /**
   * A new connection: every message in flight is owed once more, and the quota starts afresh
   * [MQTT-4.9.0-1]. There is no room until {@link nextOwed} has returned 0 with quota left.
   * @param receiveMaximum the peer's on this connection, 1 to 65,535
   */
  reset(receiveMaximum: number): void {
    this.#quota = receiveMaximum;
    this.#owedReleases = this.#head;
    this.#owedPublishes = this.#head;
    for (let id = this.#head; id !== 0; ) {
      const at = this.#offset(id);
      this.#slots[at + stateField] = (this.#slots[at + stateField] & stateMask) | owed;
      id = this.#slots[at + nextField];
    }
  }

  /**
   * The next packet to send again on this connection, in the order of first sending: PUBREL when
   * {@link stateOf} says `awaitingPubcomp`, else PUBLISH with DUP [MQTT-4.4.0-1]. PUBRELs come
   * first, since they need no quota; PUBLISHes as far as it reaches. To be called until it returns
   * 0, after {@link reset} and after every acknowledgement.
   * @returns a packet identifier, or 0 for nothing (more) now
   */
  nextOwed(): number {
    while (this.#owedReleases !== 0) {
      const id = this.#owedReleases;
      const at = this.#offset(id);
      this.#owedReleases = this.#slots[at + nextField];
      if (this.#slots[at + stateField] !== (OutboundState.awaitingPubcomp | owed)) continue;
      this.#slots[at + stateField] = OutboundState.awaitingPubcomp;
      return id;
    }
    while (this.#owedPublishes !== 0) {
      const id = this.#owedPublishes;
      const at = this.#offset(id);
      const isOwed = (this.#slots[at + stateField] & owed) !== 0;
      if (isOwed && this.#quota === 0) return 0;
      this.#owedPublishes = this.#slots[at + nextField];
      if (!isOwed) continue;
      this.#quota -= 1;
      this.#slots[at + stateField] ^= owed | counted;
      return id;
    }
    return 0;
  }

  /** Shows all messages in flight, in the order of sending. `visit` may release what it sees. */
  inOrder(visit: (packetId: number, state: InflightState, message: M | undefined) => void): void {
    for (let id = this.#head; id !== 0; ) {
      const at = this.#offset(id);
      const next = this.#slots[at + nextField];
      visit(id, this.stateOf(id) as InflightState, this.messageOf(id));
      id = next;
    }
  }

  /**
   * Puts back a message that was in flight when the session was stored, as the newest one. For a
   * window that no connection uses yet: {@link reset} follows.
   * @throws RangeError when the identifier is in use or none
   */
  restore(packetId: number, state: InflightState, message?: M): void {
    if (packetId < 1 || packetId > idsMax || this.#find(packetId) !== -1) {
      throw new RangeError(`packet identifier ${packetId} cannot be restored`);
    }
    this.#claim(packetId);
    this.#place(packetId, state);
    this.#append(packetId, message);
  }

  /** Frees all identifiers. The quota is {@link reset}'s. */
  clear(): void {
    this.#drop();
    this.#used = 0;
    this.#size = 0;
    this.#head = 0;
    this.#tail = 0;
    this.#owedReleases = 0;
    this.#owedPublishes = 0;
  }

  #offset(packetId: number): number {
    return (packetId & this.#mask) << slotShift;
  }

  #find(packetId: number): number {
    const at = this.#offset(packetId);
    return packetId !== 0 && this.#slots[at] === packetId ? at : -1;
  }

  /** Makes room until the slot of an identifier that is not in use is free. */
  #claim(packetId: number): void {
    while (this.#capacity === 0 || this.#slots[this.#offset(packetId)] !== 0) this.#grow();
  }

  /** [MQTT-2.2.1-3] [MQTT-2.2.1-4] the next identifier in turn whose slot is free, never 0. */
  #takeId(marks: number): number {
    if (this.#used * 4 >= this.#capacity * 3 && this.#capacity < capacityMax) this.#grow();
    let id = this.#nextId;
    while (this.#slots[this.#offset(id)] !== 0) id = successor(id);
    this.#place(id, marks);
    return id;
  }

  #place(id: number, marks: number): void {
    const at = this.#offset(id);
    this.#slots[at] = id;
    this.#slots[at + stateField] = marks;
    this.#slots[at + previousField] = 0;
    this.#slots[at + nextField] = 0;
    this.#used += 1;
    this.#nextId = successor(id);
  }

  #append(id: number, message: M | undefined): void {
    const at = this.#offset(id);
    if (this.#tail === 0) {
      this.#head = id;
    } else {
      this.#slots[this.#offset(this.#tail) + nextField] = id;
      this.#slots[at + previousField] = this.#tail;
    }
    this.#tail = id;
    this.#size += 1;
    if (message === undefined) return;
    if (this.#messages.length === 0) this.#messages = new Array(this.#capacity);
    this.#messages[at >> slotShift] = message;
  }

  #finish(packetId: number, state: OutboundState): boolean {
    const at = this.#find(packetId);
    if (at === -1 || (this.#slots[at + stateField] & stateMask) !== state) return false;
    this.#remove(at);
    return true;
  }

  #remove(at: number): void {
    const slots = this.#slots;
    const id = slots[at];
    const marks = slots[at + stateField];
    slots[at] = 0;
    this.#used -= 1;
    if ((marks & stateMask) !== OutboundState.reserved) {
      const previous = slots[at + previousField];
      const next = slots[at + nextField];
      if (previous === 0) this.#head = next;
      else slots[this.#offset(previous) + nextField] = next;
      if (next === 0) this.#tail = previous;
      else slots[this.#offset(next) + previousField] = previous;
      if (this.#owedReleases === id) this.#owedReleases = next;
      if (this.#owedPublishes === id) this.#owedPublishes = next;
      if ((marks & counted) !== 0) this.#quota += 1;
      this.#size -= 1;
      if (this.#messages.length !== 0) this.#messages[at >> slotShift] = undefined;
    }
    if (this.#used === 0 && this.#capacity > capacityKept) this.#drop();
  }

  #drop(): void {
    this.#slots = noSlots;
    this.#mask = 0;
    this.#capacity = 0;
    this.#messages = [];
  }

  #grow(): void {
    const slots = this.#slots;
    const messages = this.#messages;
    this.#capacity = Math.max(initialCapacity, this.#capacity * 2);
    this.#mask = this.#capacity - 1;
    this.#slots = new Uint16Array(this.#capacity << slotShift);
    if (messages.length !== 0) this.#messages = new Array(this.#capacity);
    for (let from = 0; from < slots.length; from += 1 << slotShift) {
      if (slots[from] === 0) continue;
      const to = this.#offset(slots[from]);
      for (let field = 0; field < 1 << slotShift; field += 1) {
        this.#slots[to + field] = slots[from + field];
      }
      if (messages.length !== 0) this.#messages[to >> slotShift] = messages[from >> slotShift];
    }
  }
}

function successor(id: number): number {
  return id === idsMax ? 1 : id + 1;
}
