// What the API of one node bears: a thousand who follow its events, and hundreds of requests a second beside them. One command:
// npm run bench:api
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeners } from './lib/listeners.mjs';
import { load } from './lib/load.mjs';
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
  const { url, token } = JSON.parse(await readFile(join(shop.home, 'main', 'api.json'), 'utf8'));
  const following = await listeners(options.listeners, url, token);
  progress(`${following.length} listen`);

  const next = mixOf(options, listings, trades);
  const given = { url, token, next };
  await load({ ...given, rate: options.rate, seconds: options.warm });
  progress('warm');
  const first = await newestOf(url, token);
  const memory = watchMemory(url, token);
  const { done, errors } = await load({ ...given, rate: options.rate, seconds: options.seconds });
  const samples = memory.end();
  const heard = await allHeard(following, first, url, token);
  following.forEach((one) => one.end());

  const rows = [...new Set(done.map(({ name }) => name))].sort().map((name) => timesOf(name, done, name));
  table([...rows, timesOf('all', done)], 'Requests: ms from when one was due to the end of its answer');
  const parts = partsOf(done, samples, options.seconds);
  table(parts, 'The same over time, with the memory of the node');
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

/** What a page and a program of a shop ask for; in between a message to a customer. */
function mixOf({ rate, chat }, listings, trades) {
  const row = (name, input) => ({ name, path: `/v1/${name}`, input });
  const kinds = [
    (at) => row('listing.show', { listing: listings[at % listings.length] }),
    (at) => row('trade.show', { trade: trades[at % trades.length] }),
    () => row('listing.list', { limit: 20 }),
    (at) => row('listing.show', { listing: listings[(at * 7) % listings.length] }),
    () => row('trade.list', { limit: 20 }),
    (at) => row('chat.show', { with: trades[at % trades.length], limit: 20 }),
    () => row('status', {}),
    (at) => row('listing.show', { listing: listings[(at * 3) % listings.length] }),
  ];
  const every = Math.max(1, Math.round(rate / chat));
  return (number) =>
    number % every === 0
      ? row('chat.send', { with: trades[(number / every) % trades.length], text: `Pesanan ${number} disiapkan.` })
      : kinds[number % kinds.length](number);
}

/** Resolves when all have heard what the node has told, or never will. */
async function allHeard(following, first, url, token) {
  for (const end = Date.now() + PATIENCE; ; await sleep(200)) {
    const newest = await newestOf(url, token);
    const lost = following.reduce((sum, { seen }) => {
      const numbers = new Set(seen.filter((seq) => seq > first && seq <= newest));
      return sum + (newest - first - numbers.size);
    }, 0);
    const broken = following.filter((one) => one.broken !== undefined).length;
    if (lost === 0 || Date.now() > end) return { events: newest - first, lost, broken };
  }
}

async function figureOf(url, token, name) {
  const response = await fetch(new URL('/metrics', url), { headers: { authorization: `Bearer ${token}` } });
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(await response.text())?.[1]);
}

function newestOf(url, token) {
  return figureOf(url, token, 'niaga_events_newest');
}

function watchMemory(url, token) {
  const samples = [];
  const begun = performance.now();
  const look = async () => {
    const bytes = await figureOf(url, token, 'process_resident_memory_bytes');
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
