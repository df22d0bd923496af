/** One thing that the API can do: its address, what goes in and comes out, and who may. */
import type { z } from 'zod';
import type { AdminSystem } from '../admin-system.ts';
import type { Scope } from './access.ts';

type Shape = z.ZodObject;

export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** Below `/api/v1`, parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly query: Shape | undefined;
  readonly body: Shape | undefined;
  /** Undefined: 204, no content. */
  readonly answer: z.ZodType | undefined;
  readonly run: (input: RouteInput, system: AdminSystem) => unknown;
}

export interface RouteInput {
  readonly params: Readonly<Record<string, string>>;
  /** Checked by the schema of the route. */
  readonly query: unknown;
  readonly body: unknown;
}

interface RouteInit<Q extends Shape, B extends Shape> {
  readonly method: Route['method'];
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: z.ZodType;
  run(
    input: {
      readonly params: Readonly<Record<string, string>>;
      readonly query: z.infer<Q>;
      readonly body: z.infer<B>;
    },
    system: AdminSystem,
  ): unknown;
}

/** Keeps what `run` gets to what the schemas let through. */
export function route<Q extends Shape = Shape, B extends Shape = Shape>(
  init: RouteInit<Q, B>,
): Route {
  const { query, body, answer, run } = init;
  return { ...init, query, body, answer, run: run as Route['run'] };
}
