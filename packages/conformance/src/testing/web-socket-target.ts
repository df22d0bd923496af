/** Our broker behind a real WebSocket, and behind servers that do WebSocket wrongly. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Broker } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { memoryPair } from '@godwit/transport';
import { listenWebSocket } from '@godwit/transport/node';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Target } from '../target/target.ts';
import { urlTarget } from '../target/url-target.ts';

const host = '127.0.0.1';

/** A target that has to be closed. */
export type ClosingTarget = Required<Pick<Target, 'close' | 'openWebSocket'>> & Target;

export async function webSocketTarget(): Promise<ClosingTarget> {
  const broker = new Broker();
  const listener = await listenWebSocket({ host, port: 0 }, stream => broker.accept(stream));
  return withClose(`ws://${listener.address}/mqtt`, async () => {
    await listener.close();
    await broker.close();
  });
}

/** What a server does wrong. */
export interface Flaw {
  /** Selects the first subprotocol that is offered, whichever. */
  readonly selectsFirst?: boolean;
  readonly takesText?: boolean;
  /** A packet has to be a frame. */
  readonly alignsFrames?: boolean;
}

export async function flawedTarget(flaw: Flaw): Promise<ClosingTarget> {
  const broker = new Broker();
  const server = new WebSocketServer({
    host,
    port: 0,
    handleProtocols: ([first]) => (flaw.selectsFirst ? first : 'mqtt'),
  });
  server.on('connection', webSocket => attach(webSocket, broker, flaw));
  await once(server, 'listening');
  return withClose(`ws://${host}:${(server.address() as AddressInfo).port}`, async () => {
    await broker.close();
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
  });
}

function attach(webSocket: WebSocket, broker: Broker, flaw: Flaw): void {
  const [near, far] = memoryPair(systemClock.defer);
  broker.accept(far);
  near.open({
    onData: chunk => webSocket.send(chunk.slice()),
    onEnd: () => webSocket.close(),
    onDrain() {},
    onClose: () => webSocket.close(),
  });
  webSocket.on('close', () => near.destroy());
  webSocket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary && flaw.takesText !== true) webSocket.close(1003);
    else if (flaw.alignsFrames === true && data.length !== 2 + data[1]) webSocket.close(1002);
    else near.write(data);
  });
}

function withClose(url: string, close: () => Promise<void>): ClosingTarget {
  const { clock, open, openWebSocket } = urlTarget(url);
  return { clock, open, openWebSocket: openWebSocket!, close };
}
