import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, it } from 'vitest';
import { createNode, type NiagaNode } from '../../node/index.js';
import { until } from './machines.js';

const HOUR = 60 * 60 * 1000;
const running: NiagaNode[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** The time of all, and how far the clock of one is from it. */
const clock = { time: 0, wrong: 0 };
const right = (): number => Date.now() + clock.time;
const wrong = (): number => right() + clock.wrong;

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'niaga-clock-'));
  folders.push(home);
  return home;
}

async function start(home: string, now: () => number, by?: NiagaNode, log: (line: string) => void = () => undefined) {
  const lines = new Writable({ write: (chunk, _, done) => (log(String(chunk)), done()) });
  const node = await createNode({
    home,
    network: 'test',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: by?.addresses() ?? [],
    mdns: false,
    now,
    logger: pino({ level: 'warn' }, lines),
  });
  running.push(node);
  return node;
}

async function publish(node: NiagaNode): Promise<string> {
  const value = { sku: 'kopi', title: 'Kopi Gayo', price: '85000 IDR', quantity: 9 };
  for await (const { listing } of node.publish({ items: [{ value }] })) return listing ?? '';
  throw new Error('no answer');
}

/** Resolves when the log says how the clock is wrong, and what to do. */
async function untilTold(lines: readonly string[], way: string): Promise<void> {
  await until(
    () => Promise.resolve(lines.join('')),
    (text) => text.includes(`The clock is 60 min ${way} those of others.`) && text.includes('Set the clock'),
  );
}

const shows = (node: NiagaNode, trade: string, wanted: string) =>
  until(
    () => node.tradeShow({ trade }),
    ({ state }) => state === wanted,
  );

it(
  'a clock an hour ahead is told of, and what was signed by it arrives when its time has come',
  { timeout: 240_000 },
  async () => {
    Object.assign(clock, { time: 0, wrong: HOUR });
    const seller = await start(await newHome(), right);
    const listing = await publish(seller);
    const home = await newHome();
    const lines: string[] = [];
    const buyer = await start(home, wrong, seller, (line) => void lines.push(line));
    await untilTold(lines, 'ahead of');
    // Acknowledged: from now on it must come to its end.
    const { trade } = await buyer.offer({ listing });
    // The clock is set, and an hour goes by.
    Object.assign(clock, { time: HOUR, wrong: 0 });
    await buyer.stop();
    const again = await start(home, wrong, seller);
    await shows(seller, trade, 'offered');
    await seller.tradeAccept({ trade });
    await shows(again, trade, 'accepted');
  },
);

it(
  'a clock an hour behind is told of, and what others signed is taken once it is set',
  { timeout: 240_000 },
  async () => {
    Object.assign(clock, { time: 0, wrong: -HOUR });
    const buyer = await start(await newHome(), right);
    const home = await newHome();
    const lines: string[] = [];
    const seller = await start(home, wrong, buyer, (line) => void lines.push(line));
    await untilTold(lines, 'behind');
    const listing = await publish(seller);
    const { trade } = await buyer.offer({ listing });
    Object.assign(clock, { time: 0, wrong: 0 });
    await seller.stop();
    const again = await start(home, wrong, buyer);
    await shows(again, trade, 'offered');
    await again.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
  },
);
