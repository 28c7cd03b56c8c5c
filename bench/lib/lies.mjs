// Ways in which an index node can lie when it is asked. Each takes the true answer, decoded, and gives a false one.
import { decode, encode } from '../../dist/protocol/cbor.js';
import { slotId } from '../../dist/protocol/ids.js';

const SLOW_MS = 2_000;
const MANY_TIMES = 1_000;
/** Cards of ended listings that a replaying node slips into each answer. */
const REPLAYED = 10;
/** Above every honest score. */
const TOP_SCORE = 2 ** 40;
const NOBODY = { id: '12D3KooWBmwkafWE2fqfzS96VoTZgpGp6aJsF4N7fkSXbYpUwXTJ', addresses: ['/ip4/127.0.0.1/tcp/9'] };

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

const LIES = {
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
      : { hits: answer.hits.map(([listing, seq], at) => [listing, seq + 1, TOP_SCORE - at]) }),
    cards: (answer.cards ?? []).map(forged),
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
    ...(answer.bits === undefined ? {} : { bits: answer.bits.map(() => 8) }),
    ...(answer.closer === undefined ? {} : { closer: answer.closer.map(() => NOBODY) }),
  }),

  /** True, but late. */
  slow: async (answer) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return answer;
  },
};

/**
 * A handler that lies as `lieOf()` says at the time; undefined: it tells the truth.
 * @param {string} method of node/index/wire.ts
 */
export function lying(method, handler, lieOf, memory) {
  return async (body, context) => {
    if (method === 'index.put') memory.note(decode(body, { maxBytes: 2 ** 23, maxDepth: 16 }));
    const truth = await handler(body, context);
    const lie = LIES[lieOf()];
    if (lie === undefined || (method !== 'index.ask' && method !== 'index.cards')) return truth;
    return encode(await lie(decode(truth, { maxBytes: 2 ** 23, maxDepth: 16 }), memory));
  };
}

function payloadOf(envelope) {
  return decode(decode(envelope).payload);
}

/** The same envelope with another payload in it, so that it is no longer what was signed. */
function forged(bytes) {
  const envelope = decode(bytes);
  const payload = decode(envelope.payload);
  const price = { amount: 1, currency: payload.summary.price?.currency ?? 'USD' };
  const summary = { ...payload.summary, title: `FORGED ${payload.summary.title}`.slice(0, 200), price };
  return encode({ ...envelope, payload: encode({ ...payload, seq: payload.seq + 1, summary }) });
}

function idOf(payload) {
  return slotId(payload.network, payload.trader, payload.slot.replace(/^card\//, 'listing/'));
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
