import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** A hundred buyers race for the last piece of a seller's real node: `npm run oversell -- --rounds 1000 --seed 1`. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    /** Markets side by side, each with a share of the rounds. */
    markets: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    /** Decides who is before whom; each market has one of its own, counted from this. */
    seed: { type: 'string', default: '1' },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d{0,5}$/.test(value)) continue;
  console.error(`--${name} is a whole number from 1 up, not "${value}".`);
  process.exit(2);
}
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const markets = Math.min(Number(values.markets), rounds);
const folder = await mkdtemp(join(tmpdir(), 'niaga-oversell-'));
const began = performance.now();
const outcomes = await Promise.all(
  Array.from({ length: markets }, async (_, at) => {
    const result = join(folder, String(at));
    const market = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', 'test/node/trades/oversell.test.ts'],
      {
        stdio: 'inherit',
        env: {
          ...process.env,
          // Nothing of it starts a process of dist/.
          NIAGA_SKIP_BUILD: '1',
          NIAGA_OVERSELL_ROUNDS: String(Math.floor((rounds + at) / markets)),
          NIAGA_OVERSELL_SEED: String(seed + at),
          NIAGA_OVERSELL_RESULT: result,
        },
      },
    );
    const [status] = await once(market, 'exit');
    const figures = await readFile(result, 'utf8').then(JSON.parse, () => undefined);
    return { status, figures };
  }),
);
await rm(folder, { recursive: true });
const seconds = (performance.now() - began) / 1000;
const finished = outcomes.flatMap(({ figures }) => figures ?? []);
const sold = new Map();
for (const [pieces, times] of finished.flatMap((figures) => figures.sold))
  sold.set(pieces, (sold.get(pieces) ?? 0) + times);
const played = [...sold.values()].reduce((sum, times) => sum + times, 0);
const buyers = finished[0]?.buyers ?? 0;
const winners = new Set(finished.flatMap((figures) => figures.winners)).size;
console.log(
  `oversell: ${played} of ${rounds} rounds, ${played * buyers} offers of ${buyers} buyers a round, seed ${seed}`,
);
console.log(`  ${[...sold].map(([pieces, times]) => `${times} rounds with ${pieces} sold`).join(', ')}`);
console.log(
  `  least stock left: ${Math.min(1, ...finished.map(({ least }) => least))}; ${winners} of ${buyers} places in the crowd won`,
);
console.log(`  ${seconds.toFixed(0)} s, ${markets} markets side by side, ${(seconds / rounds).toFixed(2)} s a round`);
process.exit(outcomes.every(({ status }) => status === 0) ? 0 : 1);
