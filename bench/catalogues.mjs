// Publishes both real catalogues through the command line into a network of eight node processes, then looks for every
// tenth title from another node: with the publisher there, and after it is gone. One command: npm run bench:catalogues
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
// Not by the name of the package: bench/ has one of its own.
import { createClient } from '../dist/node/index.js';
import { catalogue, needData } from './lib/data.mjs';
import { percentiles } from './lib/report.mjs';
import { note, Table } from './lib/results.mjs';
import { atExit, progress, runBench, temporaryFolder } from './lib/run.mjs';

const CLI = fileURLToPath(new URL('../dist/bin/niaga.js', import.meta.url));
const LIMIT = 20;
/** Missed titles that are printed of each round. */
const EXAMPLES = 10;

needData();
await runBench({
  name: 'catalogues',
  about: 'Both real catalogues through the command line, looked for with the publisher there and gone.',
  options: {
    nodes: { value: 8, quick: 4, about: 'nodes, each a process' },
    listings: { value: 0, quick: 100, about: 'listings of each catalogue; 0 for all' },
    every: { value: 10, about: 'each so many-th title is looked for' },
  },
  measure,
});

async function measure({ nodes: count, listings, every }) {
  const first = await start('node-0');
  const nodes = [first];
  for (let at = 1; at < count; at++) nodes.push(await start(`node-${at}`, first.addresses[0]));
  const [, publisher, reader] = nodes;
  const published = new Table(`Published by \`niaga publish\` into a network of ${count} node processes`);
  const wanted = [];
  let failed = false;
  for (const name of ['esci', 'id']) {
    const source = catalogue(name).slice(0, listings === 0 ? undefined : listings);
    const file = join(temporaryFolder(), `${name}.ndjson.gz`);
    await writeFile(file, gzipSync(source.map((one) => `${JSON.stringify(one)}\n`).join('')));
    progress(`publishing ${name}, ${source.length} lines`);
    const begun = performance.now();
    const lines = await publish(publisher, file);
    const seconds = (performance.now() - begun) / 1000;
    const taken = lines.filter(({ status }) => status === 'published');
    const refused = lines.filter(({ status }) => status === 'invalid');
    published.add({
      catalogue: name,
      lines: source.length,
      published: taken.length,
      refused: refused.length,
      'fewest copies': Math.min(...taken.map(({ replicas }) => replicas)),
      seconds,
      'lines/s': lines.length / seconds,
      'publisher, peak MB': await peakMemory(publisher),
    });
    for (const { line, error } of refused)
      note(`${name}, line ${line}: ${error.code} ${error.where ?? ''}: ${error.message}`);
    failed ||= lines.length !== source.length || refused.some(({ error }) => error?.message === undefined);
    for (const { line, listing } of taken)
      if (line % every === 0) wanted.push({ listing, title: source[line - 1].title });
  }
  published.end();
  const asked = new Table('Titles asked one after the other from another node');
  const missed = await lookFor('the publisher is there', reader, wanted, asked);
  publisher.child.kill('SIGKILL');
  await once(publisher.child, 'exit');
  missed.push(...(await lookFor('the publisher was killed', reader, wanted, asked)));
  asked.end();
  for (const title of missed.slice(0, EXAMPLES)) note(`missed: ${title}`);
  note(`reader, peak MB: ${await peakMemory(reader)}`);
  return { failed: failed || missed.length > 0 };
}

/** Gives the titles that did not bring their listing. */
async function lookFor(when, node, titles, table) {
  const client = createClient(JSON.parse(await readFile(join(node.home, 'main', 'api.json'), 'utf8')));
  const times = [];
  const missed = [];
  let complete = 0;
  for (const { listing, title } of titles) {
    const answer = await client.call('search', { words: [title], limit: LIMIT });
    times.push(answer.tookMs);
    if (answer.coverage.verdict === 'complete') complete++;
    if (!answer.hits.some((hit) => hit.listing === listing)) missed.push(title);
  }
  const { p50, p95, p99 } = percentiles(times);
  const found = titles.length - missed.length;
  const share = (found / titles.length).toFixed(4);
  table.add({ when, titles: titles.length, found, share, 'p50 ms': p50, 'p95 ms': p95, 'p99 ms': p99, complete });
  return missed;
}

async function publish(node, file) {
  const child = spawn(process.execPath, [CLI, 'publish', file, '--home', node.home, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  return lines;
}

async function start(name, bootstrap) {
  const home = join(temporaryFolder(), name);
  const args = [
    'start',
    '--home',
    home,
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--api',
    '127.0.0.1:0',
    '--no-mdns',
    '--json',
  ];
  if (bootstrap !== undefined) args.push('--bootstrap', bootstrap);
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const node = { name, home, child, addresses: [] };
  atExit(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout }))
    return Object.assign(node, { addresses: JSON.parse(line).addresses });
  throw new Error(`${name} ended before it was ready`);
}

async function peakMemory(node) {
  const status = await readFile(`/proc/${node.child.pid}/status`, 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return peak === undefined ? 'unknown' : Math.round(Number(peak) / 1024);
}
