// A whole market on this machine, told step by step: eight nodes, each a process of its own with its own disk, talk over
// TCP on loopback; sellers publish, a buyer searches, two people agree on a price, goods and payment are confirmed, and
// the record of it is verified without any node. Run with: npm run demo
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../dist/bin/niaga.js', import.meta.url));
const CATALOGUE = fileURLToPath(new URL('./catalogue/', import.meta.url));
const SHOWN_HITS = 2;
const SETTLE_MS = 15_000;

const root = await mkdtemp(join(tmpdir(), 'niaga-demo-'));
const nodes = [];
const begun = performance.now();
let failures = 0;

try {
  await market();
} catch (error) {
  failures++;
  console.error(`\nThe demo broke: ${error.stderr || error.message}`);
} finally {
  await Promise.all(nodes.map(stop));
  await rm(root, { recursive: true, force: true });
  console.log(
    `\n${nodes.length} nodes stopped, ${root} removed. ${failures === 0 ? 'All went as told' : `${failures} steps did not go as told`}, in ${seconds(begun)} s.`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
}

async function market() {
  const files = (await readdir(CATALOGUE)).filter((name) => /\.(ndjson|csv)$/.test(name)).sort();

  title(`1. ${files.length} sellers and one buyer start a node each`);
  const first = await start('pembeli');
  const buyer = first;
  const sellers = [];
  const starting = files.map(async (file) => ({
    file,
    node: await start(basename(file).replace(/\.\w+$/, ''), first.addresses[0]),
  }));
  sellers.push(...(await Promise.all(starting)));
  say(`${nodes.length} processes listen on loopback; every one joined through the buyer’s node, and none is a server.`);
  await until('all nodes know each other', async () => (await niaga(buyer, 'status')).known >= nodes.length);

  title('2. The sellers publish');
  const listings = new Map();
  for (const { file, node } of sellers) {
    const at = performance.now();
    const lines = await niagaLines(node, 'publish', join(CATALOGUE, file));
    for (const line of lines) listings.set(line.sku, line.listing);
    const fewest = Math.min(...lines.map((line) => line.replicas));
    say(`${node.name}: ${lines.length} listings in ${seconds(at)} s; each is kept by ${fewest} other nodes or more.`);
    check(
      'every listing was taken',
      lines.every((line) => line.status === 'published'),
    );
  }
  say(`${listings.size} listings stand in the market: goods, services and digital things, in rupiah and dollars.`);

  title('3. The buyer searches, in two languages');
  const { searches } = JSON.parse(await readFile(join(CATALOGUE, 'searches.json'), 'utf8'));
  for (const { words, filters = {}, first: expected } of searches) {
    const options = Object.entries(filters).flatMap(([name, value]) => [
      `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value,
    ]);
    const answer = await niaga(buyer, 'search', ...words.split(' '), '--limit', '5', ...options);
    const { verdict, answered, asked } = answer.coverage;
    say(
      `“${[words, ...options].join(' ')}”: ${answer.hits.length} hits in ${Math.round(answer.tookMs)} ms, coverage ${verdict} (${answered} of ${asked} nodes answered)`,
    );
    for (const hit of answer.hits.slice(0, SHOWN_HITS)) console.log(`       ${hit.title} — ${price(hit.price)}`);
    const top = new Set(answer.hits.slice(0, expected.length).map((hit) => hit.listing));
    check(
      `${expected.join(', ')} stands first`,
      expected.every((sku) => top.has(listings.get(sku))),
    );
  }

  title('4. A seller goes home; what she sells is still found');
  const away = sellers[0];
  const sample = (await niaga(away.node, 'listing', 'list'))[0];
  await stop(away.node);
  const later = await niaga(buyer, 'search', ...sample.title.split(' '));
  check(
    `“${sample.title}” is found while ${away.node.name} is off`,
    later.hits.some((hit) => hit.listing === sample.listing),
  );

  title('5. Two people agree on a price');
  const seller = sellers.find(({ file }) => file.startsWith('warung')).node;
  const wanted = (await niaga(seller, 'listing', 'list')).find((one) => one.sku === 'ws-kopi-gayo');
  const major = BigInt(wanted.price.amount) / 100n;
  const low = `${(major * 80n) / 100n} ${wanted.price.currency}`;
  const middle = `${(major * 90n) / 100n} ${wanted.price.currency}`;
  const { trade } = await niaga(
    buyer,
    'offer',
    wanted.listing,
    '--quantity',
    '2',
    '--price',
    low,
    '--note',
    'Boleh kurang, Kak?',
  );
  say(`The buyer offers ${low} each for 2 × “${wanted.title}” (listed at ${price(wanted.price)}).`);
  await bothSee(trade, [buyer, seller], 'offered');
  await niaga(seller, 'trade', 'counter', trade, '--price', middle);
  say(`The seller answers: ${middle} each.`);
  await bothSee(trade, [buyer, seller], 'countered');
  await step(buyer, [buyer, seller], ['accept', trade], 'accepted', 'The buyer accepts. That is the contract.');

  title('6. Payment and goods, confirmed by signed messages');
  await step(
    buyer,
    [buyer, seller],
    ['pay', trade, '--reference', 'BCA 0412'],
    'paid',
    'The buyer has sent the money.',
  );
  await step(seller, [buyer, seller], ['confirm', trade], 'payment-confirmed', 'The seller has seen it arrive.');
  await step(
    seller,
    [buyer, seller],
    ['ship', trade, '--tracking', 'JNE-778812'],
    'shipped',
    'The parcel is on its way.',
  );
  await step(buyer, [buyer, seller], ['receive', trade], 'received', 'The buyer has it in hand.');
  await step(buyer, [buyer, seller], ['approve', trade], 'completed', 'It is as agreed.');

  title('7. The record, checked by anybody');
  for (const [who, node] of [
    ['buyer', buyer],
    ['seller', seller],
  ]) {
    const file = join(root, `${who}.niaga`);
    await niaga(node, 'trade', 'export', trade, '--out', file);
    const report = await verify(file);
    say(
      `${who}.niaga: ${report.valid ? 'holds' : 'does not hold'}; state “${report.state}”, ${report.messages.length} messages, total ${price(report.total)}.`,
    );
    check(`the ${who}’s file verifies`, report.valid && report.state === 'completed');
  }
  const bytes = await readFile(join(root, 'buyer.niaga'));
  bytes[Math.floor(bytes.length / 2)] ^= 1;
  await writeFile(join(root, 'changed.niaga'), bytes);
  check('the same file with one bit changed does not', !(await verify(join(root, 'changed.niaga'))).valid);
}

async function start(name, bootstrap) {
  const home = join(root, name);
  await run(process.execPath, [CLI, 'init', '--home', home, '--name', name, '--json']);
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
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.event === 'ready') return Object.assign(node, { addresses: event.addresses, peerId: event.peerId });
  }
  throw new Error(`${name} ended before it was ready`);
}

async function stop(node) {
  if (node.child.exitCode !== null || node.child.signalCode !== null) return;
  const ended = once(node.child, 'exit');
  node.child.kill('SIGTERM');
  await ended;
}

async function niagaLines(node, ...args) {
  const { stdout } = await run(process.execPath, [CLI, ...args, '--home', node.home, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function niaga(node, ...args) {
  return (await niagaLines(node, ...args))[0];
}

async function verify(file) {
  const { stdout } = await run(process.execPath, [CLI, 'verify', file, '--json']).catch((error) => error);
  return JSON.parse(stdout);
}

/** Takes a step on one side and waits until both sides show the new state. */
async function step(who, sides, words, state, told) {
  const at = performance.now();
  await niaga(who, 'trade', ...words);
  await bothSee(words[1], sides, state);
  say(`${told} Both nodes say “${state}” after ${seconds(at)} s.`);
}

async function bothSee(trade, sides, state) {
  for (const node of sides) {
    await until(`${node.name} says “${state}”`, async () => {
      const seen = await niaga(node, 'trade', 'show', trade).catch(() => undefined);
      return seen?.state === state && seen.pending === 0;
    });
  }
}

async function until(what, holds) {
  const end = performance.now() + SETTLE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${SETTLE_MS / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function check(what, holds) {
  if (!holds) failures++;
  console.log(`   ${holds ? '✓' : '✗'} ${what}`);
}

function title(text) {
  console.log(`\n${text}  [${seconds(begun)} s]`);
}

function say(text) {
  console.log(`   ${text}`);
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

function price(money) {
  if (money === null) return 'price on request';
  const amount = BigInt(money.amount);
  return `${(amount / 100n).toLocaleString('en')}${amount % 100n === 0n ? '' : `.${String(amount % 100n).padStart(2, '0')}`} ${money.currency}`;
}
