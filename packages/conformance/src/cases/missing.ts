/**
 * Statements that a server has to obey, that can be tested, and that no case tests yet. A test
 * compares the list with the cases, so that it can only shrink.
 */
import type { Standard } from '../statements/index.ts';

export const missing: Readonly<Record<Standard, readonly string[]>> = {
  v5: [],
  v3: [],
};
