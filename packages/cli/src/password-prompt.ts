/** Gets a password from whoever runs the command: typed twice and not shown, or a line of input. */
import { createInterface } from 'node:readline';
import { linesOf } from './lines.ts';
import { UsageError } from './usage-error.ts';

const lengthMax = 4096;

/** @throws UsageError when nothing was given, or not the same twice */
export async function promptedPassword(): Promise<string> {
  if (!process.stdin.isTTY) return checked(await firstLine());
  const password = checked(await typed('Password: '));
  if ((await typed('Again: ')) === password) return password;
  throw new UsageError('the two are not the same');
}

async function firstLine(): Promise<string> {
  for await (const line of linesOf(process.stdin)) {
    return new TextDecoder().decode(line).replace(/\r$/, '');
  }
  return '';
}

/** What is typed on the terminal, which does not show it. */
async function typed(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = { write: () => true } as unknown as NodeJS.WritableStream;
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  const answer = Promise.withResolvers<string>();
  reader.once('line', answer.resolve);
  reader.once('SIGINT', () => reader.close());
  reader.once('close', () => answer.reject(new UsageError('no password was given')));
  try {
    return await answer.promise;
  } finally {
    process.stderr.write('\n');
    reader.close();
  }
}

function checked(password: string): string {
  if (password === '') throw new UsageError('no password was given');
  if (password.length > lengthMax) {
    throw new UsageError(`the password has more than ${lengthMax} characters`);
  }
  return password;
}
