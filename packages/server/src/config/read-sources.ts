/** Lays the sources of a configuration over each other, in their order, and checks the result. */
import { checkConfig, unknownKey } from './check.ts';
import { type Config, environmentPrefix } from './config.ts';
import { environmentPath, nearestVariable } from './environment.ts';
import { Layers } from './layers.ts';
import type { ConfigSources } from './load-config.ts';
import { nodeAt, type Path, valueOfText } from './schema-node.ts';

/**
 * @param text what is in `sources.file`
 * @throws ConfigError with everything that is wrong
 */
export function readSources(
  sources: Required<Omit<ConfigSources, 'file' | 'dataDir'>> & {
    file?: string;
    storage: { dataDir?: string };
  },
  text?: string,
): Config {
  const layers = new Layers();
  if (sources.file !== undefined && text !== undefined) layers.addFile(sources.file, text);
  for (const [name, value] of Object.entries(sources.environment)) {
    if (name.startsWith(environmentPrefix) && value !== undefined) {
      addVariable(layers, name, value);
    }
  }
  for (const assignment of sources.set) addAssignment(layers, assignment);
  for (const [key, value] of Object.entries(sources.firstListener)) {
    layers.set(['listeners', '0', key], value, `--${key}`);
  }
  const { dataDir } = sources.storage;
  if (dataDir !== undefined) layers.set(['storage', 'dataDir'], dataDir, '--data-dir');
  return checkConfig(layers);
}

function addVariable(layers: Layers, name: string, text: string): void {
  const path = environmentPath(name);
  if (path !== undefined) {
    addText(layers, path, text, name);
    return;
  }
  const guess = nearestVariable(name);
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
  layers.issues.push({ place: name, message: `stands for no key of the configuration${hint}` });
}

function addAssignment(layers: Layers, assignment: string): void {
  const place = `--set ${assignment}`;
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined || text === undefined) {
    layers.issues.push({ place, message: 'expected path.to.key=value' });
    return;
  }
  const path = name.trim().split('.');
  if (nodeAt(path) === undefined) {
    layers.issues.push({ place, message: unknownKey(path) });
  } else addText(layers, path, text, place);
}

function addText(layers: Layers, path: Path, text: string, place: string): void {
  const node = nodeAt(path)!;
  if (node.type === 'object' || node.type === 'array') {
    const message = `${path.join('.')} is a table or a list; set its keys one by one`;
    layers.issues.push({ place, message });
  } else layers.set(path, valueOfText(node, text), place);
}
