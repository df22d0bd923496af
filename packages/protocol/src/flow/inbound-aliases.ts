/** The topic aliases that the peer has set on one connection. They end with it [MQTT-3.3.2-7]. */
import { ProtocolError } from '../packet/protocol-error.ts';
import { ReasonCode } from '../packet/reason-code.ts';

/** Alias → what the owner makes of a topic. */
export class InboundAliases<T extends NonNullable<unknown>> {
  readonly #maximum: number;
  readonly #topics = new Map<number, T>();

  /** @param maximum the Topic Alias Maximum that we announced, 0 to 65,535; bounds the memory */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * A PUBLISH has come with a topic and an alias.
   * @throws ProtocolError 0x94 when the alias is 0 or above our maximum
   */
  set(alias: number, topic: T): void {
    this.#check(alias);
    this.#topics.set(alias, topic);
  }

  /**
   * A PUBLISH has come with an alias alone.
   * @throws ProtocolError 0x94 when the alias is 0 or above our maximum, 0x82 when it was never set
   */
  get(alias: number): T {
    this.#check(alias);
    const topic = this.#topics.get(alias);
    if (topic === undefined) {
      throw new ProtocolError(ReasonCode.protocolError, 'topic alias has not been set');
    }
    return topic;
  }

  /** [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.3.2-11] */
  #check(alias: number): void {
    if (alias >= 1 && alias <= this.#maximum) return;
    throw new ProtocolError(
      ReasonCode.topicAliasInvalid,
      `topic alias is not within 1 to ${this.#maximum}`,
    );
  }
}
