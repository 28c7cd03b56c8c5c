import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** A hundred buyers race for the last piece of a seller's real node: `npm run oversell -- --rounds 1000`. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
if (!/^[1-9]\d{0,5}$/.test(values.rounds)) {
  console.error(`--rounds is a whole number from 1 up, not "${values.rounds}".`);
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/node/trades/oversell.test.ts'],
  {
    stdio: 'inherit',
    // Nothing of it starts a process of dist/.
    env: { ...process.env, NIAGA_OVERSELL_ROUNDS: values.rounds, NIAGA_SKIP_BUILD: '1' },
  },
);
process.exit(status ?? 1);
