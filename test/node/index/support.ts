import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createBulkVerifier, createDelegationBook, type Identity } from '../../../node/identity/index.js';
import { Holder } from '../../../node/index/holder.js';
import type { IndexDeps } from '../../../node/index/index.js';
import type { PutInput } from '../../../node/index/wire.js';
import type { Network } from '../../../node/network/index.js';
import { createStore, rawCodec } from '../../../node/store/index.js';
import { cardDraft, cardKeys } from '../../../protocol/catalog/make-card.js';
import type { Card, Tombstone } from '../../../protocol/catalog/card.js';
import { encode } from '../../../protocol/cbor.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';

export const DAY = 24 * 60 * 60 * 1000;
export const STRANGER_PEER = deviceToPeerId(keyPairFromSeed(new Uint8Array(32).fill(7)).publicKey);

/** A seller who signs cards by hand. */
export interface Seller {
  readonly peer: string;
  readonly delegation: Uint8Array;
  card(sku: string, title: string, seq?: number): SignedRecord<Card>;
  end(sku: string, seq: number): SignedRecord<Tombstone>;
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
    peer: deviceToPeerId(deviceKeys.publicKey),
    delegation: delegation.bytes,
    card(sku, title, seq = 1) {
      const { item } = readItem({ sku, title, price: '5000 IDR' });
      if (item === undefined) throw new Error('not an item');
      const listing = signRecord('listing', { slot: `listing/${sku}`, seq, item }, signer, options);
      return signRecord('card', cardDraft(listing, { seq, available: 1, validUntil: now + 30 * DAY }), signer, options);
    },
    end: (sku, seq) => signRecord('tombstone', { slot: `card/${sku}`, seq }, signer, options),
  };
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
export async function createHolder() {
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
    };
    const holder = new Holder(deps);
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
