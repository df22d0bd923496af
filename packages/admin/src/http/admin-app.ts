/** What the admin listener answers: health, metrics, and the API with its description. */
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import type { AdminSystem } from '../admin-system.ts';
import { exposition } from '../metrics/exposition.ts';
import type { ProcessWatch } from '../metrics/process-watch.ts';
import { apiRoutes } from '../routes/api-routes.ts';
import { clientEvents } from '../routes/client-events.ts';
import { type TraceQuery, traceEvents, traceQuery } from '../routes/trace-events.ts';
import type { Access, Scope } from './access.ts';
import type { EventStreams } from './events.ts';
import { apiPrefix, openApi } from './open-api.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

const bodyBytesMax = 1024 * 1024;
const exposed = 'text/plain; version=0.0.4; charset=utf-8';

export type AdminApp = Hono<{ Bindings: HttpBindings }>;
type Call = Context<{ Bindings: HttpBindings }>;

export interface AppParts {
  readonly system: AdminSystem;
  readonly access: Access;
  readonly events: EventStreams;
  readonly process: ProcessWatch;
}

export function adminApp(parts: AppParts): AdminApp {
  const { system, events } = parts;
  const app: AdminApp = new Hono();
  const admit = (call: Call, scope: Scope): string =>
    parts.access.admit(call.req.raw, call.env.incoming.socket.remoteAddress ?? '', scope);
  addHealth(app, system);
  app.get('/metrics', call => {
    admit(call, 'metrics');
    const { broker, version, engineStats } = system;
    const measured = { broker, version, engine: engineStats, process: parts.process };
    return call.body(exposition(measured), 200, { 'content-type': exposed });
  });
  app.get(`${apiPrefix}/openapi.json`, call => call.json(openApi(system.version)));
  app.get(`${apiPrefix}/events`, call => {
    admit(call, 'read');
    return events.response(clientEvents(system));
  });
  app.get(`${apiPrefix}/trace`, call => {
    const who = admit(call, 'read');
    const query = checked(traceQuery, call.req.query(), 'query') as TraceQuery;
    const source = traceEvents(system, query);
    system.audit('admin', { who, method: 'get', path: call.req.path, ...query });
    return events.response(source);
  });
  for (const route of apiRoutes) {
    const path = `${apiPrefix}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.on(route.method.toUpperCase(), path, async call => {
      const who = admit(call, route.scope);
      return audited(system, who, route, call.req.path, () => answer(route, call, system));
    });
  }
  app.notFound(() => new Problem(404, `expected a path of ${apiPrefix}/openapi.json`).response());
  app.onError((error, call) => {
    if (error instanceof Problem) return error.response();
    system.audit('request failed', { path: call.req.path, error: String(error) });
    return new Problem(500, 'see the log').response();
  });
  return app;
}

/** Open to everybody who reaches the listener: they say nothing but yes or no. */
function addHealth(app: AdminApp, { broker }: AdminSystem): void {
  app.get('/livez', call => call.text('alive\n'));
  app.get('/readyz', call => {
    const { phase, storage = 'ready' } = broker.inspector;
    const isReady = phase === 'running' && storage === 'ready';
    const why = phase === 'running' ? `storage is ${storage}` : phase;
    return isReady ? call.text('ready\n') : call.text(`not ready: ${why}\n`, 503);
  });
}

/** What changes something is in the log, whoever did it and however it went. */
async function audited(
  { audit }: AdminSystem,
  who: string,
  { scope, method }: Route,
  path: string,
  run: () => Promise<Response>,
): Promise<Response> {
  if (scope !== 'write') return run();
  const fields = { who, method, path };
  try {
    const response = await run();
    audit('admin', { ...fields, status: response.status });
    return response;
  } catch (error) {
    audit('admin', { ...fields, status: error instanceof Problem ? error.status : 500 });
    throw error;
  }
}

async function answer(route: Route, call: Call, system: AdminSystem): Promise<Response> {
  // What is stored is not there yet: it would come on top of the change, or be missed by it.
  if (route.scope === 'write' && system.broker.inspector.phase === 'starting') {
    throw new Problem(503, 'the server is starting');
  }
  const query = checked(route.query, call.req.query(), 'query');
  const body = route.body === undefined ? undefined : checked(route.body, await json(call), 'body');
  const result = await route.run({ params: call.req.param(), query, body }, system);
  return route.answer === undefined ? call.body(null, 204) : call.json(result as object);
}

/** Only what says that it is JSON: a page in a browser cannot send that here unasked. */
async function json(call: Call): Promise<unknown> {
  const type = call.req.header('content-type') ?? '';
  if (!/^application\/json\b/i.test(type)) {
    throw new Problem(415, 'expected Content-Type: application/json');
  }
  const text = await bodyOf(call.req.raw);
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'body: expected JSON');
  }
}

async function bodyOf({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Problem(413, `at most ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function checked(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const faults = error.issues.map(
    ({ path, message }) => `${[where, ...path].join('.')}: ${message}`,
  );
  throw new Problem(400, faults.join('; '));
}
