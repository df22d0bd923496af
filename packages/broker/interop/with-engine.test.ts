/**
 * All tests of the broker once more, with a storage engine that is as quick as can be: whatever is
 * durable behaves as what is not.
 */
import { glob } from 'node:fs/promises';
import { HandEngine } from '../src/testing/hand-engine.ts';
import { testDefaults } from '../src/testing/test-broker.ts';

testDefaults.engine = () => {
  const engine = new HandEngine(true);
  // Tests publish at once, and their brokers have nothing to take over.
  engine.accepts.isLoaded = true;
  return engine;
};
const folder = new URL('../src/', import.meta.url);
for await (const file of glob('**/*.test.ts', { cwd: folder })) {
  await import(new URL(file, folder).href);
}
