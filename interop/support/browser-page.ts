/**
 * A page in Debian's chromium that has our client as `mqtt`, bundled by esbuild; and what the pages
 * complained about.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { isInstalled } from './program.ts';

/** A browser's; functions given to `evaluate` run there. */
declare const XMLHttpRequest: new () => {
  open(method: string, url: string, isAsynchronous: boolean): void;
  send(): void;
};

const host = '127.0.0.1';
/** Where Debian has it. */
const executablePath = '/usr/bin/chromium';

export const chromiumMissing = isInstalled('test', '-x', executablePath)
  ? false
  : 'chromium is not installed';

/** The client, with SCRAM and its store, as a script that sets the global `mqtt`. */
async function bundledClient(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '@godwit/client';
        export * from '@godwit/client/indexed-db';
        export * from '@godwit/client/scram';`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'mqtt',
    platform: 'browser',
    target: 'es2022',
    conditions: ['godwit-source'],
  });
  return outputFiles[0].text;
}

export class BrowserPage implements AsyncDisposable {
  page: Page;
  readonly context: BrowserContext;
  /** Errors on the console, and those that nobody caught. */
  readonly complaints: string[];
  readonly #browser: Browser;
  readonly #server: Server;
  /** The answer that the page waits for, doing nothing else. */
  #sleeping: ServerResponse | undefined;

  private constructor(browser: Browser, context: BrowserContext, page: Page, server: Server) {
    this.#browser = browser;
    this.context = context;
    this.page = page;
    this.#server = server;
    this.complaints = [];
    this.#listen();
  }

  static async open(): Promise<BrowserPage> {
    const script = await bundledClient();
    const server = createServer(({ url }, response) => {
      if (url === '/sleep') {
        opened.#sleeping = response;
        return;
      }
      const isScript = url === '/client.js';
      const type = isScript ? 'text/javascript' : 'text/html';
      const body =
        '<!doctype html><link rel="icon" href="data:,"><script src="client.js"></script>';
      response.setHeader('content-type', `${type}; charset=utf-8`).end(isScript ? script : body);
    }).listen(0, host);
    await once(server, 'listening');
    // chromium has no sandbox for root
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    const browser = await chromium.launch({ executablePath, args });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const opened = new BrowserPage(browser, context, await context.newPage(), server);
    await opened.page.goto(opened.origin);
    return opened;
  }

  /** Closes the page, without a word to what runs in it, and opens another. */
  async reopen(): Promise<void> {
    await this.page.close();
    this.page = await this.context.newPage();
    this.#listen();
    await this.page.goto(this.origin);
  }

  #listen(): void {
    this.page.on('console', message => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    this.page.on('pageerror', error => this.complaints.push(String(error)));
  }

  /** Nothing runs in the page, no timer and no event, until `wake`; resolves after it. */
  sleep(): Promise<void> {
    return this.page.evaluate(() => {
      const request = new XMLHttpRequest();
      request.open('GET', '/sleep', false);
      request.send();
    });
  }

  wake(): void {
    this.#sleeping?.end();
  }

  get origin(): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
