// Packages of the project itself: bench/ has a package.json of its own, whose packages must not take their place.
import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

/** Imports a package from the project's node_modules, so that ours and the plain way run on the very same code. */
export async function rootPackage(name) {
  const [first, second] = name.split('/');
  const folder = new URL(`node_modules/${name.startsWith('@') ? `${first}/${second}` : first}/`, ROOT);
  const { exports } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  const path = name.split('/').slice(name.startsWith('@') ? 2 : 1);
  const entry = exports[path.length === 0 ? '.' : `./${path.join('/')}`];
  return import(new URL(typeof entry === 'string' ? entry : (entry.import ?? entry.default), folder).href);
}
