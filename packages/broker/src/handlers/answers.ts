/**
 * What hooks answer, checked: an answer that its packet cannot carry is a fault of the hook's,
 * which costs the connection that was asked about.
 */
import { isReasonCodeOf, PacketType, type QoS, ReasonCode } from '@godwit/protocol';
import type { Context } from '../context.ts';
import type {
  Awaitable,
  ConnectRefusal,
  PublishAnswer,
  Refusal,
  SubscribeAnswer,
} from '../hooks.ts';

const notAuthorized: Refusal = { reasonCode: ReasonCode.notAuthorized };

/** Whether the answer is still to come. */
export function isPending<T>(answer: Awaitable<T>): answer is Promise<T> {
  return answer instanceof Promise;
}

/** The hook's answer, or `late` where it takes longer than it may. What it says then is not heard. */
export function withinTime<T>(
  { clock, limits, metrics }: Pick<Context, 'clock' | 'limits' | 'metrics'>,
  answer: Awaitable<T>,
  late: T,
): Awaitable<T> {
  const { hookTimeoutMs } = limits;
  if (hookTimeoutMs === 0 || !isPending(answer)) return answer;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = clock.after(hookTimeoutMs, () => {
    metrics.hookTimeouts += 1;
    resolve(late);
  });
  answer.then(resolve, reject).finally(() => timer.cancel());
  return promise;
}

/**
 * What an answer refuses with in a packet of `type`, null where it allows.
 * @throws TypeError for an answer that is none
 */
export function refusalOf(answer: PublishAnswer, type: PacketType): Refusal | null {
  if (answer === true) return null;
  if (answer === false) return notAuthorized;
  return checkedRefusal(answer, type);
}

/** @throws TypeError where a CONNACK or DISCONNECT of `type` cannot carry `refusal` */
export function checkedRefusal<Given extends ConnectRefusal>(
  refusal: Given,
  type: PacketType,
): Given {
  const { reasonCode, serverReference } = refusal;
  if (!(reasonCode >= 0x80) || !isReasonCodeOf(type, reasonCode)) {
    throw new TypeError(
      `reasonCode: is ${reasonCode}, expected one of 0x80 or above for packet type ${type}`,
    );
  }
  if (
    serverReference !== undefined &&
    reasonCode !== ReasonCode.useAnotherServer &&
    reasonCode !== ReasonCode.serverMoved
  ) {
    throw new TypeError(`serverReference: stands with ${reasonCode}, expected 0x9C or 0x9D`);
  }
  return refusal;
}

/**
 * The reason code that SUBACK has for a filter with QoS `wanted`. [MQTT-3.8.4-7]
 * @throws TypeError for an answer that is none
 */
export function subackCode(answer: SubscribeAnswer, wanted: QoS): number {
  if (answer === true) return wanted;
  if (answer === false) return ReasonCode.notAuthorized;
  if (typeof answer !== 'number' || !isReasonCodeOf(PacketType.suback, answer)) {
    throw new TypeError(`authorizeSubscribe: answered ${answer}, expected a code of SUBACK`);
  }
  return answer < 0x80 ? Math.min(answer, wanted) : answer;
}
