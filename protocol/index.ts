/**
 * Niaga's protocol: what goes over the wire and what it means. No I/O, no clock, no platform: it runs in a browser as in Node.js.
 *
 * ```ts
 * import { decode, encode, verifySignature } from 'niaga/protocol';
 *
 * decode(encode({ title: 'Kopi Gayo', quantity: 2 })); // strict DAG-CBOR: one value, one encoding
 * verifySignature(publicKey, message, signature); // Ed25519, one rule for all nodes
 * ```
 *
 * @packageDocumentation
 */
export { DEFAULT_MAX_BYTES, DEFAULT_MAX_DEPTH, decode, encode, type Limits } from './cbor.js';
export * from './ed25519.js';
export * from './errors.js';
export * from './chat/index.js';
export { sha256 } from './hash.js';
export * from './header.js';
export * from './identity/capsule.js';
export * from './identity/delegation.js';
export * from './identity/stands.js';
export * from './identity/writer.js';
export * from './ids.js';
export * from './keyspace.js';
export * from './kinds.js';
export { MAX_LEAVES, merkleProof, merkleRoot, openProof, type ProvenLeaves } from './merkle.js';
export * from './money.js';
export * from './private.js';
export * from './record.js';
export * from './catalog/card.js';
export * from './catalog/make-card.js';
export * from './catalog/summary.js';
export * from './listing/item.js';
export * from './listing/input.js';
export * from './search/analysis.js';
export * from './search/bm25f.js';
export * from './search/diversity.js';
export * from './search/facets.js';
export * from './search/feedback.js';
export * from './search/filters.js';
export * from './search/index-terms.js';
export * from './search/local-index.js';
export * from './search/merge.js';
export * from './search/posting-keys.js';
export * from './search/price-bands.js';
export * from './search/query.js';
export * from './search/sort.js';
export * from './search/spelling.js';
export * from './trade/index.js';
export * from './trade/evidence.js';
export * from './trade/evidence-schema.js';
