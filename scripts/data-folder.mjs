// Makes the data folder that is kept of a version: a small shop with a trade, as this version writes it to disk. Every later version
// has to open it (test/node/store/kept-data.test.ts). To be run once for each release: node scripts/data-folder.mjs
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestnet } from '../dist/node/testing/index.js';

const FIXTURES = fileURLToPath(new URL('../test/fixtures/data/', import.meta.url));
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
/** What is of the process, not of the data. */
const LEFT_OUT = /^(LOCK|LOG|LOG\.old)$/;

const testnet = await createTestnet(2);
const [seller, buyer] = testnet.nodes;
const [home] = testnet.homes;
const items = ['Kopi Gayo 250 g', 'Teh Melati', 'Gula Aren'].map((title, at) => ({
  value: { sku: `sku-${at}`, title, price: `${85 - at}000 IDR`, quantity: 9 - at },
}));
const listings = [];
for await (const { listing } of seller.publish({ items })) listings.push(listing);
const { trade } = await buyer.offer({ listing: listings[0] });
await until(
  () => seller.tradeShow({ trade }),
  ({ state }) => state === 'offered',
);
await seller.tradeAccept({ trade });
await seller.chatSend({ with: trade, text: 'Siap dikirim besok.' });
await until(
  () => buyer.tradeShow({ trade }),
  ({ state }) => state === 'accepted',
);
await seller.tokenCreate({ name: 'kasir', scope: ['read'] });
await seller.watch({ words: ['beras'] });
await until(
  () => seller.inbox({}),
  ({ items: waiting }) => waiting.length === 0,
).catch(() => undefined);
const shown = {
  version,
  now: Date.now(),
  trader: seller.trader,
  listings: Object.fromEntries(
    await Promise.all(
      listings.map(async (listing) => {
        const { title, price } = await seller.listingShow({ listing });
        return [listing, { title, price }];
      }),
    ),
  ),
  trade: { id: trade, state: (await seller.tradeShow({ trade })).state },
  chat: (await seller.chatShow({ with: trade })).items.map(({ text }) => text),
  tokens: (await seller.tokenList({})).items.map(({ name, scopes }) => ({ name, scopes })),
  watches: (await seller.watchList({})).items.length,
};
await Promise.all(testnet.nodes.map((node) => node.stop()));

const to = join(FIXTURES, version);
await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
await cp(home, join(to, 'home'), { recursive: true, filter: (path) => !LEFT_OUT.test(path.split('/').at(-1)) });
await writeFile(join(to, 'shown.json'), `${JSON.stringify(shown, undefined, 2)}\n`);
await testnet.stop();
console.log(`${to}: ${(await readdir(join(to, 'home'), { recursive: true })).length} files and folders`);
process.exit(0);

async function until(ask, wanted) {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && wanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came');
}
