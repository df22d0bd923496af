/** The API described for programs: OpenAPI 3.1, made from the routes themselves. */
import { z } from 'zod';
import { apiRoutes } from '../routes/api-routes.ts';
import type { Route } from './route.ts';

export const apiPrefix = '/api/v1';

const problem = {
  description: 'What is wrong',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of apiRoutes) {
    const path = `${apiPrefix}${route.path}`;
    paths[path] ??= {};
    paths[path][route.method] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Godwit', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: {
          type: 'object',
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
          },
        },
      },
    },
  };
}

function operation({ path, summary, scope, query, body, answer }: Route): object {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    summary,
    description: `Scope: ${scope}.`,
    security: [{ token: [] }, {}],
    parameters: [...inPath, ...queryParameters(query)],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: { ...success(answer), default: problem },
  };
}

function success(answer: z.ZodType | undefined): object {
  if (answer === undefined) return { '204': { description: 'Done' } };
  const schema = schemaOf(answer);
  return { '200': { description: 'As asked', content: { 'application/json': { schema } } } };
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query) as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(type: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input' });
  return schema;
}
