import { expect, test } from 'vitest';
import { openStore } from '../node/store/support.js';
import { playStock } from './stock.js';

const ALL = process.env['NIAGA_MODEL'] === 'all';
const SCHEDULES = ALL ? Math.max(1, Math.floor(Number(process.env['NIAGA_SCHEDULES'] ?? 100_000) / 20)) : 60;
const SEED = Number(process.env['NIAGA_SEED'] ?? 1);
const HOURS = 8 * 60 * 60 * 1000;

test(
  'of one item, whatever its trades come to, never more is sold or set aside than there is',
  { timeout: HOURS },
  async () => {
    const store = await openStore();
    const problems: string[] = [];
    const began = performance.now();
    for (let seed = SEED; seed < SEED + SCHEDULES && problems.length < 3; seed++) {
      const problem = await playStock({ seed, store });
      if (problem !== undefined) problems.push(problem);
    }
    if (ALL)
      process.stdout.write(
        `stock: ${SCHEDULES} schedules of 3 trades, ${Math.round((performance.now() - began) / 1000)} s\n`,
      );
    expect(problems).toEqual([]);
  },
);
