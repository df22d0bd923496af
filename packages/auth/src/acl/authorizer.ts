/**
 * Rules at the broker's hooks: what each client may publish, subscribe to and receive. Works out
 * once what the rules mean for a client, and starts over when the rules are replaced.
 */
import type { ClientInfo, Hooks, PublishRequest, SubscribeRequest } from '@godwit/broker';
import type { QoS } from '@godwit/protocol';
import { identityOf } from '../identity.ts';
import { Acl } from './acl.ts';
import type { ClientAcl } from './client-acl.ts';

/** Where only some clients bring rules: these go by them, the others may do everything. */
const ownRulesOnly = new Acl({ stages: [[]] });

export class Authorizer {
  /** Null where there are no rules but those that clients bring. */
  #acl: Acl | null;
  #clients: WeakMap<ClientInfo, ClientAcl | null>;

  constructor(acl: Acl | null) {
    this.#acl = acl;
    this.#clients = new WeakMap();
  }

  /** Other rules from now on; clients that are connected want `Broker.reauthorize`. */
  replace(acl: Acl | null): void {
    this.#acl = acl;
    this.#clients = new WeakMap();
  }

  /** What `client` may do; null: everything. */
  of(client: ClientInfo): ClientAcl | null {
    let found = this.#clients.get(client);
    if (found === undefined) {
      const hasRules = this.#acl !== null || identityOf(client)?.rules !== undefined;
      found = hasRules ? (this.#acl ?? ownRulesOnly).of(client) : null;
      this.#clients.set(client, found);
    }
    return found;
  }

  get hooks(): Required<
    Pick<Hooks, 'authorizePublish' | 'authorizeSubscribe' | 'authorizeReceive' | 'isStillWelcome'>
  > {
    return {
      authorizePublish: (client, request) => this.#mayPublish(client, request),
      authorizeSubscribe: (client, request) => this.#maySubscribe(client, request),
      authorizeReceive: client => {
        const acl = this.of(client);
        return acl?.filtersReceived ? topic => acl.receive(topic) : null;
      },
      isStillWelcome: client => identityOf(client)?.stillHolds() ?? true,
    };
  }

  #mayPublish(client: ClientInfo, { topic, qos, retain }: PublishRequest): boolean {
    return this.of(client)?.publish(topic, qos, retain).isAllowed ?? true;
  }

  #maySubscribe(client: ClientInfo, { filter }: SubscribeRequest): boolean | QoS {
    const decision = this.of(client)?.subscribe(filter);
    return decision === undefined || (decision.isAllowed && decision.qosMax);
  }
}
