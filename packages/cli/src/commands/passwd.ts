/** `godwit passwd`: adds, changes and removes the users of a password file. */
import { randomUUID } from 'node:crypto';
import { chown, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { argon2Hash, scramHash, userNameFault, withoutUser, withUser } from '@godwit/auth';
import { Command } from 'commander';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { promptedPassword } from '../password-prompt.ts';
import { UsageError } from '../usage-error.ts';

interface Values {
  readonly create?: boolean;
  readonly delete?: boolean;
  readonly batch?: boolean;
  readonly scram?: boolean;
}

export function passwdCommand(): CliCommand {
  const parser = new Command('godwit passwd')
    .usage('[-c] [--scram] <file> <user> | -b <file> <user> <password> | -D <file> <user>')
    .description(
      'Sets the password of a user: adds the user, or changes it. The password is asked for; ' +
        'where there is no terminal, it is the first line of standard input. A broker that uses ' +
        'the file notices.',
    )
    .helpOption('--help', 'show this')
    .argument('<file>', 'the password file')
    .argument('<user>', 'name of the user')
    .argument('[password]', 'with -b: the password; other users of the machine may see it')
    .option('-c, --create', 'make the file, or begin it anew')
    .option('-D, --delete', 'remove the user')
    .option('-b, --batch', 'take the password from the command line')
    .option('--scram', 'store what checks a password that never travels, not argon2id');
  return { parser, run: () => passwd(parser.args, parser.opts<Values>()) };
}

async function passwd(args: readonly string[], values: Values): Promise<number> {
  const [file, user, given] = args;
  const fault = userNameFault(user);
  if (fault !== null) throw new UsageError(`user ${JSON.stringify(user)} ${fault}`);
  if ((values.batch ?? false) !== (given !== undefined)) {
    throw new UsageError('a password on the command line goes with -b, and -b with a password');
  }
  if (values.delete && (values.create || values.batch || values.scram)) {
    throw new UsageError('-D goes with no other option');
  }
  const text = values.create ? '' : await textOf(file);
  if (values.delete) {
    const rest = withoutUser(text, user);
    if (rest === null) throw new UsageError(`${file} has no user ${JSON.stringify(user)}`);
    await replace(file, rest);
  } else {
    const password = given ?? (await promptedPassword());
    await replace(file, withUser(text, user, await hashOf(password, values.scram)));
  }
  return ExitCode.success;
}

function hashOf(password: string, isScram = false): Promise<string> {
  return isScram ? scramHash(password, { hash: 'SHA-256' }) : argon2Hash(password);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'ENOENT' ? `there is no ${file}; -c makes it` : message);
  }
}

/** A reader sees the old file or the new one, whatever happens; only its owner may read a new one. */
async function replace(file: string, text: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  const mode = found === undefined ? 0o600 : found.mode & 0o777;
  const next = `${file}.${randomUUID()}`;
  try {
    await writeFile(next, text, { mode, flush: true });
    // It stays the broker's, whoever edits it.
    if (found !== undefined) await chown(next, found.uid, found.gid);
    await rename(next, file);
  } catch (error) {
    await unlink(next).catch(() => {});
    throw error;
  }
}
