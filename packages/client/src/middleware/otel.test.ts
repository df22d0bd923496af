import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { meet, publish } from '../testing/scripted-server.ts';
import { metrics } from './metrics.ts';
import { otel, traceContext } from './otel.ts';

test('spans of both ends belong to one trace', async t => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  t.after(() => propagation.disable());
  const use = [otel({ tracer: provider.getTracer('test') })];
  const { client, server, clock } = await meet(t, { use });
  const published = client.publish('t', 'x', { qos: 1, userProperties: [['mine', '1']] });
  await clock.settle();
  await published;
  const [packet] = server.got(PacketType.publish);
  const [mine, [name, traceparent]] = packet.properties?.userProperties ?? [];
  assert.deepEqual(mine, ['mine', '1']);
  assert.equal(name, 'traceparent');
  assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);

  const subscribing = client.subscribe('t', { qos: 1 });
  await clock.settle();
  const subscription = await subscribing;
  server.send({ ...packet, packetId: 9 });
  await clock.settle();
  const { value } = await subscription[Symbol.asyncIterator]().next();
  assert.equal(exporter.getFinishedSpans().length, 1);
  const active = trace.getSpanContext(traceContext(value!));
  assert.equal(active?.traceId, traceparent.split('-')[1]);
  value?.nack(ReasonCode.quotaExceeded);
  const [send, process] = exporter.getFinishedSpans();
  assert.equal(send.name, 'send t');
  assert.equal(process.name, 'process t');
  assert.equal(process.parentSpanContext?.spanId, send.spanContext().spanId);
  assert.equal(process.spanContext().traceId, send.spanContext().traceId);
  assert.equal(process.status.code, 2);

  await assert.rejects(client.publish('+', ''), RangeError);
  assert.equal(exporter.getFinishedSpans()[2].status.code, 2);
  assert.equal(trace.getSpanContext(traceContext({ userProperties: [] })), undefined);
});

test('metrics: counts, and Prometheus text', async t => {
  const counts = metrics();
  const { client, server, clock } = await meet(t, { use: [counts] });
  const published = client.publish('t', 'abc', { qos: 1 });
  assert.equal(counts.publishing, 1);
  await assert.rejects(client.publish('#', ''), RangeError);
  client.on('unhandled', message => message.nack(ReasonCode.quotaExceeded));
  server.send(publish({ qos: 1, packetId: 1 }));
  await clock.settle();
  await published;
  assert.deepEqual(counts.published, [0, 1, 0]);
  assert.deepEqual(counts.received, [0, 1, 0]);
  assert.match(counts.text(), /^mqtt_client_published_total\{qos="1"\} 1$/m);
  assert.match(counts.text('x'), /^x_refused_total 1$/m);
  assert.match(counts.text(), /^mqtt_client_published_bytes_total 3$/m);
  assert.match(counts.text(), /^mqtt_client_publish_failures_total 1$/m);
});
