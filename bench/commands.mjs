// What a command costs beside the machine's own start of Node: a process that does nothing and one that runs a command, in turn. One
// command: npm run bench:commands
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { NodeProcess } from './lib/node-process.mjs';
import { percentiles } from './lib/report.mjs';
import { note, Table } from './lib/results.mjs';
import { progress, runBench, temporaryFolder } from './lib/run.mjs';

const CLI = fileURLToPath(new URL('../dist/bin/niaga.js', import.meta.url));
/** A command may take so much longer than a process that does nothing: ms, p50. */
const AIM = 150;
const COMMANDS = [
  ['--version'],
  ['--help'],
  ['status'],
  ['listing', 'list'],
  ['trade', 'list', '--jsonl'],
  ['search', 'kopi', '--json'],
  ['completion', 'bash'],
];

await runBench({
  name: 'commands',
  about: 'Milliseconds that a command takes beyond the start of Node.',
  options: {
    rounds: { value: 30, quick: 3, about: 'times that each is run' },
    listings: { value: 50, quick: 5, about: 'listings of the node that is asked' },
  },
  measure,
});

async function measure({ rounds, listings }) {
  const folder = temporaryFolder();
  const nothing = join(folder, 'nothing.mjs');
  writeFileSync(nothing, '');
  const node = await new NodeProcess('node', folder).start();
  for (let at = 0; at < listings; at++)
    await node.publish({ sku: `kopi-${at}`, title: `Kopi Gayo ${at}`, price: '85000 IDR' });
  progress('the node answers');

  const bare = [];
  const times = new Map(COMMANDS.map((words) => [words.join(' '), []]));
  const shown = new Table('A command, from its start to its end');
  // In turn, so that what else the machine does falls on all alike; the first of each reads files that the others find in memory.
  for (let round = 0; round <= rounds; round++) {
    const empty = await timeOf([nothing]);
    if (round > 0) bare.push(empty);
    for (const words of COMMANDS) {
      const time = await timeOf([CLI, ...words, '--home', node.home]);
      if (round > 0) times.get(words.join(' ')).push(time);
    }
    if (round > 0) shown.rows = rowsOf(bare, times);
    if (round % 10 === 0) progress(`${round} of ${rounds} rounds`);
  }
  shown.end();
  const most = (column) => Math.max(...shown.rows.map((row) => row[column] ?? 0));
  const [usual, least] = [most('beyond Node, ms'), most('least')];
  note(
    `The dearest command takes ${usual.toFixed(0)} ms beyond the start of Node (p50), ${least.toFixed(0)} ms where nothing else runs ` +
      `(least); to be at most ${AIM} ms.`,
  );
  await node.end('SIGTERM');
  return { start: shown.rows[0]['p50 ms'], most: usual, least };
}

/** What a command takes more than a process that does nothing: usually, and at least, which other work on the machine moves less. */
function rowsOf(bare, times) {
  const start = percentiles(bare);
  const rows = [...times].map(([command, all]) => {
    const { p50, p95 } = percentiles(all);
    const least = Math.min(...all) - Math.min(...bare);
    return { command, 'p50 ms': p50, p95, 'beyond Node, ms': p50 - start.p50, least, 'times Node': p50 / start.p50 };
  });
  return [{ command: '(nothing)', 'p50 ms': start.p50, p95: start.p95 }, ...rows];
}

/** Milliseconds from spawning a process to its end. */
async function timeOf(args) {
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const [status] = await once(child, 'exit');
  const time = performance.now() - begun;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${await said}`);
  return time;
}
