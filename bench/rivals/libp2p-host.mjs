// The plain way to find goods over libp2p, without Niaga: the seller provides a CID for each keyword; whoever searches looks
// for the providers of each word and asks each of them, over a stream that is kept. Nothing is signed or ranked, and a
// seller that sleeps is not found. What can be tuned is: all connections are accepted, streams are kept, look-ups for the
// words of a query run side by side, and a keyword is provided once however many listings have it.
import { countMessages, cutConnections, dialsSoFar, usage } from '../lib/traffic.mjs';
import { rootPackage } from '../lib/root-package.mjs';
import { serve } from '../lib/serve.mjs';

await countMessages();
await import('../../dist/node/polyfill.js');
const { setMaxListeners } = await import('node:events');
// kad-dht hangs a listener for each query on one signal, and would fill stderr with warnings.
setMaxListeners(0);
const { createLibp2p } = await rootPackage('libp2p');
const { tcp } = await rootPackage('@libp2p/tcp');
const { noise } = await rootPackage('@chainsafe/libp2p-noise');
const { yamux } = await rootPackage('@chainsafe/libp2p-yamux');
const { identify } = await rootPackage('@libp2p/identify');
const { ping } = await rootPackage('@libp2p/ping');
const { bootstrap } = await rootPackage('@libp2p/bootstrap');
const { kadDHT, passthroughMapper } = await rootPackage('@libp2p/kad-dht');
const { lpStream } = await rootPackage('@libp2p/utils');
const { CID } = await rootPackage('multiformats/cid');
const { sha256 } = await rootPackage('multiformats/hashes/sha2');
const { postedTerms, indexOf } = await import('../../dist/protocol/search/index-terms.js');
const { parseQuery, termsOfQuery } = await import('../../dist/protocol/search/query.js');

const PROTOCOL = '/plain/ask/1';
const RAW = 0x55;
/** Keywords provided at the same time; more only fills the event loop. */
const PROVIDING = 8;
const ANSWERS = 50;
const QUERY_TIME_LIMIT = 10_000;

const nodes = [];

serve({
  async start({ bootstrap: list, at = nodes.length }) {
    const begun = performance.now();
    const libp2p = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
      connectionManager: {
        maxConnections: 500,
        inboundConnectionThreshold: 10_000,
        maxIncomingPendingConnections: 500,
      },
      ...(list.length === 0 ? {} : { peerDiscovery: [bootstrap({ list, timeout: 0 })] }),
      services: {
        identify: identify({ maxInboundStreams: 256, maxOutboundStreams: 256 }),
        ping: ping(),
        dht: kadDHT({
          clientMode: false,
          peerInfoMapper: passthroughMapper,
          maxInboundStreams: 512,
          maxOutboundStreams: 512,
        }),
      },
    });
    const node = { libp2p, listings: [], kept: new Map() };
    await libp2p.handle(PROTOCOL, (stream) => void answerAll(node, stream), { maxInboundStreams: 512 });
    nodes[at] = node;
    await joined(libp2p, list.length > 0);
    return {
      at,
      peerId: libp2p.peerId.toString(),
      addresses: libp2p.getMultiaddrs().map(String),
      tookMs: performance.now() - begun,
    };
  },

  async stop({ at }) {
    await nodes[at].libp2p.stop();
  },

  known: () => Promise.all(nodes.map(async ({ libp2p }) => (await libp2p.peerStore.all()).length + 1)),

  /**
   * Holds the listings and provides their keywords, each once: all, or only those that the texts in `only` ask for, which is
   * all that matters to a search. After `limitMs` the rest is left out; `provided` of `keywords` says how many are out.
   */
  async publish({ at, listings, only, limitMs = Infinity }) {
    const node = nodes[at];
    node.listings = listings.map((listing) => ({ title: listing.title, terms: new Set(termsOfListing(listing)) }));
    const wanted = only === undefined ? undefined : new Set(only.flatMap(termsOfText));
    const keywords = new Set(
      node.listings.flatMap(({ terms }) => [...terms].filter((term) => wanted?.has(term) ?? true)),
    );
    const begun = performance.now();
    let provided = 0;
    await atMost(PROVIDING, keywords, async (term) => {
      if (performance.now() - begun > limitMs) return;
      await provide(node, term);
      provided++;
    });
    return { ms: performance.now() - begun, provided, keywords: keywords.size };
  },

  async searches({ at, inputs, cut = 0 }) {
    const results = [];
    for (const { words } of inputs) {
      const before = dialsSoFar();
      if (cut > 0) await cutConnections(cut);
      const begun = performance.now();
      const { hits, first, asked } = await search(nodes[at], words.join(' '), begun);
      results.push({ ms: performance.now() - begun, firstMs: first, dials: dialsSoFar() - before, asked, hits });
    }
    return results;
  },

  usage,
});

