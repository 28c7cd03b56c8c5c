// Peerbit, a document store whose peers ask each other: every node opens the same store and keeps its share of it; the
// asker keeps nothing and asks the others. Words are looked for as parts of the text; answers are not ranked.
import { countMessages, cutConnections, dialsSoFar, usage } from '../lib/traffic.mjs';
import { serve } from '../lib/serve.mjs';

await countMessages(new URL('../', import.meta.url));
await import('../../dist/node/polyfill.js');
const { setMaxListeners } = await import('node:events');
setMaxListeners(0);
const { tcp } = await import('@libp2p/tcp');
const { field, variant } = await import('@dao-xyz/borsh');
const { Program } = await import('@peerbit/program');
const { Documents, Or, SearchRequest, StringMatch, StringMatchMethod } = await import('@peerbit/document');
const { Peerbit } = await import('peerbit');

const ANSWERS = 50;
const QUERY_TIME_LIMIT = 10_000;
/** The store's name, the same at every peer: 32 bytes that all agree on. */
const STORE_ID = new Uint8Array(32).fill(7);

class Listing {
  constructor({ id, title, text } = {}) {
    Object.assign(this, { id, title, text });
  }
}
for (const name of ['id', 'title', 'text']) field({ type: 'string' })(Listing.prototype, name);
variant('listing')(Listing);

class Market extends Program {
  constructor() {
    super();
    this.listings = new Documents({ id: STORE_ID });
  }

  async open({ replicate } = {}) {
    await this.listings.open({ type: Listing, index: { type: Listing }, replicate });
  }
}
// The other way round than decorators would: the class has a base, and its fields ask for the name.
variant('market')(Market);
field({ type: Documents })(Market.prototype, 'listings');

const nodes = [];

serve({
  async start({ bootstrap, at = nodes.length, replicate = { factor: 1 }, replicas }) {
    const begun = performance.now();
    // Over TCP as the others; its default, WebSockets, needs a newer Node.js.
    const peer = await Peerbit.create({
      libp2p: {
        addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        transports: [tcp()],
        connectionMonitor: { enabled: false },
        connectionManager: { maxConnections: 500, inboundConnectionThreshold: 10_000 },
      },
    });
    for (const address of bootstrap) await peer.dial(address);
    const market = await peer.open(new Market(), { args: { replicate, replicas } });
    nodes[at] = { peer, market };
    return {
      at,
      peerId: peer.peerId.toString(),
      addresses: peer.getMultiaddrs().map(String),
      tookMs: performance.now() - begun,
    };
  },

  async stop({ at }) {
    await nodes[at].peer.stop();
  },

  known: () => Promise.all(nodes.map(async ({ peer }) => (await peer.libp2p.peerStore.all()).length + 1)),

  /** Dials all of these, so that nobody has to be reached by way of others. */
  async meet({ at, addresses }) {
    for (const address of addresses) await nodes[at].peer.dial(address).catch(() => undefined);
  },

  async publish({ at, listings }) {
    const begun = performance.now();
    const { market } = nodes[at];
    for (const { id, sku = id, title, brand, category, description } of listings) {
      const text = [title, brand ?? '', category.join(' '), description.slice(0, 300)].join(' ').toLowerCase();
      await market.listings.put(new Listing({ id: sku, title, text }));
    }
    return { ms: performance.now() - begun, listed: listings.length };
  },

  async searches({ at, inputs, cut = 0, every = false }) {
    const results = [];
    for (const { words } of inputs) {
      const before = dialsSoFar();
      if (cut > 0) await cutConnections(cut);
      const begun = performance.now();
      const hits = await search(nodes[at], words.join(' '), every);
      results.push({ ms: performance.now() - begun, dials: dialsSoFar() - before, hits });
    }
    return results;
  },

  async held() {
    return Promise.all(nodes.map(({ market }) => market.listings.index.getSize()));
  },

  usage,
});

/** Listings in whose text every word stands. */
async function search({ market }, text) {
  const query = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word.length > 0)
    .map((value) => new StringMatch({ key: 'text', value, method: StringMatchMethod.contains, caseInsensitive: true }));
  const found = await market.listings.index.search(
    new SearchRequest({ query: query.length > 1 ? [new Or(query)] : query, fetch: ANSWERS }),
    { local: false, remote: { timeout: QUERY_TIME_LIMIT, wait: undefined } },
  );
  return found.slice(0, ANSWERS).map(({ id, title }) => ({ sku: id, title }));
}
