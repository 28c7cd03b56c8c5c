import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** Explores the trades and the mail to the end, then random schedules: `npm run model -- --schedules 1000000 --seed 7 --only schedules`. */
const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    /** Only the checks whose names match. */
    only: { type: 'string' },
  },
});
for (const name of ['schedules', 'seed']) {
  if (!/^\d{1,9}$/.test(values[name])) {
    console.error(`--${name} is a whole number, not "${values[name]}".`);
    process.exit(2);
  }
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/model', ...(values.only === undefined ? [] : ['-t', values.only])],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      NIAGA_MODEL: 'all',
      NIAGA_SCHEDULES: values.schedules,
      NIAGA_SEED: values.seed,
      // Nothing of it starts a process of dist/.
      NIAGA_SKIP_BUILD: '1',
    },
  },
);
process.exit(status ?? 1);
