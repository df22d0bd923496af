export { configJsonSchema, configToml, referenceToml } from './config-toml.ts';
export { shownConfig } from './shown-config.ts';
