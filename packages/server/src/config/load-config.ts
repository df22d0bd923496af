/**
 * From what the owner gave to what the server runs on. Later sources override earlier ones:
 * defaults, file, environment, `--set`, flags. Without file, environment and `--set` the schema is
 * not even loaded, because that takes longer than starting the server.
 */
import { readFile } from 'node:fs/promises';
import {
  type Config,
  defaultConfig,
  defaultListener,
  environmentPrefix,
  type ListenerConfig,
} from './config.ts';
import { ConfigError } from './config-error.ts';

export interface ConfigSources {
  /** A TOML file. */
  readonly file?: string;
  /** Variables; those that begin with `GODWIT__` count. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Each `path.to.key=value`. */
  readonly set?: readonly string[];
  /** Overrides what is said of the first listener; has been checked. */
  readonly firstListener?: Partial<ListenerConfig>;
  /** Overrides `storage.dataDir`. */
  readonly dataDir?: string;
}

/** @throws ConfigError with everything that is wrong */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { file, environment = {}, set = [], firstListener = {}, dataDir } = sources;
  const storage = dataDir === undefined ? {} : { dataDir };
  const hasVariables = Object.keys(environment).some(name => name.startsWith(environmentPrefix));
  if (file === undefined && !hasVariables && set.length === 0) {
    return {
      ...defaultConfig,
      listeners: [{ ...defaultListener, ...firstListener }],
      storage: { ...defaultConfig.storage, ...storage },
    };
  }
  const [{ readSources }, text] = await Promise.all([
    import('./read-sources.ts'),
    file === undefined ? undefined : textOf(file),
  ]);
  return readSources({ ...sources, environment, set, firstListener, storage }, text);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new ConfigError([{ place: file, message }]);
  }
}
