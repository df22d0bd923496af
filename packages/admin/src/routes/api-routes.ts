/** All that the API can do. */
import type { Route } from '../http/route.ts';
import { clientRoutes } from './client-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { serverRoutes } from './server-routes.ts';

export const apiRoutes: readonly Route[] = [...serverRoutes, ...clientRoutes, ...messageRoutes];
