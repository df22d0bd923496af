/** The way of a received message through every step of the middleware to the subscriptions. */
import { type PublishPacket, type PublishProperties, type QoS, ReasonCode } from '@godwit/protocol';
import { Receipt } from '../engine/receipts.ts';
import type { InboundMessage, Middleware } from './middleware.ts';

type Deliver = (packet: PublishPacket, receipt: Receipt | null) => void;

/** Delivers through the steps; this is `deliver` itself when none wants to see what is received. */
export function receiveChain(use: readonly Middleware[], deliver: Deliver): Deliver {
  const steps = use.filter(step => step.receive).reverse();
  if (steps.length === 0) return deliver;
  const next = (message: Received, at: number): void => {
    if (at === steps.length) {
      message.pass(deliver);
      return;
    }
    try {
      steps[at].receive!(message, () => next(message, at + 1));
    } catch (error) {
      message.finish(ReasonCode.implementationSpecificError);
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  return (packet, receipt) => next(new Received(packet, receipt?.share() ?? null), 0);
}

class Received implements InboundMessage {
  readonly #packet: PublishPacket;
  readonly #receipt: Receipt | null;
  #listeners: ((reasonCode: number) => void)[];
  #isPassed: boolean;

  constructor(packet: PublishPacket, receipt: Receipt | null) {
    this.#packet = packet;
    this.#receipt = receipt;
    this.#listeners = [];
    this.#isPassed = false;
  }

  get topic(): string {
    return this.#packet.topic;
  }

  get qos(): QoS {
    return this.#packet.qos;
  }

  get retain(): boolean {
    return this.#packet.retain;
  }

  get dup(): boolean {
    return this.#packet.dup;
  }

  get payload(): Uint8Array {
    return this.#packet.payload;
  }

  set payload(payload: Uint8Array) {
    this.#packet.payload = payload;
  }

  get properties(): Readonly<PublishProperties> {
    return this.#packet.properties ?? {};
  }

  set properties(properties: Readonly<PublishProperties>) {
    this.#packet.properties = properties;
  }

  onDone(listener: (reasonCode: number) => void): void {
    this.#listeners.push(listener);
  }

  finish(reasonCode: number): void {
    if (this.#isPassed) return;
    this.#isPassed = true;
    this.#done(reasonCode);
  }

  pass(deliver: Deliver): void {
    if (this.#isPassed) return;
    this.#isPassed = true;
    if (this.#receipt === null) {
      deliver(this.#packet, null);
      this.#done(0);
      return;
    }
    const receipt = new Receipt(this.#receipt.packetId, {
      release: () => this.#done(receipt.reasonCode),
    });
    deliver(this.#packet, receipt);
    receipt.answer(0);
  }

  #done(reasonCode: number): void {
    this.#receipt?.answer(reasonCode);
    for (const listener of this.#listeners) listener(reasonCode);
    this.#listeners = [];
  }
}
