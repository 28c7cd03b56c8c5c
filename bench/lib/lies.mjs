// Ways in which an index node can lie when it is asked, when cards are brought to it, and when other index nodes hand over to it.
import { decode, encode } from '../../dist/protocol/cbor.js';
import { slotId } from '../../dist/protocol/ids.js';
import { Inventions } from './inventions.mjs';

const SLOW_MS = 2_000;
const MANY_TIMES = 1_000;
/** Cards of ended listings that a replaying node slips into each answer. */
const REPLAYED = 10;
/** Above every honest score. */
const TOP_SCORE = 2 ** 40;
/** As many as the wire lets through. */
const MOST_CLOSER = 32;
const MOST_BITS = 8;
/** Leases of one answer, and cards of each, which the reader would have to work through: as many as fit into an answer. */
const LEASES = 100;
const CARDS_A_LEASE = 1_000;

/** What a liar remembers of what it was brought: the first version of each card, and what was ended since. */
export class Memory {
  #first = new Map();
  #ended = new Set();

  /** @param {{cards: [Uint8Array, number[]][], delegations?: Uint8Array[]}} put the body of index.put */
  note({ cards, delegations = [] }) {
    for (const [bytes] of cards) {
      const payload = payloadOf(bytes);
      const name = `${Buffer.from(payload.trader).toString('hex')} ${payload.slot}`;
      if (payload.kind === 'card' && !this.#first.has(name)) this.#first.set(name, { bytes, payload, delegations });
      if (payload.kind === 'tombstone') this.#ended.add(name);
    }
  }

  oldOf(payload) {
    return this.#first.get(`${Buffer.from(payload.trader).toString('hex')} ${payload.slot}`);
  }

  ended(count) {
    return [...this.#ended].flatMap((name) => this.#first.get(name) ?? []).slice(0, count);
  }
}

const inventions = new Inventions();

/** Lies in answers, `index.ask` and `index.cards`: each takes the true answer, decoded, and gives a false one. */
const ANSWERS = {
  /** Says that it has nothing, whatever it took. */
  drop: (answer) => ({
    ...answer,
    ...(answer.hits === undefined ? {} : { hits: [], documents: 0, truncated: false }),
    ...emptied(answer, ['cards', 'delegations', 'deltas', 'leases', 'facets']),
    ...zeroed(answer, ['held', 'matched', 'bits']),
    ...(answer.df === undefined ? {} : { df: scaled(answer.df, 0) }),
  }),

  /** Other titles and prices in honest sellers' names, best first, each newer than what is known. */
  forge: (answer) => ({
    ...answer,
    ...(answer.hits === undefined
      ? {}
      : { hits: answer.hits.map(([listing, seq], at) => [listing, seq + (at % 2), TOP_SCORE - at]) }),
    cards: (answer.cards ?? []).map((bytes, at) => forged(bytes, FORGERIES[at % FORGERIES.length])),
    ...emptied(answer, ['deltas']),
  }),

  /** What was true once: earlier versions of cards, and cards that were taken back. */
  replay: (answer, memory) => {
    const cards = (answer.cards ?? []).map((bytes) => memory.oldOf(payloadOf(bytes))?.bytes ?? bytes);
    if (answer.hits === undefined) return { ...answer, cards, ...emptied(answer, ['deltas']) };
    const ended = memory.ended(REPLAYED);
    const own = ended.map(({ payload }, at) => [idOf(payload), payload.seq, TOP_SCORE - at]);
    return {
      ...answer,
      // Cards stand in the order of the hits they belong to, and there are at most a hundred of each.
      hits: [...own, ...answer.hits].slice(0, 100),
      cards: [...ended.map(({ bytes }) => bytes), ...cards].slice(0, 100),
      delegations: [...(answer.delegations ?? []), ...ended.flatMap(({ delegations }) => delegations)].slice(0, 100),
      ...emptied(answer, ['deltas']),
    };
  },

  /** Counts a thousand times too high, keys split into shards that nobody has, and nodes named that are not there. */
  inflate: (answer) => ({
    ...answer,
    ...(answer.documents === undefined ? {} : { documents: answer.documents * MANY_TIMES }),
    ...(answer.df === undefined ? {} : { df: scaled(answer.df, MANY_TIMES) }),
    ...multiplied(answer, ['held', 'matched']),
    ...(answer.bits === undefined ? {} : { bits: answer.bits.map(() => MOST_BITS) }),
  }),

  /** Says to have nothing, and names nodes nearer to each key than any other, made up for it, in place of those that are there. */
  invent: (answer, memory, { keys = [] }) => ({
    ...ANSWERS.drop(answer),
    ...(answer.closer === undefined ? {} : { closer: inventions.near(keys, MOST_CLOSER) }),
  }),

  /** True, with as many leases as go into an answer, each said to be of a thousand cards. */
  leases: (answer) => (answer.leases === undefined ? answer : withLeases(encode({ ...answer, leases: [] }))),

  /** True, but late. */
  slow: async (answer) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return answer;
  },
};

/** Lies to those who bring cards, by method: each takes the request, decoded, and a way to the true answer. */
const BROUGHT = {
  /** Takes everything, and keeps nothing of it. */
  'claims to hold': {
    'index.put': ({ cards }) => ({ results: cards.map(() => 'ok') }),
    'index.offer': () => ({ wanted: [] }),
    'index.lease': () => ({ missing: [] }),
  },

  refuses: {
    'index.put': ({ cards }) => ({ results: cards.map(() => 'RATE_LIMITED') }),
    'index.offer': ({ cards }) => ({ wanted: [], declined: cards.map((_, place) => place) }),
  },

  /** Every key is to be split as often as can be. */
  splits: {
    'index.put': async ({ keys }, truth) => ({ ...(await truth()), bits: keys.map((_, place) => [place, MOST_BITS]) }),
  },

  /** Sends the cards on to nodes that are not there. */
  'sends away': {
    'index.put': ({ keys, cards }) => ({
      results: cards.map(() => 'INDEX_FAR'),
      closer: inventions.near(keys.slice(0, MOST_CLOSER), MOST_CLOSER),
    }),
  },

  /** Never answers. */
  stalls: Object.fromEntries(
    ['index.put', 'index.offer', 'index.lease'].map((method) => [method, () => new Promise(() => undefined)]),
  ),
};

/** What a lie needs, before anybody is waiting. */
export function prepare(names) {
  if (names.includes('invent') || names.includes('sends away')) inventions.prepare();
}

/** Those about what a node answers, and those about what it is brought. */
export const LIES = { answers: Object.keys(ANSWERS), brought: Object.keys(BROUGHT) };

/**
 * A handler that lies as `lieOf()` says at the time; undefined: it tells the truth.
 * @param {string} method of node/index/wire.ts
 */
export function lying(method, handler, lieOf, memory) {
  return async (body, context) => {
    const request = method.startsWith('index.') ? read(body) : {};
    const truth = async () => read(await handler(body, context));
    const name = lieOf();
    const brought = BROUGHT[name]?.[method];
    if (brought !== undefined) return encode(await brought(request, truth));
    if (method === 'index.put') memory.note(request);
    const answer = method === 'index.ask' || method === 'index.cards' ? ANSWERS[name] : undefined;
    if (answer === undefined) return handler(body, context);
    const told = await answer(await truth(), memory, request);
    return told instanceof Uint8Array ? told : encode(told);
  };
}

function read(bytes) {
  return decode(bytes, { maxBytes: 2 ** 23, maxDepth: 16 });
}

function payloadOf(envelope) {
  return decode(decode(envelope).payload);
}

/** The same envelope with another payload in it, so that it is no longer what was signed. */
/** What is made of a true card: a newer one that is cheap, one of the same version, and such as answers no question, in order to hide the true one. */
const FORGERIES = [
  ({ seq, ...rest }) => ({ ...rest, seq: seq + 1 }),
  (payload) => payload,
  (payload) => ({ ...payload, index: [[1, 1, 'forged']] }),
  ({ seq, ...rest }) => ({ ...rest, seq: seq + 1, validUntil: rest.created + 1 }),
];

function forged(bytes, change) {
  const envelope = decode(bytes);
  const payload = change(decode(envelope.payload));
  const price = { amount: 1, currency: payload.summary.price?.currency ?? 'USD' };
  const summary = { ...payload.summary, title: `FORGED ${payload.summary.title}`.slice(0, 200), price };
  return encode({ ...envelope, payload: encode({ ...payload, summary }) });
}

function idOf(payload) {
  return slotId(payload.network, payload.trader, payload.slot.replace(/^card\//, 'listing/'));
}

let leases;

/** An encoded answer with its empty list of leases replaced by a long one, which is made once: the liar's own work is not to slow down others here. */
function withLeases(bytes) {
  leases ??= encode(manyLeases());
  const name = encode('leases');
  const at = Buffer.from(bytes).indexOf(Buffer.concat([name, encode([])])) + name.length;
  return Buffer.concat([bytes.subarray(0, at), leases, bytes.subarray(at + 1)]);
}

function manyLeases() {
  const cards = Array.from({ length: CARDS_A_LEASE }, (_, place) => [place, place]);
  return Array.from({ length: LEASES }, () => ({ lease: new Uint8Array(500), cards, proof: [] }));
}

function emptied(answer, names) {
  return Object.fromEntries(names.filter((name) => name in answer).map((name) => [name, []]));
}

function zeroed(answer, names) {
  return Object.fromEntries(names.filter((name) => name in answer).map((name) => [name, answer[name].map(() => 0)]));
}

function multiplied(answer, names) {
  return Object.fromEntries(
    names.filter((name) => name in answer).map((name) => [name, answer[name].map((count) => count * MANY_TIMES)]),
  );
}

function scaled(counts, by) {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * by]));
}
