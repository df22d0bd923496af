#!/usr/bin/env node
/** The command `godwit-conformance`. */
import { launch } from '@godwit/runtime/launcher';

await launch(import.meta.url, {
  source: () => import('../src/cli.ts'),
  built: () => import('../dist/cli.js'),
});
