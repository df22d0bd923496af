#!/usr/bin/env node
/** The command `godwit`. */
import { launch } from '@godwit/runtime/launcher';

await launch(import.meta.url, {
  source: () => import('../src/main.ts'),
  built: () => import('../dist/main.js'),
});
