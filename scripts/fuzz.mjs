// Every property again with inputs that `npm test` does not draw: a seed of its own each round, printed, so that what fails
// can be had again by NIAGA_FUZZ_SEED=SEED npx vitest run FILE. Ends with 1 when a round failed; Ctrl-C ends it between two tests.
// Usage: npm run fuzz [-- --rounds N] [--seed FIRST]
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(MAX_SEED)) },
  },
});
const files = readdirSync('test', { recursive: true })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file))
  .filter((file) => /from '(fast-check|.*random-inputs\.js)'/.test(readFileSync(file, 'utf8')));
const first = Number(values.seed);
const failed = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const seed = (first + round) % MAX_SEED;
  console.log(`round ${round + 1} of ${values.rounds}, seed ${seed}, ${files.length} files`);
  const env = { ...process.env, NIAGA_FUZZ_SEED: String(seed), ...(round === 0 ? {} : { NIAGA_SKIP_BUILD: '1' }) };
  const { status, signal } = spawnSync('npx', ['vitest', 'run', '--reporter=dot', ...files], { stdio: 'inherit', env });
  if (signal !== null) process.exit(1);
  if (status !== 0) failed.push(seed);
}
console.log(failed.length === 0 ? 'every property held' : `failed with seed ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
