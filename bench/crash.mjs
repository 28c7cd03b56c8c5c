// Kills and freezes of real nodes in the middle of their trades: nothing that was acknowledged may be lost, and both sides of
// each trade show the same soon after both are up. One command: npm run crash
import { crashRun } from './crash/run.mjs';
import { note, Table, table } from './lib/results.mjs';
import { countBy, percentiles } from './lib/report.mjs';
import { progress, runBench, temporaryFolder } from './lib/run.mjs';

await runBench({
  name: 'crash',
  about: 'Trades between real nodes that are killed (SIGKILL) and frozen (SIGSTOP) at random moments.',
  options: {
    trades: { value: 1_000, quick: 12, about: 'trades' },
    kills: { value: 500, quick: 6, about: 'kills, half of them SIGKILL and half SIGSTOP for a while' },
    traders: { value: 3, quick: 2, about: 'nodes that trade with each other and are killed' },
    others: { value: 5, quick: 3, about: 'nodes beside them that are left alone' },
    together: { value: 12, quick: 6, about: 'trades under way at once' },
    settles: { value: 25, quick: 2, about: 'how often all nodes are let up, and their trades compared in the middle' },
    limit: { value: 30, about: 'seconds until both sides of all trades must be equal then' },
    seed: { value: 1, about: 'chooses trades, moments, victims and signals' },
  },
  measure,
});

async function measure(options) {
  const times = new Table(
    'All nodes let up in the middle of their trades, and at the end: ms until both sides are the same',
  );
  const settled = ({ equal, settled: receipts, ...row }) =>
    times.add({ ...row, 'state and log the same': equal, 'receipts too': receipts });
  const found = await crashRun({ ...options, folder: temporaryFolder(), progress, settled });
  times.end();
  const ways = Object.entries(countBy(found.ways, (way) => way));
  table(
    ways.map(([way, trades]) => ({ way, trades })),
    'The ways of the trades',
  );
  table(
    [
      { 'ms until': 'state and log the same', ...percentiles(found.settles.map(({ equal }) => equal)) },
      { 'ms until': 'receipts too', ...percentiles(found.settles.map(({ settled: receipts }) => receipts)) },
    ],
    'The same in short',
  );
  const count = (word) => found.problems.filter((problem) => problem.includes(word)).length;
  table(
    [
      {
        SIGKILL: found.kills.SIGKILL,
        SIGSTOP: found.kills.SIGSTOP,
        trades: found.trades,
        acknowledged: found.acknowledged,
        'of them without an answer': found.unanswered,
        lost: count('LOST'),
        twice: count('TWICE'),
        [`differing after ${options.limit} s`]: found.differing,
        'other problems': found.problems.length - count('LOST') - count('TWICE'),
      },
    ],
    'Kills and what became of the trades',
  );
  table(found.slowest, 'Steps that came latest after the one before: how long nodes were down, and what it took then');
  const failed = found.problems.length > 0 || found.differing > 0 || found.trades < options.trades;
  if (failed) {
    note(`Seed ${options.seed}:\n${found.problems.join('\n')}\n\n${found.reports.join('\n\n')}`);
    for (const { node, lines } of found.logs) note(`The log of ${node}:\n${lines}`);
  }
  return { failed, found: { ...found, logs: undefined } };
}
