import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createBulkVerifier, createDelegationBook, type Identity } from '../../../node/identity/index.js';
import { Holder, type HolderOptions } from '../../../node/index/holder.js';
import type { IndexDeps } from '../../../node/index/index.js';
import type { LeaseRequest, PutInput } from '../../../node/index/wire.js';
import type { Network } from '../../../node/network/index.js';
import { createStore, rawCodec } from '../../../node/store/index.js';
import { cardDraft, cardKeys, listingIdOfCard } from '../../../protocol/catalog/make-card.js';
import type { Card, Delta, Lease, Listing, Tombstone } from '../../../protocol/catalog/card.js';
import { encode } from '../../../protocol/cbor.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { merkleProof, merkleRoot } from '../../../protocol/merkle.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signedBytes, signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';

export const DAY = 24 * 60 * 60 * 1000;
export const STRANGER_PEER = deviceToPeerId(keyPairFromSeed(new Uint8Array(32).fill(7)).publicKey);

/** What of a card is not as usual: a good of 5000 IDR, signed when its seller was made, valid for 30 days. */
interface CardOptions {
  readonly created?: number;
  readonly validUntil?: number;
  /** For an item, such as `{ price: '1 USD', category: 'Kopi' }`. */
  readonly item?: Readonly<Record<string, unknown>>;
}

/** A seller who signs cards by hand. */
export interface Seller {
  readonly trader: Uint8Array;
  readonly peer: string;
  readonly delegation: Uint8Array;
  card(sku: string, title: string, seq?: number, options?: CardOptions): SignedRecord<Card>;
  /** A change of the price, in minor units of IDR, of a card. */
  delta(card: SignedRecord<Card>, seq: number, price: number): SignedRecord<Delta>;
  end(sku: string, seq: number): SignedRecord<Tombstone>;
  listing(sku: string, title: string): SignedRecord<Listing>;
  /** Signs a payload that `signRecord` would not. */
  sign(payload: Uint8Array): Uint8Array;
  /** A lease over the newest records of slots. */
  lease(records: readonly SignedRecord<Card | Delta>[], seq?: number, options?: LeaseOptions): SignedLease;
}

interface LeaseOptions {
  readonly created?: number;
  readonly validUntil?: number;
}

/** A lease and what is sent with it. */
export interface SignedLease {
  readonly record: SignedRecord<Lease>;
  /** In the order of the tree. */
  readonly leaves: readonly (readonly [place: number, leaf: Uint8Array])[];
  /** A refresh of those leaves whose records are named; default: all. */
  request(records?: readonly SignedRecord<Card | Delta>[]): LeaseRequest;
}

