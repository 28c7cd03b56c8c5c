// The index at a scale that no machine holds: the node's own planner, publisher, index and directory over a simulated
// network of 1,000 to 1,000,000 nodes, in virtual time. What is real and what is not: docs/simulation.md.
// One command: npm run bench:simulate
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needData } from './lib/data.mjs';
import { machineLine } from './lib/report.mjs';
import { atExit, progress, runBench } from './lib/run.mjs';
import { FULL, QUICK } from './simulation/plans.mjs';
import { charts } from './simulation/plots.mjs';
import { tables, toMarkdown } from './simulation/report.mjs';

const WORKER = fileURLToPath(new URL('./simulation/worker.mjs', import.meta.url));
const PAGE = 'simulation.md';
const RESULTS = /(<!-- results -->\n)[\s\S]*(<!-- end of results -->)/;
/** Networks measured side by side, one a process. */
const PROCESSES = 2;
/** The heap of one process; the largest plan takes about half of it. */
const HEAP_MB = 4_096;

needData();
await runBench({
  name: 'simulate',
  about: 'Hops, messages, storage, load, relevance and recall under churn in simulated networks.',
  options: {
    nodes: { value: 'all', about: 'sizes of networks with commas between them, of those in simulation/plans.mjs' },
    seed: { value: 1, about: 'the same seed, the same figures' },
    docs: { value: '', about: 'a folder to write charts and the tables of its simulation.md to: docs' },
  },
  measure,
});

async function measure({ quick, nodes, seed, docs }) {
  const sizes = nodes === 'all' ? undefined : nodes.split(',').map(Number);
  const plans = (quick ? QUICK : FULL).filter((plan) => sizes === undefined || sizes.includes(plan.nodes));
  const results = [];
  const queue = [...plans];
  const take = async () => {
    for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) results.push(await inProcess(plan, seed));
  };
  await Promise.all(Array.from({ length: PROCESSES }, take));
  results.sort((a, b) => a.nodes - b.nodes);
  console.log(`\n${toMarkdown(tables(results))}`);
  if (docs !== '') write(resolve(docs), results, seed);
  return { results };
}

function inProcess(plan, seed) {
  const execArgv = [`--max-old-space-size=${HEAP_MB}`];
  const child = fork(WORKER, [JSON.stringify(plan), String(seed)], { execArgv });
  atExit(() => child.kill('SIGKILL'));
  return new Promise((done, failed) => {
    child.once('message', done);
    child.once('error', failed);
    child.once('exit', (code) => code !== 0 && failed(new Error(`${plan.nodes} nodes: ended with ${code}`)));
  });
}

function write(folder, results, seed) {
  mkdirSync(resolve(folder, 'simulation'), { recursive: true });
  const drawn = Object.entries(charts(results, `simulated, seed ${seed}`));
  for (const [name, svg] of drawn) writeFileSync(resolve(folder, 'simulation', name), svg);
  const images = drawn.map(([name]) => `![${name.replace('.svg', '')}](simulation/${name})`).join(' ');
  const page = readFileSync(resolve(folder, PAGE), 'utf8');
  const text = `${machineLine()}; seed ${seed}\n\n${images}\n\n${toMarkdown(tables(results))}\n`;
  writeFileSync(
    resolve(folder, PAGE),
    page.replace(RESULTS, (_, head, end) => `${head}\n${text}\n${end}`),
  );
  progress(`written: ${resolve(folder, PAGE)} and its charts`);
}
