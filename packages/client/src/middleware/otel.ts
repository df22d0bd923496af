/**
 * Traces with OpenTelemetry, whose API the program installs: a span for each message published and
 * each received, tied together by W3C `traceparent` and `tracestate` in user properties.
 */
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { UserProperties } from '../options.ts';
import type { Middleware } from './middleware.ts';

export interface OtelOptions {
  /** Default: the global one, for `@godwit/client`. */
  tracer?: Tracer;
}

/**
 * A middleware that traces. A 'send' span ends when `publish` settles; a 'process' span ends when
 * the message is acknowledged (QoS 0: when it is delivered). Messages of 3.x carry no context.
 */
export function otel({ tracer }: OtelOptions = {}): Middleware {
  const current = (): Tracer => tracer ?? trace.getTracer('@godwit/client');
  return {
    async publish(message, next) {
      const { topic, payload, options, protocolVersion } = message;
      const attributes = { ...described(topic, 'send'), 'messaging.mqtt.qos': options.qos ?? 0 };
      const span = current().startSpan(
        `send ${topic}`,
        { kind: SpanKind.PRODUCER, attributes: { ...attributes, ...sizeOf(payload) } },
        context.active(),
      );
      const carried: [string, string][] = [];
      if (protocolVersion === 5) {
        propagation.inject(trace.setSpan(context.active(), span), carried, {
          set: (carrier, name, value) => carrier.push([name, value]),
        });
      }
      const userProperties = [...(options.userProperties ?? []), ...carried];
      try {
        const isPlain = carried.length === 0;
        return await next(
          isPlain ? message : { ...message, options: { ...options, userProperties } },
        );
      } catch (error) {
        fail(span, error as Error);
        throw error;
      } finally {
        span.end();
      }
    },
    receive(message, next) {
      const { topic, qos, properties, payload } = message;
      const attributes = { ...described(topic, 'process'), 'messaging.mqtt.qos': qos };
      const span = current().startSpan(
        `process ${topic}`,
        { kind: SpanKind.CONSUMER, attributes: { ...attributes, ...sizeOf(payload) } },
        traceContext(properties),
      );
      message.onDone(reasonCode => {
        if (reasonCode >= 0x80) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      next();
    },
  };
}

const getter: TextMapGetter<UserProperties> = {
  keys: properties => properties.map(([name]) => name),
  get: (properties, key) => properties.find(([name]) => name === key)?.[1],
};

/**
 * The trace that a received message belongs to, for spans of one's own:
 * `context.with(traceContext(message), run)`.
 */
export function traceContext(message: { readonly userProperties?: UserProperties }): Context {
  return propagation.extract(context.active(), message.userProperties ?? [], getter);
}

function described(topic: string, operation: string): Record<string, string> {
  return {
    'messaging.system': 'mqtt',
    'messaging.destination.name': topic,
    'messaging.operation.type': operation,
  };
}

function sizeOf(payload: Uint8Array | string): Record<string, number> {
  return typeof payload === 'string' ? {} : { 'messaging.message.body.size': payload.length };
}

function fail(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
