// Two people who have never met: one publishes, the other finds, they trade, and both hold the same record of it.
import { createNode } from 'niaga';

const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false };
const seller = await createNode({ ...local, home: process.argv[2] ?? './seller', name: 'Warung Sari' });
const buyer = await createNode({ ...local, home: process.argv[3] ?? './buyer', bootstrap: seller.addresses() });

// A step of one side shows on the other as soon as its message has arrived.
const shows = (node, state) =>
  new Promise((resolve) => {
    const end = node.onTrade((trade) => trade.state === state && resolve(end()));
  });

const kopi = { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price: '85000 IDR', quantity: 10 };
for await (const line of seller.publish({ items: [{ value: kopi }] })) console.log(line.status, line.listing);
const { hits, coverage } = await buyer.search({ words: ['kopi', 'gayo'] });
console.log(hits[0].title, hits[0].price, coverage.verdict);

const offered = shows(seller, 'offered');
const { trade } = await buyer.offer({ listing: hits[0].listing, quantity: 2 });
await offered;
for (const [who, other, step, state] of [
  [seller, buyer, 'tradeAccept', 'accepted'],
  [buyer, seller, 'tradePay', 'paid'],
  [seller, buyer, 'tradeConfirm', 'payment-confirmed'],
  [seller, buyer, 'tradeShip', 'shipped'],
  [buyer, seller, 'tradeReceive', 'completed'],
]) {
  const shown = shows(other, state);
  await who[step]({ trade });
  await shown;
}
console.log((await buyer.tradeShow({ trade })).state, (await seller.tradeShow({ trade })).state);
await Promise.all([buyer.stop(), seller.stop()]);
