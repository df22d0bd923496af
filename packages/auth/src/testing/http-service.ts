/** A service over HTTP on a port of its own, for tests: answers as the test says, counts requests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface HttpService extends AsyncDisposable {
  readonly url: string;
  /** Bodies of the requests, in order. */
  readonly bodies: readonly string[];
  /** The header `Authorization` of each. */
  readonly authorizations: readonly (string | undefined)[];
}

type Respond = (body: string) => { status?: number; text: string } | Promise<never>;

export async function httpService(respond: Respond): Promise<HttpService> {
  const bodies: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    bodies.push(body);
    authorizations.push(request.headers.authorization);
    const answer = await respond(body);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(answer.text);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    bodies,
    authorizations,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
