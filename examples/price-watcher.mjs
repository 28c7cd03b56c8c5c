// Tells when something gets cheaper: asks the network the same search again and again, and remembers each listing's price.
//
//   node examples/price-watcher.mjs [FOLDER] [SHOP_FOLDER]
//   node examples/price-watcher.mjs FOLDER --bootstrap ADDRESS --words "kopi gayo" [--every SECONDS] [--times N]
//
// Without --bootstrap a shop in this program lowers its price after the first look. Ends after N looks.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { createNode } from 'niaga';
import { formatMoney, moneyFromJson } from 'niaga/protocol';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bootstrap: { type: 'string', multiple: true },
    words: { type: 'string', default: 'kopi gayo' },
    every: { type: 'string', default: '0.5' },
    times: { type: 'string', default: '3' },
  },
});
const [folder = './watcher', shopFolder = './shop'] = positionals;
const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false };
const shop =
  values.bootstrap === undefined ? await createNode({ ...local, home: shopFolder, name: 'Warung Sari' }) : undefined;
await offerFor('85000 IDR');

const watcher = await createNode({ ...local, home: folder, bootstrap: values.bootstrap ?? shop.addresses() });
/** Each listing's price at the last look, by its id, which stays the same over all versions of a listing. */
const prices = new Map();

for (let look = 1; look <= Number(values.times); look++) {
  const { hits, coverage } = await watcher.search({ words: values.words.split(' ') });
  console.log(`look ${look}: ${hits.length} found, ${coverage.answered} of ${coverage.asked} index nodes answered`);
  for (const { listing, title, price } of hits) {
    // "On request" is no price, and says nothing about the last one.
    if (price === null) continue;
    const before = prices.get(listing);
    prices.set(listing, price);
    if (isLower(price, before)) console.log(`cheaper: ${title}, ${words(before)} → ${words(price)}`);
  }
  if (look === 1) await offerFor('79000 IDR');
  if (look < Number(values.times)) await delay(Number(values.every) * 1_000);
}

await Promise.all([watcher.stop(), shop?.stop()]);

function isLower(price, before) {
  // Two currencies cannot be compared.
  return before?.currency === price.currency && BigInt(price.amount) < BigInt(before.amount);
}

function words(money) {
  return formatMoney(moneyFromJson(money));
}

/** The shop of this program publishes its coffee at this price; the same sku again is a new version of the same listing. */
async function offerFor(price) {
  const value = { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price };
  for await (const line of shop?.publish({ items: [{ value }] }) ?? [])
    console.log(`the shop: ${line.status} at ${price}`);
}
