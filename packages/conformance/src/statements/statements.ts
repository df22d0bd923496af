/** All normative statements of MQTT 5.0 and 3.1.1, in the order of the specifications. */
import type { Standard, Statement } from './statement.ts';
import { v3Connack } from './v3-connack.ts';
import { v3Connect } from './v3-connect.ts';
import { v3Delivery } from './v3-delivery.ts';
import { v3Format } from './v3-format.ts';
import { v3Operation } from './v3-operation.ts';
import { v3Publish } from './v3-publish.ts';
import { v3Subscribe } from './v3-subscribe.ts';
import { v5Acknowledgement } from './v5-acknowledgement.ts';
import { v5Connack } from './v5-connack.ts';
import { v5Connect } from './v5-connect.ts';
import { v5ConnectPayload } from './v5-connect-payload.ts';
import { v5Delivery } from './v5-delivery.ts';
import { v5Disconnect } from './v5-disconnect.ts';
import { v5Format } from './v5-format.ts';
import { v5Operation } from './v5-operation.ts';
import { v5Publish } from './v5-publish.ts';
import { v5Subscribe } from './v5-subscribe.ts';

/** Every statement, by its standard. */
export const statements: Readonly<Record<Standard, readonly Statement[]>> = {
  v5: [
    ...v5Format,
    ...v5Connect,
    ...v5ConnectPayload,
    ...v5Connack,
    ...v5Publish,
    ...v5Acknowledgement,
    ...v5Subscribe,
    ...v5Disconnect,
    ...v5Delivery,
    ...v5Operation,
  ],
  v3: [
    ...v3Format,
    ...v3Connect,
    ...v3Connack,
    ...v3Publish,
    ...v3Subscribe,
    ...v3Delivery,
    ...v3Operation,
  ],
};

const byId: Readonly<Record<Standard, ReadonlyMap<string, Statement>>> = {
  v5: new Map(statements.v5.map(statement => [statement.id, statement])),
  v3: new Map(statements.v3.map(statement => [statement.id, statement])),
};

/** The statement of this id, such as 'MQTT-3.3.4-9'; undefined when the standard has none. */
export function statementOf(standard: Standard, id: string): Statement | undefined {
  return byId[standard].get(id);
}

/** Whether 5.0 or 3.1.1 has a statement with this id. */
export function isStatement(id: string): boolean {
  return byId.v5.has(id) || byId.v3.has(id);
}
