import { isNiagaError } from '../../protocol/errors.js';
import type { ReadLine } from './index.js';

/** What `read` gives for a line, or the NiagaError that it throws. */
export function orError(line: number, read: () => unknown): ReadLine {
  try {
    return { line, value: read() };
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    return { line, error };
  }
}
