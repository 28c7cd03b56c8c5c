import { randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { ListingExchange, type OpenedListing } from '../../../node/catalog/listing-exchange.js';
import { createBulkVerifier, createDelegationBook } from '../../../node/identity/index.js';
import { createShelf, type KeepOptions } from '../../../node/keep/index.js';
import type { Network } from '../../../node/network/index.js';
import { rawCodec } from '../../../node/store/index.js';
import type { Card, Listing } from '../../../protocol/catalog/card.js';
import { cardDraft } from '../../../protocol/catalog/make-card.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { NiagaError } from '../../../protocol/errors.js';
import { sha256 } from '../../../protocol/hash.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { openStore } from '../store/support.js';

export const NOW = Date.UTC(2026, 10, 22);
export const DAY = 24 * 60 * 60 * 1000;

export interface Seller {
  readonly delegation: Uint8Array;
  readonly peer: string;
  listing(sku: string, seq?: number, words?: number, more?: Record<string, unknown>): SignedRecord<Listing>;
  /** Of a listing; `index`: of another thing. */
  card(listing: SignedRecord<Listing>, seq?: number, index?: Card['index']): SignedRecord<Card>;
}

export function createSeller(): Seller {
  const [root, device] = [0, 1].map(() => keyPairFromSeed(new Uint8Array(randomBytes(32)))) as [
    ReturnType<typeof keyPairFromSeed>,
    ReturnType<typeof keyPairFromSeed>,
  ];
  const options = { network: 'test', created: NOW };
  const author: Signer = {
    trader: root.publicKey,
    device: root.publicKey,
    sign: (message) => sign(message, root.secretKey),
  };
  const delegation = signRecord(
    'delegation',
    { delegate: device.publicKey, may: ['publish'], expires: NOW + 300 * DAY },
    author,
    options,
  );
  const signer: Signer = {
    trader: root.publicKey,
    device: device.publicKey,
    delegation,
    sign: (message) => sign(message, device.secretKey),
  };
  return {
    peer: deviceToPeerId(device.publicKey),
    delegation: delegation.bytes,
    listing(sku, seq = 1, words = 200, more = {}) {
      const value = { sku, title: `Kopi ${sku}`, price: '5000 IDR', description: 'kata '.repeat(words), ...more };
      const { item } = readItem(value);
      if (item === undefined) throw new Error('not an item');
      return signRecord('listing', { slot: `listing/${sku}`, seq, item }, signer, options);
    },
    card(listing, seq = 1, index) {
      const draft = cardDraft(listing, { seq, available: null, validUntil: NOW + 30 * DAY });
      return signRecord('card', { ...draft, index: index ?? draft.index }, signer, options);
    },
  };
}

/** What a peer answers to a request; undefined: it cannot be reached. */
export type Answering = (method: string, body: Record<string, unknown>) => Uint8Array | Error | undefined;

/** An exchange with a store, a shelf, and peers that answer as the test says. All of them are at every meeting point. */
export async function createExchange(
  peers: ReadonlyMap<string, Answering>,
  options: KeepOptions = {},
  clock = { now: NOW },
) {
  const store = await openStore();
  const verify = createBulkVerifier();
  const delegations = createDelegationBook({ table: store.table('delegations', rawCodec), network: 'test', verify });
  const shelf = createShelf({ store, networkName: 'test', now: () => clock.now, options });
  await shelf.load();
  const asked: { peer: string; method: string }[] = [];
  const refused: string[] = [];
  const mismatches: OpenedListing[] = [];
  const missed: string[] = [];
  const serving = new Map<string, (body: Uint8Array) => Promise<Uint8Array>>();
  const network = {
    peerId: 'self',
    directory: {
      closest: () =>
        [...peers.keys()].map((id) => ({
          id,
          kadId: sha256(new TextEncoder().encode(id)),
          addresses: [],
          lastSeen: 1,
          self: false,
        })),
    },
    handle: (method: string, handler: (body: Uint8Array, context: { peer: string }) => Promise<Uint8Array>) =>
      serving.set(method, (body) => handler(body, { peer: 'somebody' })),
    misbehaved: () => undefined,
    request: async (peer: string, method: string, body: Uint8Array) => {
      asked.push({ peer, method });
      await new Promise((resolve) => setTimeout(resolve, 2));
      const answer = peers.get(peer)?.(method, decode(body) as Record<string, unknown>);
      if (answer instanceof Uint8Array) return answer;
      throw answer ?? new NiagaError('PEER_UNREACHABLE', 'nobody there');
    },
  } as unknown as Network;
  const exchange = new ListingExchange({
    store,
    network,
    networkName: 'test',
    catalog: { version: () => Promise.resolve(undefined), blob: () => Promise.resolve(undefined) },
    delegations,
    shelf,
    ownDelegation: () => new Uint8Array(),
    verify,
    onRefused: (code) => refused.push(code),
    onMiss: (listing) => missed.push(listing),
    onMismatch: (opened) => mismatches.push(opened),
  });
  exchange.serve();
  const serve = (method: string, body: unknown): Promise<Uint8Array> | undefined => serving.get(method)?.(encode(body));
  return { exchange, shelf, store, network, delegations, asked, refused, mismatches, missed, serve };
}

/** The answer to `listing.get` of a peer that has those which `find` gives. */
export function answerListings(
  body: Record<string, unknown>,
  find: (id: CID) => { readonly listing: Uint8Array; readonly delegation: Uint8Array } | undefined,
): Uint8Array {
  const found = (body['wanted'] as { id: CID }[]).map(({ id }) => find(id));
  const given = found.flatMap((one, at) => (one === undefined ? [] : [{ at, ...one }]));
  return encode({
    listings: given.map(({ at, listing }, place) => [at, listing, place]),
    delegations: given.map(({ delegation }) => delegation),
    missing: found.flatMap((one, at) => (one === undefined ? [at] : [])),
  });
}

/** The refusal of a peer that has not got what was asked for. */
export function notFound(): NiagaError {
  return new NiagaError('LISTING_NOT_FOUND', 'not here', { details: { remote: true } });
}
