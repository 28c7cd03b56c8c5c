import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));

/**
 * Builds `dist/` once before the tests, for those that need real processes: Node 20 cannot run TypeScript.
 * With `NIAGA_SKIP_BUILD=1` it does nothing: `dist/` is then used as it is.
 *
 * Types are not checked here: that is a step of its own, and so unfinished work in one folder does not stop the tests of another.
 */
export default async function setup(): Promise<void> {
  if (process.env['NIAGA_SKIP_BUILD'] === '1') return;
  const child = spawn(process.execPath, [BUILD, '--no-check'], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`dist/ could not be built: ${BUILD} ended with ${code}`);
}
