/** Talks to the admin listener of a server: the HTTP API as a command needs it. */
import { readFile } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';

const prefix = '/api/v1';

export type Query = Readonly<Record<string, string | undefined>>;

export class AdminClient {
  readonly #url: URL;
  readonly #token: string | undefined;

  /**
   * @param tokenFile file that the token is in; undefined for none
   * @throws UsageError for what is no URL, and for a file that cannot be read
   */
  static async open(url: string, tokenFile: string | undefined): Promise<AdminClient> {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new UsageError(`--url is ${JSON.stringify(url)}; expected http://host:port`);
    }
    return new AdminClient(
      new URL(url),
      tokenFile === undefined ? undefined : await text(tokenFile),
    );
  }

  private constructor(url: URL, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** @returns what the API answers; undefined where that is nothing. Rejects with what it says is wrong. */
  async call(method: string, path: string, query: Query = {}, body?: object): Promise<unknown> {
    const response = await this.#fetch(method, path, query, body);
    return response.status === 204 ? undefined : await response.json();
  }

  /** The data of a stream's events, until it ends. */
  async *events(path: string, query: Query): AsyncGenerator<object> {
    const { body } = await this.#fetch('GET', path, query);
    let rest = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (data !== undefined) yield { event, ...JSON.parse(data) };
      }
    }
  }

  async #fetch(method: string, path: string, query: Query, body?: object): Promise<Response> {
    const url = new URL(prefix + path, this.#url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const response = await fetch(url, {
      method,
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(error => {
      throw new Error(`cannot reach ${this.#url.origin}: ${error.cause?.code ?? error.message}`);
    });
    if (response.ok) return response;
    const said = await response.text();
    throw new Error(`${response.status}, ${detailOf(said)}`);
  }
}

function detailOf(text: string): string {
  try {
    const { title, detail } = JSON.parse(text);
    return `${title}: ${detail}`;
  } catch {
    return 'this is not the admin listener of a Godwit server';
  }
}

async function text(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--token-file is ${JSON.stringify(file)}, which cannot be read (${code})`);
  }
}
