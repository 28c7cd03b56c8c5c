// A shop that answers offers by a rule, while its owner sleeps. Of the list price:
// from 90 % on it accepts; from 80 % on it answers with 90 %; below that it declines.
//
//   node examples/shop-by-rule.mjs [SHOP_FOLDER] [CUSTOMER_FOLDER]
//   node examples/shop-by-rule.mjs SHOP_FOLDER --bootstrap ADDRESS [--minutes N]
//
// Without --bootstrap a customer in this program makes three offers, and the program ends when they are answered.
// With it, the shop joins that network and stays open for N minutes (60 unless said).
import { parseArgs } from 'node:util';
import { createNode, isNiagaError } from 'niaga';
import { formatMoney, moneyFromJson } from 'niaga/protocol';

const ACCEPTED_FROM = 90n;
const COUNTERED_FROM = 80n;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bootstrap: { type: 'string', multiple: true }, minutes: { type: 'string', default: '60' } },
});
const [shopFolder = './shop', customerFolder = './customer'] = positionals;
const local = values.bootstrap === undefined ? { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } : {};

const shop = await createNode({ ...local, home: shopFolder, name: 'Toko Aturan', bootstrap: values.bootstrap });
const lamp = { sku: 'lampu-1', title: 'Lampu meja jati', price: '200000 IDR', quantity: 5 };
for await (const { status, error } of shop.publish({ items: [{ value: lamp }] }))
  console.log(status, error?.message ?? lamp.title);

// One at a time, so that two offers never count on the same last piece.
let answered = Promise.resolve();
const answer = ({ trade }) => (answered = answered.then(() => answerByRule(trade)));
shop.onTrade(answer);
// What came while the shop was closed.
for (let after; ;) {
  const page = await shop.tradeList(after === undefined ? {} : { after });
  page.items.forEach(answer);
  after = page.next;
  if (after === undefined) break;
}

if (values.bootstrap === undefined) await customerTries([190_000, 170_000, 120_000]);
else await new Promise((resolve) => setTimeout(resolve, Number(values.minutes) * 60_000));
await answered;
await shop.stop();

/** Answers when it is the shop's turn. An error is told and does not close the shop. */
async function answerByRule(trade) {
  try {
    const { state, turn, lines } = await shop.tradeShow({ trade });
    if (turn !== 'seller') return;
    const [line] = lines;
    const { price: listed } = await shop.listingShow({ listing: line.listing });
    // Rules are for listings that have one price, in the currency of that price; the rest waits for the owner.
    if (listed === null || lines.length > 1 || line.variant !== undefined) return;
    if (line.price.currency !== listed.currency) return;
    const [offered, full] = [BigInt(line.price.amount), BigInt(listed.amount)];
    const least = (full * ACCEPTED_FROM + 99n) / 100n;
    if (offered >= least) {
      await shop.tradeAccept({ trade });
      tell(line, 'accepted');
    } else if (offered * 100n >= full * COUNTERED_FROM && state === 'offered') {
      const price = words({ amount: String(least), currency: listed.currency });
      await shop.tradeCounter({ trade, price, note: 'Our best price' });
      tell(line, `countered with ${price}`);
    } else {
      await shop.tradeDecline({ trade, reason: 'Too far from the list price' });
      tell(line, 'declined');
    }
  } catch (error) {
    if (isNiagaError(error, 'STOCK_SHORT')) await shop.tradeDecline({ trade, reason: 'Sold out' });
    else console.error(`The offer ${trade} waits for the owner: ${error.message}`);
  }
}

function tell(line, what) {
  console.log(`${line.title}, ${words(line.price)} offered: ${what}`);
}

function words(money) {
  return formatMoney(moneyFromJson(money));
}

/** A customer in the same program: one offer after the other, each when the one before was answered. */
async function customerTries(prices) {
  const customer = await createNode({ ...local, home: customerFolder, name: 'Dewi', bootstrap: shop.addresses() });
  const { hits } = await customer.search({ words: ['lampu', 'jati'] });
  for (const price of prices) {
    const reply = new Promise((resolve) => {
      const end = customer.onTrade((trade) => trade.state !== 'offered' && resolve(end()));
    });
    await customer.offer({ listing: hits[0].listing, price: `${price} IDR` });
    await reply;
  }
  await customer.stop();
}
