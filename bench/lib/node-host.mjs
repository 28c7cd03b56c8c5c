// A process that hosts Niaga nodes for a benchmark. Only the public library is used, but for counting and the clock.
import * as clock from './clock.mjs';
import { countMessages, cutConnections, dialsSoFar, usage } from './traffic.mjs';
import { serve } from './serve.mjs';

await countMessages();
const { createNode } = await import('../../dist/node/index.js');
const { countCopies } = await import('./copies.mjs');

const NETWORK = 'bench';
const nodes = [];

/** What nodes asked each other, by method: says which part of Niaga it was when a figure is a surprise. */
const asked = {};
/** The networks of the nodes here that have asked something, by peer id. */
const networks = new Map();
const { createNetwork } = await import('../../dist/node/network/index.js');
const { prototype } = createNetwork({ privateKeySeed: new Uint8Array(32).fill(1), network: NETWORK }).constructor;
const request = prototype.request;
prototype.request = function (peer, method, ...rest) {
  networks.set(this.peerId, this);
  if (peer !== this.peerId) asked[method] = (asked[method] ?? 0) + 1;
  return request.call(this, peer, method, ...rest);
};

/** What this process answers to; liar-host.mjs adds to it. */
export const handlers = {
  async start({ home, bootstrap, at = nodes.length }) {
    const begun = performance.now();
    nodes[at] = await createNode({
      home,
      bootstrap,
      network: NETWORK,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      mdns: false,
      now: clock.now,
    });
    const { trader, peerId } = nodes[at];
    return { at, trader, peerId, addresses: nodes[at].addresses(), tookMs: performance.now() - begun };
  },

  async stop({ at }) {
    await nodes[at].stop();
  },

  /** How many nodes each node here knows, itself included. */
  known: () => Promise.all(nodes.map(async (node) => (await node.status({})).known)),

  operation: ({ at, operation, input }) => collected(nodes[at][operation](input)),

  /** Publishes and gives, for each line, what became of it, and how long all took. */
  async publish({ at, listings, chunk = 1_000 }) {
    const begun = performance.now();
    const lines = [];
    for (let start = 0; start < listings.length; start += chunk) {
      const items = listings.slice(start, start + chunk).map((value) => ({ value }));
      for await (const { sku, listing, status, replicas, quorum, error } of nodes[at].publish({ items }))
        lines.push({ sku, listing, status, replicas, quorum, error: error?.code });
    }
    return { ms: performance.now() - begun, lines };
  },

  /** Asks one search after the other; gives what each took and found. */
  async searches({ at, inputs, cut = 0, pause = 0 }) {
    const results = [];
    for (const input of inputs) {
      const before = dialsSoFar();
      if (cut > 0) await cutConnections(cut);
      const begun = performance.now();
      try {
        const answer = await nodes[at].search(input);
        const ms = performance.now() - begun;
        results.push({
          ms,
          dials: dialsSoFar() - before,
          verdict: answer.coverage.verdict,
          hits: answer.hits.map(({ listing, title, price, seller, lastSeen }) => ({
            listing,
            title,
            price,
            seller,
            lastSeen,
          })),
        });
      } catch (error) {
        results.push({
          ms: performance.now() - begun,
          dials: dialsSoFar() - before,
          error: error.code ?? error.message,
          hits: [],
        });
      }
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return results;
  },

  /** How many copies of some cards are where they belong. */
  copies: ({ at, ...what }) => countCopies(networks.get(nodes[at].peerId), NETWORK, what),

  usage: () => ({ ...usage(), asked }),
  advance: ({ ms }) => clock.advance(ms),
  time: () => clock.now(),
};
serve(handlers);

async function collected(answer) {
  if (typeof answer[Symbol.asyncIterator] !== 'function') return answer;
  const all = [];
  for await (const one of answer) all.push(one);
  return all;
}
