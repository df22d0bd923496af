/** Turns whatever went wrong into one line, and the exit code that says it to scripts. */
import { MqttError } from '@godwit/client';
import { ExitCode } from './exit-code.ts';

export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/** A reason code of the server is the exit code; every other failure is 1. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof MqttError)) return { message: text(error), exitCode: ExitCode.failure };
  const { reasonCode, reasonString } = error;
  const said = reasonString === undefined ? '' : `; it says ${JSON.stringify(reasonString)}`;
  const why = error.cause === undefined ? '' : `: ${text(error.cause)}`;
  return {
    message: `${error.message}${why}${said}`,
    exitCode: reasonCode !== undefined && reasonCode >= 0x80 ? reasonCode : ExitCode.failure,
  };
}

function text(error: unknown): string {
  // a name with several addresses fails once for each
  if (error instanceof AggregateError) return [...new Set(error.errors.map(text))].join(', ');
  return error instanceof Error ? error.message : String(error);
}
