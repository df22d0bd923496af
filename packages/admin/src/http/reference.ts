/** Writes `docs/reference/api.md`: run as a program it replaces the page. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { apiRoutes } from '../routes/api-routes.ts';
import { apiPrefix } from './open-api.ts';
import type { Route } from './route.ts';

export const apiPage: URL = new URL('../../../../docs/reference/api.md', import.meta.url);

const introduction = `# HTTP API

<!-- Generated: node --conditions=godwit-source packages/admin/src/http/reference.ts -->

What the [admin listener](../operate/monitoring.md) answers below \`${apiPrefix}\`. The same as OpenAPI
3.1, with the schemas of all answers, is at \`${apiPrefix}/openapi.json\`.

With tokens configured, each request has \`Authorization: Bearer\` and one that has the scope named
here. Errors are \`application/problem+json\`: 400 for what is not valid, 401 and 403 for who may not,
404 for what there is not, 429 for too many requests, 503 for changes while the server starts.

\`GET ${apiPrefix}/events\` (scope \`read\`) is a stream of server-sent events: \`connected\`,
\`disconnected\`, \`subscribed\`, \`unsubscribed\`, and \`missed\` with a count for a reader that is too
slow.

\`GET ${apiPrefix}/trace\` (scope \`read\`) is a stream, too: an event \`received\` or \`sent\` for each
packet of the clients that \`clientId\`, \`username\` or \`address\` name, or for each PUBLISH whose
topic matches the filter \`topic\`; all that is given must hold, and something must be. It ends after
\`packets\` (1,000 by default, at most 100,000) or \`seconds\` (60 by default, at most 3,600). Passwords
are hidden, payloads cut after 256 bytes. Who traces what is logged.
`;

interface ObjectSchema {
  readonly properties?: Readonly<
    Record<string, { readonly description?: string; readonly default?: unknown }>
  >;
}

/** The whole page. */
export function apiReference(): string {
  return [introduction, ...apiRoutes.map(section)].join('\n');
}

function section({ method, path, summary, scope, query, body }: Route): string {
  const fields = [...fieldsOf(query, 'query'), ...fieldsOf(body, 'body')];
  const table =
    fields.length === 0
      ? ''
      : `\n| Field | In | Default | Meaning |\n|---|---|---|---|\n${fields.join('')}`;
  return `## ${method.toUpperCase()} ${path}\n\n${summary} Scope: \`${scope}\`.\n${table}`;
}

function fieldsOf(type: z.ZodType | undefined, where: string): string[] {
  if (type === undefined) return [];
  const { properties = {} } = z.toJSONSchema(type, { io: 'input' }) as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => {
    const value = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
    return `| \`${name}\` | ${where} | ${value} | ${schema.description ?? ''} |\n`;
  });
}

if (import.meta.main) writeFileSync(apiPage, apiReference());
