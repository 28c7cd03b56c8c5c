// Who holds what, counted from a node of the network: it asks the others one by one.
import { kadIdOfPeer, parsePeerId } from '../../dist/node/network/keyspace.js';
import { responsible } from '../../dist/node/index/responsible.js';
import { ASK_METHOD, askAnswerSchema } from '../../dist/node/index/wire.js';
import { placeOf, SALTS } from '../../dist/protocol/search/posting-keys.js';
import { EMPTY_QUERY } from '../../dist/protocol/search/query.js';
import { readBody, writeBody } from '../../dist/node/network/bodies.js';

/** More than any of the names asked for holds: those are chosen among the rare ones. */
const LIMIT = 100;
const CONCURRENT = 16;
const TIME_LIMIT = 10_000;

/**
 * How many of the copies that there should be are there: for each item (a listing's id and names of keys that it stands
 * under), at the nodes nearest to each name's two places, of those that are given. `complete`: items that lack none.
 */
export async function countCopies(network, networkName, { peers, items }) {
  const refs = peers.map(({ peerId, addresses }) => {
    network.directory.learn([{ id: peerId, addresses }]);
    return { id: peerId, kadId: kadIdOfPeer(parsePeerId(peerId)), addresses, lastSeen: 0, self: false };
  });
  const work = items.flatMap(({ listing, names }, item) =>
    names.flatMap((name) =>
      SALTS.flatMap((salt) =>
        responsible(refs, placeOf(networkName, name, salt).kadId).map(({ id }) => ({ item, listing, name, id })),
      ),
    ),
  );
  const answers = new Map();
  const lacking = new Set();
  let held = 0;
  const queue = [...work];
  const worker = async () => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const question = `${one.id} ${one.name}`;
      if (!answers.has(question)) answers.set(question, listingsUnder(network, one.id, one.name));
      if ((await answers.get(question)).has(one.listing)) held++;
      else lacking.add(one.item);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return { expected: work.length, held, complete: items.length - lacking.size };
}

async function listingsUnder(network, peer, name) {
  const body = writeBody({ query: EMPTY_QUERY, keys: [name], filters: {}, limit: LIMIT, cards: 0, perSeller: 0 });
  try {
    const answer = await network.request(peer, ASK_METHOD, body, { timeout: TIME_LIMIT, retry: true, force: true });
    return new Set(readBody(askAnswerSchema, answer, 'answer').hits.map(([listing]) => listing.toString()));
  } catch (error) {
    console.error(`counting copies: ${peer} does not answer: ${error.message}`);
    return new Set();
  }
}
