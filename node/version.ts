import { createRequire } from 'node:module';

/** The version of this package. A self-reference: found from the sources and from the built package alike. */
export function ownVersion(): string {
  const manifest = createRequire(import.meta.url)('niaga/package.json') as { version: string };
  return manifest.version;
}
