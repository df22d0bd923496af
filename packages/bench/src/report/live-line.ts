/** What a run is doing, in one line of a terminal that is written over and over. */
import type { Sample } from '../measure/sample.ts';
import { formatBytes, formatCount, formatDuration } from './quantities.ts';

/** The part of a stream that is needed; a terminal says that it is one. */
export interface LiveStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const columnsDefault = 80;
const eraseLine = '\r\x1b[K';

/** Writes only to terminals. */
export class LiveLine {
  readonly #stream: LiveStream | null;

  constructor(stream: LiveStream) {
    this.#stream = stream.isTTY === true ? stream : null;
  }

  show(sample: Sample): void {
    const stream = this.#stream;
    stream?.write(eraseLine + lineOf(sample).slice(0, (stream.columns ?? columnsDefault) - 1));
  }

  say(text: string): void {
    this.#stream?.write(eraseLine + text);
  }

  /** Leaves an empty line behind for what follows. */
  clear(): void {
    this.#stream?.write(eraseLine);
  }
}

/** One sample in words. */
function lineOf(sample: Sample): string {
  const { atMs, isMeasured, sentRate, receivedRate, p50Us, p99Us, rssBytes } = sample;
  const parts = [
    `${(atMs / 1000).toFixed(1)} s${isMeasured ? '' : ' (warm-up)'}`,
    `sent ${formatCount(sentRate)}/s`,
    `received ${formatCount(receivedRate)}/s`,
    `p50 ${formatDuration(p50Us)}`,
    `p99 ${formatDuration(p99Us)}`,
  ];
  if (rssBytes !== undefined) parts.push(`server ${formatBytes(rssBytes)}`);
  return parts.join('  ');
}
