import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of something in the folder of data that is shared beside the repository: outside test vectors, catalogues.
 * Undefined where it is not there, as for those who only have the repository; such a test is then skipped, and says so.
 */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = fileURLToPath(new URL(['../../../shared', ...parts].join('/'), import.meta.url));
  return existsSync(path) ? path : undefined;
}
