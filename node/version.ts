import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// A self-reference: found from the sources and from the built package alike.
const require = createRequire(import.meta.url);
const MANIFEST = 'niaga/package.json';

/** The version of this package. */
export function ownVersion(): string {
  return (require(MANIFEST) as { version: string }).version;
}

/** The program as it is built: what `niaga` runs. */
export function programPath(): string {
  return join(dirname(require.resolve(MANIFEST)), 'dist', 'bin', 'niaga.js');
}
