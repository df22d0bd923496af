/**
 * `-D` takes three or four arguments, which no parser of options can tell: this makes them one, so
 * that the parser sees an ordinary option.
 */
import type { Option } from 'commander';
import type { PropertyWords } from './properties.ts';

/** Arguments with each `-D command identifier value` joined; see {@link splitProperty}. */
export function joinProperties(args: readonly string[], options: readonly Option[]): string[] {
  const joined: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    joined.push(arg);
    const option = options.find(({ short, long }) => arg === short || arg === long);
    if (option === undefined || !option.required || rest.length === 0) continue;
    const count = option.long === '--property' ? wordsOf(rest) : 1;
    const words = rest.splice(0, count);
    joined.push(option.long === '--property' ? words.join(wordSeparator) : words[0]);
  }
  return joined;
}

/** The words that {@link joinProperties} put into one argument. */
export function splitProperty(argument: string): PropertyWords {
  const [command = '', identifier = '', ...values] = argument.split(wordSeparator);
  return { command, identifier, values };
}

/** Between the joined words; no argument of a process can hold it. */
export const wordSeparator = '\0';

/** A user property has a name and a value. */
function wordsOf([, identifier]: readonly string[]): number {
  return identifier === 'user-property' ? 4 : 3;
}
