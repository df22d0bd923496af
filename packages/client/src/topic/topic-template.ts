/**
 * A topic with parameters, `site/{site}/device/{id}`: each stands for one level, and fills in to a
 * topic name, or, left out, to `+` in a filter.
 */
import { parseTopicFilter } from '@godwit/protocol';

type Levels<T extends string> = T extends `${infer Level}/${infer Rest}` ? Level | Levels<Rest> : T;
type NameOf<Level> = Level extends `{${infer Name}}` ? Name : never;

/** The parameters of a template, by name: `TopicParams<'a/{b}/{c}'>` is `{ b: string; c: string }`. */
export type TopicParams<T extends string> = string extends T
  ? Record<string, string>
  : { [Name in NameOf<Levels<T>>]: string };

interface Level {
  readonly text: string;
  /** Null for a level that is always the same. */
  readonly param: string | null;
}

export class TopicTemplate {
  readonly #levels: readonly Level[];

  /** @throws RangeError for a wildcard, braces that are no whole level, and names used twice */
  constructor(template: string) {
    this.#levels = template.split('/').map(text => ({ text, param: paramOf(template, text) }));
    const names = this.#levels.flatMap(({ param }) => param ?? []);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw refusal(template, `the parameter '${twice}' occurs twice`);
    if (parseTopicFilter(template) === null || template.startsWith('$share/')) {
      throw refusal(template, 'it is no topic');
    }
  }

  /**
   * The topic name of these parameters.
   * @throws TypeError for a parameter that is missing, unknown or no string
   * @throws RangeError for one that is empty or holds `/`, `+`, `#` or U+0000
   */
  name(params: Readonly<Record<string, string | undefined>>): string {
    return this.#fill(params, name => {
      throw new TypeError(`the parameter '${name}' is missing`);
    });
  }

  /** The filter of these parameters: those left out are `+`. @throws as `name` */
  filter(params: Readonly<Record<string, string | undefined>>): string {
    return this.#fill(params, () => '+');
  }

  /** The parameters of a topic that its filter matched. */
  params(topic: string): Record<string, string> {
    const texts = topic.split('/');
    // a name such as '__proto__' is a name as any other
    return Object.fromEntries(
      this.#levels.flatMap(({ param }, at) => (param === null ? [] : [[param, texts[at]]])),
    );
  }

  #fill(
    params: Readonly<Record<string, string | undefined>>,
    absent: (name: string) => string,
  ): string {
    for (const name of Object.keys(params)) {
      if (this.#levels.every(({ param }) => param !== name)) {
        throw new TypeError(`there is no parameter '${name}'`);
      }
    }
    return this.#levels
      .map(({ text, param }) => {
        if (param === null) return text;
        const value = Object.hasOwn(params, param) ? params[param] : undefined;
        return value === undefined ? absent(param) : checked(param, value);
      })
      .join('/');
  }
}

function paramOf(template: string, text: string): string | null {
  if (!/[{}+#]/.test(text)) return null;
  const name = /^\{([^{}+#]+)\}$/.exec(text)?.[1];
  if (name !== undefined) return name;
  throw refusal(template, `'${text}' is neither plain text nor one parameter in braces`);
}

function checked(name: string, value: string): string {
  if (typeof value !== 'string') throw new TypeError(`the parameter '${name}' is no string`);
  if (value === '') throw new RangeError(`the parameter '${name}' is empty`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 is what is looked for
  if (/[/+#\u0000]/.test(value)) {
    const given = JSON.stringify(value);
    throw new RangeError(
      `the parameter '${name}' is ${given}; expected none of '/', '+', '#', NUL`,
    );
  }
  return value;
}

function refusal(template: string, why: string): RangeError {
  return new RangeError(`not a topic template: ${JSON.stringify(template)}: ${why}`);
}
