/** How a responder says that it failed, and what becomes of that at the other end. */
import { ErrorCode, MqttError } from '../errors.ts';
import type { Message } from '../message.ts';
import type { UserProperties } from '../options.ts';

const name = 'response-status';
const failure = 'error';

/** Marks an answer as the text of an error. */
export const failureProperties: UserProperties = [[name, failure]];

export function isFailure({ userProperties }: Message): boolean {
  return userProperties.some(([key, value]) => key === name && value === failure);
}

/** Thrown by a function given to `respond`: its message is what the requester is told. */
export class ResponseError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResponseError';
  }
}

/** The responder answered with an error: its words are the `message`. Not to be parsed. */
export class RequestError extends MqttError {
  readonly response: Message;

  constructor(response: Message) {
    super(ErrorCode.requestFailed, response.text());
    this.name = 'RequestError';
    this.response = response;
  }
}
