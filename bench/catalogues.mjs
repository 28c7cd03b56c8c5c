// Publishes both real catalogues through the command line into a network of eight node processes, then looks for every
// tenth title from another node: with the publisher there, and after it is gone. One command: npm run bench:catalogues
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
// Not by the name of the package: bench/ has one of its own.
import { createClient } from '../dist/node/index.js';

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const FILES = ['catalog-esci.ndjson.gz', 'catalog-id.ndjson.gz'];
const NODES = 8;
const EVERY = Number(process.env.EVERY ?? 10);
const LIMIT = 20;

if (!FILES.every((file) => existsSync(join(DATA, file)))) {
  console.log('skipped: the catalogues are not on this machine (../shared/data)');
  process.exit(0);
}

const root = await mkdtemp(join(tmpdir(), 'niaga-bench-'));
const nodes = [];
let failed = false;
try {
  const first = await start('node-0');
  for (let at = 1; at < NODES; at++) await start(`node-${at}`, first.addresses[0]);
  const [publisher, reader] = [nodes[1], nodes[2]];
  console.log(`${NODES} node processes, Node ${process.version}, ${cpus().length} × ${cpus()[0].model}`);
  console.log('| file | lines | published | refused | fewest replicas | seconds | lines/s | publisher, peak MB |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  const wanted = [];
  for (const file of FILES) {
    const begun = performance.now();
    const lines = await publish(publisher, join(DATA, file));
    const seconds = (performance.now() - begun) / 1000;
    const source = gunzipSync(await readFile(join(DATA, file)))
      .toString('utf8')
      .trim()
      .split('\n');
    const taken = lines.filter((line) => line.status === 'published');
    const refused = lines.filter((line) => line.status === 'invalid');
    console.log(
      `| ${file} | ${source.length} | ${taken.length} | ${refused.length} | ${Math.min(...taken.map((line) => line.replicas))} | ${seconds.toFixed(1)} | ${Math.round(lines.length / seconds)} | ${await peakMemory(publisher)} |`,
    );
    for (const line of refused)
      console.log(`  line ${line.line}: ${line.error.code} ${line.error.where ?? ''}: ${line.error.message}`);
    failed ||= lines.length !== source.length || refused.some((line) => line.error?.message === undefined);
    for (const line of taken)
      if (line.line % EVERY === 0)
        wanted.push({ listing: line.listing, title: JSON.parse(source[line.line - 1]).title });
  }
  console.log('\n| asked from another node | titles | found | share | p50 ms | p95 ms | p99 ms | complete |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  await lookFor('publisher is there', reader, wanted);
  publisher.child.kill('SIGKILL');
  await once(publisher.child, 'exit');
  await lookFor('publisher was killed', reader, wanted);
  console.log(`\nreader, peak MB: ${await peakMemory(reader)}`);
} finally {
  for (const node of nodes) node.child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

async function lookFor(label, node, titles) {
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
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
  const found = titles.length - missed.length;
  console.log(
    `| ${label} | ${titles.length} | ${found} | ${(found / titles.length).toFixed(4)} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${complete} |`,
  );
  for (const title of missed.slice(0, 10)) console.log(`  missed: ${title}`);
  failed ||= missed.length > 0;
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
  const home = join(root, name);
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
  nodes.push(node);
  for await (const line of createInterface({ input: child.stdout }))
    return Object.assign(node, { addresses: JSON.parse(line).addresses });
  throw new Error(`${name} ended before it was ready`);
}

async function peakMemory(node) {
  const status = await readFile(`/proc/${node.child.pid}/status`, 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return peak === undefined ? 'unknown' : Math.round(Number(peak) / 1024);
}
