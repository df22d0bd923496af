/** Where the page of the statements is kept; run as a program, it writes the page. */
import { writeFileSync } from 'node:fs';
import { matrixPage } from './matrix.ts';

export const matrixFile: URL = new URL(
  '../../../../docs/reference/conformance.md',
  import.meta.url,
);

if (import.meta.main) writeFileSync(matrixFile, matrixPage());
