/** What the compiler knows of typed topics: checked by `tsc -b`, where an unused expectation fails. */
import { test } from 'node:test';
import * as v from 'valibot';
import { z } from 'zod';
import type { Client } from '../client.ts';
import { bytes, json, text } from '../codec/codec.ts';
import type { TopicParams } from './topic-template.ts';
import { topic } from './typed-topic.ts';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expect<_ extends true>(): void {}

test('types are inferred', () => {
  expect<Equal<TopicParams<'a/{b}/c/{d}'>, { b: string; d: string }>>();
  // biome-ignore lint/complexity/noBannedTypes: what an empty mapped type is
  expect<Equal<TopicParams<'a/b'>, {}>>();
  expect<Equal<TopicParams<string>, Record<string, string>>>();
});

/** Never called. */
export async function checked(client: Client): Promise<void> {
  const zodTopic = topic('site/{site}/{id}', {
    codec: json(),
    schema: z.object({ at: z.string().transform(at => new Date(at)) }),
  });
  await zodTopic.publish(client, { site: 'a', id: 'b' }, { at: 'now' });
  // @ts-expect-error a parameter is missing
  await zodTopic.publish(client, { site: 'a' }, { at: 'now' });
  // @ts-expect-error a parameter too many
  await zodTopic.publish(client, { site: 'a', id: 'b', other: 'c' }, { at: 'now' });
  // @ts-expect-error the schema takes a string
  await zodTopic.publish(client, { site: 'a', id: 'b' }, { at: 1 });
  // @ts-expect-error no such parameter
  await zodTopic.subscribe(client, { sight: 'a' });
  for await (const { params, value } of await zodTopic.subscribe(client, { site: 'a' })) {
    expect<Equal<typeof params, { site: string; id: string }>>();
    expect<Equal<typeof value, { at: Date }>>();
  }

  const valibotTopic = topic('t', {
    codec: json(),
    schema: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
  });
  await valibotTopic.publish(client, {}, { n: '1' });
  // @ts-expect-error the schema takes a string
  await valibotTopic.publish(client, {}, { n: 1 });
  await (await valibotTopic.subscribe(client)).each(({ value }) => {
    expect<Equal<typeof value, { n: number }>>();
  });

  await topic('t', { codec: json<number[]>() }).publish(client, {}, [1]);
  // @ts-expect-error the codec takes numbers
  await topic('t', { codec: json<number[]>() }).publish(client, {}, ['1']);
  // @ts-expect-error the codec takes text
  await topic('t', { codec: text() }).publish(client, {}, new Uint8Array());
  // @ts-expect-error the codec takes bytes
  await topic('t', { codec: bytes() }).publish(client, {}, 'x');
  // @ts-expect-error there is no QoS 3
  topic('t', { codec: text(), qos: 3 });
}
