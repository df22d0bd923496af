/** An iterator as a web stream, which asks for a value only when one is read. */

/** Cancelling the stream leaves the iterator. */
export function readable<T>(iterator: AsyncIterableIterator<T, undefined>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    // nothing ahead: asking for a message acknowledges the one before
    { highWaterMark: 0 },
  );
}