/** Waits until the routing table has somebody in it. */
async function joined(libp2p, expected) {
  const end = performance.now() + 15_000;
  while (expected && libp2p.services.dht.routingTable.size === 0 && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The words under which Niaga would post the listing: the comparison is about how, not about which words. */
function termsOfListing(listing) {
  const item = { ...listing, brand: listing.brand ?? undefined, additionalProperty: listing.attributes };
  return postedTerms(indexOf(item));
}

function termsOfText(text) {
  return [...new Set(termsOfQuery(parseQuery(text)))];
}

async function cidOf(term) {
  return CID.createV1(RAW, await sha256.digest(new TextEncoder().encode(term)));
}

async function provide({ libp2p }, term) {
  try {
    await libp2p.contentRouting.provide(await cidOf(term), { signal: AbortSignal.timeout(QUERY_TIME_LIMIT) });
  } catch (error) {
    if (error.name !== 'TimeoutError' && error.name !== 'AbortError') console.error(`provide: ${error.message}`);
  }
}

/** Finds the providers of every word, and asks each provider once for all words, as soon as it is known. */
async function search(node, text, begun) {
  const terms = termsOfText(text);
  const asked = new Map();
  let first;
  const ask = async (provider) => {
    const answers = provider.equals(node.libp2p.peerId) ? answerOf(node, terms) : await askPeer(node, provider, terms);
    if (answers.length > 0) first ??= performance.now() - begun;
    return answers;
  };
  const lookFor = async (term) => {
    try {
      const options = { signal: AbortSignal.timeout(QUERY_TIME_LIMIT) };
      for await (const { id } of node.libp2p.contentRouting.findProviders(await cidOf(term), options))
        if (!asked.has(id.toString()))
          asked.set(
            id.toString(),
            ask(id).catch(() => []),
          );
    } catch {
      // Nobody provides the word, or time is over.
    }
  };
  await Promise.all(terms.map(lookFor));
  const hits = (await Promise.all(asked.values())).flat();
  hits.sort((a, b) => b.matches - a.matches);
  return { hits: hits.slice(0, ANSWERS), first, asked: asked.size };
}

function answerOf({ listings }, terms) {
  const hits = [];
  for (const { title, terms: own } of listings) {
    const matches = terms.filter((term) => own.has(term)).length;
    if (matches > 0) hits.push({ title, matches });
  }
  return hits.sort((a, b) => b.matches - a.matches).slice(0, ANSWERS);
}

/** Asks over the kept stream of that peer, one question at a time. */
async function askPeer(node, peer, terms) {
  const id = peer.toString();
  const before = node.kept.get(id) ?? Promise.resolve();
  const turn = before
    .catch(() => undefined)
    .then(async (stream) => {
      const kept = stream?.open === true ? stream : await openStream(node, peer);
      kept.last = await exchange(kept, terms);
      return kept;
    });
  node.kept.set(id, turn);
  return (await turn).last;
}

async function openStream(node, peer) {
  const stream = await node.libp2p.dialProtocol(peer, PROTOCOL, { signal: AbortSignal.timeout(QUERY_TIME_LIMIT) });
  const kept = { lp: lpStream(stream, { maxDataLength: 2 ** 22 }), open: true };
  stream.addEventListener('close', () => (kept.open = false));
  return kept;
}

async function exchange(kept, terms) {
  const signal = AbortSignal.timeout(QUERY_TIME_LIMIT);
  await kept.lp.write(new TextEncoder().encode(JSON.stringify(terms)), { signal });
  return JSON.parse(new TextDecoder().decode((await kept.lp.read({ signal })).subarray()));
}

async function answerAll(node, stream) {
  const lp = lpStream(stream, { maxDataLength: 2 ** 16 });
  try {
    for (;;) {
      const terms = JSON.parse(new TextDecoder().decode((await lp.read()).subarray()));
      await lp.write(new TextEncoder().encode(JSON.stringify(answerOf(node, terms))));
    }
  } catch {
    // The asker has gone.
  }
}

async function atMost(count, list, task) {
  const queue = [...list];
  const worker = async () => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) await task(one);
  };
  await Promise.all(Array.from({ length: count }, worker));
}
