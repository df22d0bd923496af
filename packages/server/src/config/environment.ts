/**
 * Names of the environment: `GODWIT__LIMITS__QUEUE_MESSAGES_MAX` is `limits.queueMessagesMax`. Two
 * underscores part the steps of a path, because an orchestrator may invent variables that begin
 * with `GODWIT_` for a service of that name.
 */
import { environmentPrefix } from './config.ts';
import { nearest } from './nearest.ts';
import { type Path, rootNode, type SchemaNode } from './schema-node.ts';

/** The path that a variable stands for; undefined when there is no such key. */
export function environmentPath(variable: string): Path | undefined {
  const path: string[] = [];
  let node: SchemaNode | undefined = rootNode;
  for (const step of variable.slice(environmentPrefix.length).split('__')) {
    let key: string | undefined;
    if (node?.items !== undefined && /^\d{1,4}$/.test(step)) [key, node] = [step, node.items];
    else {
      key = Object.keys(node?.properties ?? {}).find(name => environmentStep(name) === step);
      node = key === undefined ? undefined : node?.properties?.[key];
    }
    if (key === undefined) return undefined;
    path.push(key);
  }
  return path;
}

/** The variable that somebody may have meant; lists are suggested by their first item. */
export function nearestVariable(variable: string): string | undefined {
  return nearest(variable, variablesOf(rootNode, environmentPrefix.slice(0, -2)));
}

function variablesOf(node: SchemaNode, prefix: string): string[] {
  if (node.items !== undefined) return variablesOf(node.items, `${prefix}__0`);
  if (node.properties === undefined) return [prefix];
  return Object.entries(node.properties).flatMap(([name, child]) =>
    variablesOf(child, `${prefix}__${environmentStep(name)}`),
  );
}

/** `queueMessagesMax` → `QUEUE_MESSAGES_MAX`, `maximumQoS` → `MAXIMUM_QOS`. */
function environmentStep(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z][a-z])/g, '_').toUpperCase();
}
