/** An authentication method whose answers a test writes down beforehand, or gives when it likes. */
import { ReasonCode } from '@godwit/protocol';
import type { AuthExchange, AuthMethod, AuthRequest, AuthStep } from '../auth-method.ts';
import type { Awaitable } from '../hooks.ts';

type Answer = Awaitable<AuthStep> | (() => Awaitable<AuthStep>);

export class ScriptedMethod implements AuthMethod {
  readonly name = 'scripted';
  readonly requests: AuthRequest[] = [];
  /** What clients sent, as text; undefined where there was no data. */
  readonly heard: (string | undefined)[] = [];
  readonly #answers: Answer[];

  /** @param answers one for each step, of all exchanges together */
  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  begin(request: AuthRequest): AuthExchange {
    this.requests.push(request);
    return {
      next: data => {
        this.heard.push(data && new TextDecoder().decode(data));
        const answer = this.#answers.shift();
        if (answer === undefined) throw new Error('nothing more is written down');
        return typeof answer === 'function' ? answer() : answer;
      },
    };
  }
}

/** A challenge with this text. */
export function challenge(text: string): AuthStep {
  return {
    reasonCode: ReasonCode.continueAuthentication,
    data: new TextEncoder().encode(text),
  };
}

/** Success under the name `ada`, with this text. */
export function success(text: string): AuthStep {
  return {
    reasonCode: ReasonCode.success,
    username: 'ada',
    data: new TextEncoder().encode(text),
  };
}
