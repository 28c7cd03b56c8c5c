// What the API of one node bears: a thousand who follow its events, and hundreds of requests a second beside them. One command:
// npm run bench:api
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Host } from './lib/hosts.mjs';
import { NodeProcess, untilMet } from './lib/node-process.mjs';
import { countBy, inWords, mean, percentiles } from './lib/report.mjs';
import { note, table } from './lib/results.mjs';
import { progress, runBench, temporaryFolder } from './lib/run.mjs';

/** The aims: ms, and how much more memory at the end than in the middle still counts as flat. */
const AIM = 100;
const FLAT = 1.1;
/** A row of the table of memory for each part of the time. */
const PARTS = 6;
const SAMPLE = 1_000;
/** What the listeners have not heard by then they do not hear. */
const PATIENCE = 20_000;
const MiB = 2 ** 20;
const FOLLOWERS = new URL('./lib/followers-host.mjs', import.meta.url);
const ASKER = new URL('./lib/asker-host.mjs', import.meta.url);

await runBench({
  name: 'api',
  about: 'One node with many who follow its events and many requests a second: errors, time of an answer, memory.',
  options: {
    listeners: { value: 1_000, quick: 50, about: 'who follow the events, each on a connection of its own' },
    rate: { value: 500, quick: 50, about: 'requests a second' },
    seconds: { value: 60, quick: 4, about: 'how long' },
    warm: { value: 20, quick: 1, about: 'seconds of the same before that are not counted' },
    chat: { value: 1, quick: 1, about: 'messages a second that the node sends; each makes events' },
    listings: { value: 200, quick: 10, about: 'listings of the node' },
    trades: { value: 20, quick: 2, about: 'open trades of the node' },
  },
  measure,
});

async function measure(options) {
  const folder = temporaryFolder();
  const shop = await new NodeProcess('shop', folder).start();
  const buyer = await new NodeProcess('buyer', folder, shop.addresses).start();
  await untilMet([shop, buyer]);
  const { trades, listings } = await stocked(shop, buyer, options);
  const at = await reachOf(shop);
  const followers = new Host(FOLLOWERS);
  const asker = new Host(ASKER);
  await followers.call('follow', { count: options.listeners, ...at });
  progress(`${options.listeners} listen`);

  const mix = { rate: options.rate, chat: options.chat, listings, trades };
  await asker.call('load', { ...at, mix, seconds: options.warm });
  progress('warm');
  const first = await newestOf(at);
  const memory = watchMemory(at);
  const taken = await processorTime({ node: shop, followers, asker, customer: buyer });
  const { done, errors } = await asker.call('load', { ...at, mix, seconds: options.seconds });
  const processor = await taken();
  const samples = memory.end();
  const heard = await allHeard(followers, first, at);
  await followers.call('end');

  const rows = [...new Set(done.map(({ name }) => name))].sort().map((name) => timesOf(name, done, name));
  table([...rows, timesOf('all', done)], 'Requests: ms from when one was due to the end of its answer');
  const parts = partsOf(done, samples, options.seconds);
  table(parts, 'The same over time, with the memory of the node');
  table(processor, 'Processor of each process: seconds, and share of one core, while the requests were made');
  const growth = parts.at(-1)['memory MiB'] / parts[Math.floor(PARTS / 2) - 1]['memory MiB'];
  const { p99 } = percentiles(done.map(({ ms }) => ms));
  const why = inWords(countBy(errors, (error) => error.why.slice(0, 80))) || 'none';
  note(
    `${options.listeners} listeners heard ${heard.events} events each, ${heard.lost} lost, ${heard.broken} connections broken. ` +
      `Requests that failed: ${errors.length} (${why}); to be none. p99 ${p99.toFixed(1)} ms; to be at most ${AIM} ms. ` +
      `Memory at the end / in the middle: ${growth.toFixed(3)}; to be at most ${FLAT}.`,
  );
  await Promise.all([shop, buyer].map((node) => node.end('SIGTERM')));
  const right = errors.length + heard.lost + heard.broken === 0 && p99 <= AIM && growth <= FLAT;
  // A quick run shows that it runs; on a machine with other things to do its times mean nothing.
  return { requests: rows, parts, heard, p99, growth, errors: errors.length, failed: !right && !options.quick };
}

