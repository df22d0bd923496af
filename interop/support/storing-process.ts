/**
 * A process that publishes with a store, to be killed: each message has the next number, and it says
 * which of them are stored. Told to drain, it sends what is left and ends.
 */
import { createClient, fileStore } from '@godwit/client/node';

const [url, directory, clientId, first, drain] = process.argv.slice(2);
const topics = ['1/a', '1/b', '2/a', '2/b'];
/** Promises that are pending at a time. */
const pendingMax = 40;

const client = createClient(url, {
  clientId,
  session: { expiryMs: 'never', store: fileStore(directory) },
  reconnect: { minMs: 5, maxMs: 50 },
});
client.on('undelivered', ({ error }) => {
  throw error;
});
console.log('started');
if (drain === 'drain') await client.close({ drain: true });
else {
  let next = Number(first);
  const publishNext = async (): Promise<void> => {
    const name = `${topics[next % topics.length]} ${next}`;
    const [topic, number] = name.split(' ');
    const qos = topic.startsWith('1') ? 1 : 2;
    next += 1;
    await client.publish(`${clientId}/${topic}`, number, { qos, until: 'stored' });
    console.log(name);
    await publishNext();
  };
  await Promise.all(Array.from({ length: pendingMax }, publishNext));
}
