// The ranker without a network: one index with every card, read by whoever asks. What the network does not find, or ranks
// in another order, is lost against this.
import { cardDraft } from '../../dist/protocol/catalog/make-card.js';
import { recordId } from '../../dist/protocol/ids.js';
import { readItem } from '../../dist/protocol/listing/input.js';
import { parseIndex } from '../../dist/protocol/search/index-terms.js';
import { LocalIndex } from '../../dist/protocol/search/local-index.js';
import { rerank } from '../../dist/protocol/search/feedback.js';
import { parseQuery } from '../../dist/protocol/search/query.js';
import { listingSlot } from '../../dist/protocol/catalog/card.js';

/** The one key that all cards are under. */
const ALL = 'all';
/** As deep as no reader looks: nothing is lost by it. */
const DEPTH = 1_000;

/**
 * An index of the cards that the network holds: made of the same listings by the same code, so they say the same.
 * @param {readonly {listing: object, id: string, trader: Uint8Array}[]} published with the ids that the network gave them
 * @returns {(text: string) => string[]} finds the ids of listings, best first
 */
export function singleMachine(published, network) {
  const index = new LocalIndex();
  const cards = new Map();
  for (const { listing, id } of published) {
    const card = cardOf(listing, network);
    cards.set(id, { id, seq: 1, device: '', record: id, ...card });
    index.put(id, { trader: new Uint8Array(32), summary: card.summary }, card.index, [ALL]);
  }
  const df = (term) => index.documentFrequency(term);
  return (text) => {
    const query = parseQuery(text, { df });
    const { hits } = index.evaluate({ query, keys: [ALL], limit: DEPTH });
    const ranked = rerank(
      query,
      hits.map(({ id, score }) => ({ id, score, card: cards.get(id) })),
      ({ summary }) => summary.category,
    );
    return ranked.map(({ id }) => id);
  };
}

/** What a seller would sign for a listing, but for the signature: its summary and its index. */
export function cardOf(listing, network) {
  const { item } = readItem(listing, { strict: false });
  const payload = { network, item, slot: listingSlot(item.sku), seq: 1 };
  const record = { id: recordId(new TextEncoder().encode(item.sku)), payload };
  const draft = cardDraft(record, {
    seq: 1,
    available: item.inventoryLevel ?? null,
    validUntil: Number.MAX_SAFE_INTEGER,
  });
  return { summary: draft.summary, index: parseIndex(draft.index) };
}
