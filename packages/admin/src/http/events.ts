/** Streams of server-sent events. A reader that is slow misses some, and is told how many. */
import type { Timer } from '@godwit/runtime';
import type { AdminSystem } from '../admin-system.ts';
import { Problem } from './problem.ts';

const streamsMax = 16;
/** Events that wait for a reader. */
const waitingMax = 1000;
/** Silence after which a comment shows that the stream is alive. */
const heartbeatMs = 15_000;

/** Where events come from. @returns a function that stops them */
export type EventSource = (send: Send, end: () => void) => () => void;
type Send = (event: string, data: object) => void;

export class EventStreams {
  readonly #system: AdminSystem;
  readonly #open: Set<() => void>;

  constructor(system: AdminSystem) {
    this.#system = system;
    this.#open = new Set();
  }

  /** @throws Problem when there are too many */
  response(source: EventSource): Response {
    if (this.#open.size >= streamsMax) throw new Problem(503, `at most ${streamsMax} streams`);
    let end = (): void => {};
    const stream = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          end = this.#begin(controller, source);
        },
        cancel: () => end(),
      },
      { highWaterMark: waitingMax },
    );
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
    return new Response(stream, { headers });
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.#open]) end();
  }

  #begin(controller: ReadableStreamDefaultController<Uint8Array>, source: EventSource): () => void {
    const { clock } = this.#system;
    const encoder = new TextEncoder();
    let missed = 0;
    const write = (text: string): void => {
      if ((controller.desiredSize ?? 0) <= 0) missed += 1;
      else controller.enqueue(encoder.encode(text));
    };
    const send: Send = (event, data) => {
      if (missed > 0 && (controller.desiredSize ?? 0) > 1) {
        const text = eventText('missed', { count: missed }, clock.wallMs());
        missed = 0;
        write(text);
      }
      write(eventText(event, data, clock.wallMs()));
    };
    let timer: Timer = { cancel() {} };
    const beat = (): void => {
      write(': alive\n\n');
      timer = clock.after(heartbeatMs, beat);
    };
    beat();
    const end = (): void => {
      if (!this.#open.delete(end)) return;
      forget();
      timer.cancel();
      try {
        controller.close();
      } catch {
        // The reader went first.
      }
    };
    this.#open.add(end);
    const forget = source(send, end);
    return end;
  }
}

function eventText(event: string, data: object, wallMs: number): string {
  const time = new Date(wallMs).toISOString();
  return `event: ${event}\ndata: ${JSON.stringify({ time, ...data })}\n\n`;
}
