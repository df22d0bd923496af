/**
 * A service that answers questions, and a client that asks: in time, with errors that travel.
 *
 *     node examples/request-response.ts [mqtt://127.0.0.1:1883]
 */
import { RequestError, ResponseError } from '@godwit/client';
import { connect } from '@godwit/client/node';

const url = process.argv[2] ?? 'mqtt://127.0.0.1:1883';
const prices = new Map([['tea', 3.5]]);

await using shop = await connect(url);
await using _service = await shop.respond(
  'shop/price',
  question => {
    const price = prices.get(question.text());
    if (price === undefined) throw new ResponseError(`we have no ${question.text()}`);
    return price.toFixed(2);
  },
  { qos: 1, share: 'shops', concurrency: 10 },
);

await using customer = await connect(url);
const answer = await customer.request('shop/price', 'tea', { timeoutMs: 2_000 });
console.log(`tea: ${answer.text()}`);
try {
  await customer.request('shop/price', 'coffee', { timeoutMs: 2_000 });
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  console.log(`coffee: ${error.message}`);
}