/** A shop with goods and customers. */
async function stocked(shop, buyer, options) {
  const listings = [];
  for (let at = 0; at < options.listings; at++)
    listings.push(
      await shop.publish({ sku: `kopi-${at}`, title: `Kopi Gayo ${at}`, price: '85000 IDR', quantity: 100 }),
    );
  const trades = [];
  for (let at = 0; at < options.trades; at++) {
    const { trade } = await buyer.call('offer', { listing: listings[at % listings.length] });
    trades.push(trade);
  }
  for (const trade of trades) await shown(shop, trade);
  return { listings, trades };
}

async function shown(node, trade) {
  for (const end = Date.now() + PATIENCE; ; await sleep(50)) {
    try {
      return await node.call('tradeShow', { trade });
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Resolves when all have heard what the node has told, or never will. */
async function allHeard(followers, first, at) {
  for (const end = Date.now() + PATIENCE; ; await sleep(200)) {
    const newest = await newestOf(at);
    const { lost, broken } = await followers.call('heard', { first, newest });
    if (lost === 0 || Date.now() > end) return { events: newest - first, lost, broken };
  }
}

/** Where a node is asked, and with which token. */
async function reachOf(node) {
  const { url, token } = JSON.parse(await readFile(join(node.home, 'main', 'api.json'), 'utf8'));
  return { url, token };
}

async function figureOf({ url, token }, name) {
  const response = await fetch(new URL('/metrics', url), { headers: { authorization: `Bearer ${token}` } });
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(await response.text())?.[1]);
}

function newestOf(at) {
  return figureOf(at, 'niaga_events_newest');
}

/** Where each process stands now; gives what tells what it took since. */
async function processorTime(processes) {
  const begun = performance.now();
  const secondsOf = async (process) => {
    if (!(process instanceof Host)) return figureOf(await reachOf(process), 'process_cpu_seconds_total');
    const { user, system } = await process.call('cpu');
    return (user + system) / 1e6;
  };
  const names = Object.keys(processes);
  const before = await Promise.all(names.map((name) => secondsOf(processes[name])));
  return async () => {
    const passed = (performance.now() - begun) / 1_000;
    const after = await Promise.all(names.map((name) => secondsOf(processes[name])));
    return names.map((process, at) => {
      const seconds = after[at] - before[at];
      return { process, seconds, share: seconds / passed };
    });
  };
}

function watchMemory(reach) {
  const samples = [];
  const begun = performance.now();
  const look = async () => {
    const bytes = await figureOf(reach, 'process_resident_memory_bytes');
    samples.push({ at: performance.now() - begun, bytes });
  };
  const timer = setInterval(() => void look().catch(() => undefined), SAMPLE);
  return { end: () => (clearInterval(timer), samples) };
}

function timesOf(title, done, name) {
  const { count, p50, p95, p99, max } = percentiles(
    done.filter((one) => name === undefined || one.name === name).map(({ ms }) => ms),
  );
  return { request: title, count, p50, p95, p99, max };
}

function partsOf(done, samples, seconds) {
  const length = (seconds * 1_000) / PARTS;
  return Array.from({ length: PARTS }, (_, part) => {
    const within = ({ at }) => Math.min(PARTS - 1, Math.floor(at / length)) === part;
    const { count, p50, p99 } = percentiles(done.filter(within).map(({ ms }) => ms));
    const bytes = mean(samples.filter(within).map((sample) => sample.bytes));
    return {
      'until second': Math.round(((part + 1) * length) / 100) / 10,
      requests: count,
      p50,
      p99,
      'memory MiB': bytes / MiB,
    };
  });
}
