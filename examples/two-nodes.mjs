// Two people who have never met: one publishes, the other finds it, they trade, and both hold the same signed record.
import { createNode } from 'niaga';

const [, , sellerHome = './seller', buyerHome = './buyer'] = process.argv;
const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false };
const seller = await createNode({ ...local, home: sellerHome, name: 'Warung Sari' });
const buyer = await createNode({ ...local, home: buyerHome, name: 'Dewi', bootstrap: seller.addresses() });

const kopi = { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price: '85000 IDR', quantity: 10 };
for await (const line of seller.publish({ items: [{ value: kopi }] })) console.log(line.status, line.listing);
const { hits, coverage } = await buyer.search({ words: ['kopi', 'gayo'] });
console.log(hits[0].title, hits[0].price, coverage.verdict);

// Each side answers what it sees the other do.
const when = (node, steps) => node.onTrade(({ trade, state }) => steps[state]?.({ trade }));
when(seller, { offered: seller.tradeAccept, paid: seller.tradeConfirm, 'payment-confirmed': seller.tradeShip });
when(buyer, { accepted: buyer.tradePay, shipped: buyer.tradeApprove });
const completed = new Promise((resolve) => when(seller, { completed: resolve }));

await buyer.offer({ listing: hits[0].listing, quantity: 2 });
console.log('completed', await completed);
await Promise.all([seller.stop(), buyer.stop()]);
