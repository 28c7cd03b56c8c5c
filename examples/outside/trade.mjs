// A whole trade between two nodes, from outside: no line of Niaga is imported. Written from the OpenAPI document that every
// node serves and from docs/reference/api.md; the same can be written in any language that speaks HTTP and JSON.
//
//   node examples/outside/trade.mjs SELLER_HOME/main/api.json BUYER_HOME/main/api.json
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const SEARCH_EVERY_MS = 250;
const PATIENCE_MS = 60_000;

/** A node as its own OpenAPI document describes it: operations by their operationId. */
async function nodeOf(file) {
  const { url, token } = JSON.parse(await readFile(file, 'utf8'));
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  const operations = new Map();
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) operations.set(operation.operationId, { path, method });

  async function request(operationId, { query = '', body } = {}) {
    const { path, method } = operations.get(operationId);
    const answer = await fetch(url + path + query, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) return answer;
    const { code, message, next = '' } = await answer.json();
    throw new Error(`${operationId}: ${code}: ${message} ${next}`);
  }

  return {
    /** The one answer of an operation, or the list of what it streams. */
    async ask(operationId, input = {}) {
      const answer = await request(operationId, { body: input });
      if (!answer.headers.get('content-type').startsWith('application/x-ndjson')) return answer.json();
      const lines = (await answer.text()).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line));
    },

    /** Waits until a trade is as wanted: looks at it, and again whenever an event says that it changed. */
    async until(trade, wanted) {
      const events = await request('listen', { query: '?type=trade-changed' });
      // The first frame is an id alone: from there on nothing is missed, so this is the time to look.
      for await (const line of linesOf(events.body)) {
        const isStart = line.startsWith('id:');
        const isOurs = line.startsWith('data:') && JSON.parse(line.slice('data:'.length)).data.trade === trade;
        if (!isStart && !isOurs) continue;
        const shown = await this.ask('tradeShow', { trade }).catch(() => undefined);
        if (shown !== undefined && wanted(shown)) return shown;
      }
      throw new Error(`The node ended while ${trade} was waited for.`);
    },
  };
}

/** The lines of a body as they come; who stops reading ends the request. */
async function* linesOf(body) {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

const inState = (state) => (shown) => shown.state === state;
const rated = (role) => (shown) =>
  shown.messages.some((message) => message.kind === 'rating' && message.role === role && message.delivered);

const [, , sellerFile, buyerFile] = process.argv;
const [seller, buyer] = await Promise.all([nodeOf(sellerFile), nodeOf(buyerFile)]);

const [published] = await seller.ask('publish', {
  items: [
    {
      value: {
        sku: 'teh-1',
        title: 'Teh Melati Pekalongan 100 g',
        category: ['Minuman', 'Teh'],
        price: '18000 IDR',
        quantity: 8,
      },
    },
  ],
});
if (published.error !== undefined) throw new Error(published.error.message);
console.log(published.status, published.sku);

let hit;
for (const end = Date.now() + PATIENCE_MS; hit === undefined && Date.now() < end;) {
  const { hits } = await buyer.ask('search', { words: ['teh', 'melati'] });
  hit = hits.find(({ listing }) => listing === published.listing);
  if (hit === undefined) await new Promise((resolve) => setTimeout(resolve, SEARCH_EVERY_MS));
}
console.log('found', hit.title, hit.price);

const { trade } = await buyer.ask('offer', { listing: hit.listing, quantity: 2 });
const turns = [
  [seller, 'offered', 'tradeAccept', {}],
  [buyer, 'accepted', 'tradePay', { reference: 'transfer 0412' }],
  [seller, 'paid', 'tradeConfirm', {}],
  [seller, 'payment-confirmed', 'tradeShip', { tracking: 'JB0412' }],
  [buyer, 'shipped', 'tradeReceive', {}],
  [buyer, 'received', 'tradeApprove', {}],
  [seller, 'completed', 'tradeRate', { stars: 5 }],
  [buyer, 'completed', 'tradeRate', { stars: 5, text: 'Harum, dan cepat sampai' }],
];
for (const [node, state, operationId, input] of turns) {
  await node.until(trade, inState(state));
  console.log(operationId, (await node.ask(operationId, { trade, ...input })).state);
}

const shown = await Promise.all([seller.until(trade, rated('buyer')), buyer.until(trade, rated('seller'))]);
const [ids, same] = shown.map(({ messages }) =>
  messages
    .map(({ id }) => id)
    .sort()
    .join(),
);
console.log(ids === same ? 'both hold the same' : 'they differ', shown[0].messages.length, 'messages');