export function createSeller(now: number, expires = now + 60 * DAY): Seller {
  const rootKeys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const deviceKeys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const trader = rootKeys.publicKey;
  const options = { network: 'main', created: now };
  const root: Signer = { trader, device: trader, sign: (message) => sign(message, rootKeys.secretKey) };
  const delegation = signRecord(
    'delegation',
    { delegate: deviceKeys.publicKey, may: ['publish'], expires },
    root,
    options,
  );
  const signer: Signer = {
    trader,
    device: deviceKeys.publicKey,
    delegation,
    sign: (message) => sign(message, deviceKeys.secretKey),
  };
  return {
    trader,
    peer: deviceToPeerId(deviceKeys.publicKey),
    delegation: delegation.bytes,
    card(sku, title, seq = 1, { created = now, validUntil = created + 30 * DAY, item: more = {} } = {}) {
      const { item } = readItem({ sku, title, price: '5000 IDR', ...more });
      if (item === undefined) throw new Error('not an item');
      const at = { ...options, created };
      const listing = signRecord('listing', { slot: `listing/${sku}`, seq, item }, signer, at);
      return signRecord('card', cardDraft(listing, { seq, available: 1, validUntil }), signer, at);
    },
    delta: ({ id, payload }, seq, amount) =>
      signRecord(
        'delta',
        {
          slot: payload.slot,
          seq,
          card: id,
          listing: payload.listing,
          price: { amount, currency: 'IDR' },
          availability: 'InStock',
        },
        signer,
        options,
      ),
    lease(records, seq = 1, { created = now, validUntil = created + 30 * DAY } = {}) {
      const ordered = [...records].sort((a, b) => (listingOf(a) < listingOf(b) ? -1 : 1));
      const all = ordered.map(({ id }) => id.multihash.digest);
      const record = signRecord(
        'lease',
        { slot: 'lease', seq, root: merkleRoot(all), cards: all.length, validUntil },
        signer,
        { ...options, created },
      );
      return {
        record,
        leaves: all.map((leaf, place) => [place, leaf] as const),
        request(wanted = records) {
          const places = ordered.flatMap((one, place) => (wanted.includes(one) ? [place] : []));
          return {
            lease: record.bytes,
            delegations: [delegation.bytes],
            leaves: places.map((place) => [place, all[place] ?? new Uint8Array()]),
            proof: merkleProof(all, places),
          };
        },
      };
    },
    end: (sku, seq) => signRecord('tombstone', { slot: `card/${sku}`, seq }, signer, options),
    listing: (sku, title) =>
      signRecord('listing', { slot: `listing/${sku}`, seq: 1, item: readItem({ sku, title }).item }, signer, options),
    sign: (payload) => sign(signedBytes(payload), deviceKeys.secretKey),
  };
}

/** The id in text of the listing that a card or change is of. */
export function listingOf({ payload }: SignedRecord<Card | Delta>): string {
  return listingIdOfCard(payload) ?? '';
}

/** The same payload, so the same id, with one bit of the signature changed. */
export function forged(record: SignedRecord): Uint8Array {
  const signature = record.signature.slice();
  signature[40] = (signature[40] ?? 0) ^ 1;
  return encode({ payload: record.payloadBytes, signature, delegation: record.delegation });
}

export function putOf(records: readonly SignedRecord<Card>[], delegations: readonly Uint8Array[]): PutInput {
  return batchOf(
    records.map(({ bytes, payload }) => [bytes, cardKeys(payload)]),
    delegations,
  );
}

export function batchOf(
  cards: readonly (readonly [Uint8Array, readonly string[]])[],
  delegations: readonly Uint8Array[],
): PutInput {
  const keys = [...new Set(cards.flatMap(([, of]) => of))];
  return {
    keys,
    cards: cards.map(([bytes, of]) => [bytes, of.map((key) => keys.indexOf(key))]),
    delegations: [...delegations],
  };
}

/** A holder on a store of its own. */
/** @param more what the node is told besides; `now` is the test's clock */
export async function createHolder(more: Partial<IndexDeps> = {}, options: HolderOptions = {}) {
  const path = await mkdtemp(join(tmpdir(), 'niaga-holder-'));
  const clock = { now: Date.now() };
  const refused: string[] = [];
  const verify = createBulkVerifier();
  let store = createStore({ path });
  const open = async () => {
    await store.start();
    const delegations = createDelegationBook({ table: store.table('delegations', rawCodec), network: 'main', verify });
    await delegations.load();
    const deps: IndexDeps = {
      store,
      delegations,
      networkName: 'main',
      verify,
      now: () => clock.now,
      logger: pino({ level: 'silent' }),
      onRefused: (code) => refused.push(code),
      // A holder answers from its store and knows nobody.
      network: {} as Network,
      identity: {} as Identity,
      ...more,
    };
    const holder = new Holder(deps, options);
    await holder.load();
    return { holder, deps };
  };
  return {
    ...(await open()),
    clock,
    refused,
    rows: async (table: string) => store.table(table, rawCodec).count(),
    /** The same folder after a restart. */
    async reopen() {
      await store.stop();
      store = createStore({ path });
      return open();
    },
    async [Symbol.asyncDispose]() {
      await store.stop();
      await rm(path, { recursive: true });
    },
  };
}
