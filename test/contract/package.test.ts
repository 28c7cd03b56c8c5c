import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Names = Record<string, string>;
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Names;
}
const manifest = JSON.parse(read('package.json')) as { dependencies: Names; devDependencies: Names };
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const direct = { ...manifest.dependencies, ...manifest.devDependencies };

it('every dependency has one exact version, the same in package.json and in the lock file', () => {
  for (const [name, version] of Object.entries(direct)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

it('every dependency has a line in docs/dependencies.md, and every line a dependency', () => {
  const named = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  expect(named.sort()).toEqual(Object.keys(direct).sort());
});

it('the lock file names every package with its checksum, those of other platforms too: else npm ci refuses it', () => {
  for (const [path, { integrity, optionalDependencies = {} }] of Object.entries(packages)) {
    if (path !== '') expect(integrity, path).toMatch(/^sha512-/);
    for (const name of Object.keys(optionalDependencies)) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      expect(
        places.some((place) => packages[place] !== undefined),
        `${name}, of ${path}`,
      ).toBe(true);
    }
  }
});
