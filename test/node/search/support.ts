import { createHash, createPrivateKey, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { pino } from 'pino';
import { CID } from 'multiformats/cid';
import { cardDraft, cardKeys, listingIdOfCard } from '../../../protocol/catalog/make-card.js';
import type { Card, Delta, Lease, Tombstone } from '../../../protocol/catalog/card.js';
import { listingSlotOfCard } from '../../../protocol/catalog/card.js';
import { NiagaError } from '../../../protocol/errors.js';
import { slotId } from '../../../protocol/ids.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { placeOf, readShardKey, shardOf } from '../../../protocol/search/posting-keys.js';
import { createBulkVerifier, createDelegationBook } from '../../../node/identity/index.js';
import {
  ASK_METHOD,
  askSchema,
  CARDS_METHOD,
  cardsSchema,
  type Ask,
  type AskAnswer,
  type CardsAnswer,
  type LeaseProof,
  type WantedCards,
} from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { createSearch, type Search, type SearchDeps, type SearchInput } from '../../../node/search/index.js';
import { ownTime } from '../../support/own-time.js';

export const DAY = 24 * 60 * 60 * 1000;

/** OpenSSL signs a hundred times as fast as what a browser has, and tests need hundreds of cards. */
function keys() {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: d ?? '', x: x ?? '' }, format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(x ?? '', 'base64url')),
    sign: (message: Uint8Array) => new Uint8Array(signWith(null, message, key)),
  };
}

export interface CardOptions {
  readonly seq?: number;
  readonly created?: number;
  readonly validUntil?: number;
  readonly available?: number;
  readonly item?: Record<string, unknown>;
}

export type SearchSeller = ReturnType<typeof createSeller>;

/** A seller who signs by hand. */
export function createSeller(now: number, expires = now + 60 * DAY) {
  const rootKeys = keys();
  const deviceKeys = keys();
  const trader = rootKeys.publicKey;
  const at = (created: number) => ({ network: 'main', created });
  const root: Signer = { trader, device: trader, sign: rootKeys.sign };
  const grant = { delegate: deviceKeys.publicKey, may: ['publish' as const], expires };
  const delegation = signRecord('delegation', grant, root, at(now - 60 * DAY));
  const signer: Signer = { trader, device: deviceKeys.publicKey, delegation, sign: deviceKeys.sign };
  return {
    trader,
    delegation,
    card(sku: string, title: string, options: CardOptions = {}): SignedRecord<Card> {
      const { seq = 1, created = now, validUntil = now + 30 * DAY, available = 10 } = options;
      const { item } = readItem({ sku, title, price: '5000 IDR', ...options.item });
      if (item === undefined) throw new Error('not an item');
      const listing = signRecord('listing', { slot: `listing/${sku}`, seq, item }, signer, at(created));
      return signRecord('card', cardDraft(listing, { seq, available, validUntil }), signer, at(created));
    },
    delta(
      card: SignedRecord<Card>,
      change: Partial<Pick<Delta, 'price' | 'availability' | 'seq'>>,
    ): SignedRecord<Delta> {
      const { slot, seq, listing, summary } = card.payload;
      const { price, availability } = summary;
      const draft = { slot, seq: seq + 1, card: card.id, listing, price, availability, ...change };
      return signRecord('delta', draft, signer, at(now));
    },
    end: (sku: string, seq: number): SignedRecord<Tombstone> =>
      signRecord('tombstone', { slot: `card/${sku}`, seq }, signer, at(now)),
    lease: (draft: Pick<Lease, 'seq' | 'root' | 'cards' | 'validUntil'>, created = now): SignedRecord<Lease> =>
      signRecord('lease', { slot: 'lease', ...draft }, signer, at(created)),
  };
}

/** An index node that answers from a list, as told to: it ranks nothing, and can lie. */
export class FakeNode {
  readonly id: string;
  readonly kadId: Uint8Array;
  cards: SignedRecord<Card>[] = [];
  deltas: SignedRecord<Delta>[] = [];
  ends: SignedRecord<Tombstone>[] = [];
  leases: LeaseProof[] = [];
  delegations: Uint8Array[] = [];
  /** Whom it names as nearer to what is asked. */
  closer: (question: Ask) => readonly FakeNode[] = () => [];
  /** `up`; `frozen` never answers; `dead` refuses. */
  state: 'up' | 'frozen' | 'dead' = 'up';
  /** Milliseconds before it answers. */
  delay = 0;
  /** Whether it answers when it is asked for cards by id. */
  givesCards = true;
  changeCards: (answer: CardsAnswer) => CardsAnswer = (answer) => answer;
  bits: (name: string) => number = () => 0;
  change: (answer: AskAnswer, question: Ask) => AskAnswer = (answer) => answer;
  asked: Ask[] = [];
  fetched = 0;

  constructor(id: string) {
    this.id = id;
    this.kadId = new Uint8Array(createHash('sha256').update(id).digest());
  }

  get ref(): PeerRef {
    return { id: this.id, kadId: this.kadId, addresses: [], lastSeen: 1, self: false };
  }

  take(seller: SearchSeller, ...cards: SignedRecord<Card>[]): this {
    this.cards.push(...cards);
    if (!this.delegations.includes(seller.delegation.bytes)) this.delegations.push(seller.delegation.bytes);
    return this;
  }

  ask(question: Ask): AskAnswer {
    this.asked.push(question);
    const under = (name: string): SignedRecord<Card>[] => this.cards.filter((card) => isUnder(card, name));
    const held = question.keys.map((name) => under(name).length);
    const all = [...new Set(question.keys.flatMap(under))];
    const hits = all.slice(0, question.limit);
    const answer: AskAnswer = {
      hits: hits.map((card) => [CID.parse(listingOf(card)), this.seqOf(card), 1]),
      cards: hits.slice(0, question.cards).map(({ bytes }) => bytes),
      deltas: this.deltas.map(({ bytes }) => bytes),
      leases: question.cards === 0 ? [] : this.leases,
      delegations: this.delegations,
      documents: this.cards.length,
      held,
      matched: held,
      facets: [],
      bits: question.keys.map((name) => this.bits(name)),
      df: {},
      truncated: all.length > hits.length,
      closer: this.closer(question).map(({ id }) => [id, []]),
      mark: 0,
    };
    return this.change(answer, question);
  }

  fetch(listings: WantedCards) {
    this.fetched++;
    const wanted = new Map(listings.map(([id, seq]) => [id.toString(), seq]));
    const isNewer = (card: SignedRecord<Card>): boolean =>
      this.seqOf(card) > (wanted.get(listingOf(card)) ?? Number.POSITIVE_INFINITY);
    return this.changeCards({
      cards: this.cards.filter(isNewer).map(({ bytes }) => bytes),
      deltas: this.deltas.map(({ bytes }) => bytes),
      leases: [],
      delegations: this.delegations,
      ends: this.ends.filter((end) => wanted.has(endedBy(end))).map(({ bytes }) => bytes),
    });
  }

  private seqOf(card: SignedRecord<Card>): number {
    const of = this.deltas.filter((delta) => delta.payload.card.equals(card.id));
    return Math.max(card.payload.seq, ...of.map((delta) => delta.payload.seq));
  }
}

const facts = new WeakMap<SignedRecord<Card>, { readonly listing: string; readonly keys: ReadonlySet<string> }>();

/** What is computed of a card, once. */
function factsOf(card: SignedRecord<Card>) {
  let known = facts.get(card);
  if (known === undefined) {
    known = { listing: listingIdOfCard(card.payload) ?? '', keys: new Set(cardKeys(card.payload)) };
    facts.set(card, known);
  }
  return known;
}

export function listingOf(card: SignedRecord<Card>): string {
  return factsOf(card).listing;
}

/** The listing that a tombstone ends. */
function endedBy({ payload: { trader, slot } }: SignedRecord<Tombstone>): string {
  return slotId('main', trader, listingSlotOfCard(slot) ?? slot).toString();
}

function isUnder(card: SignedRecord<Card>, name: string): boolean {
  const { key, shard } = readShardKey(name);
  return factsOf(card).keys.has(key) && shardOf(listingOf(card), shard.length) === shard;
}

/** The nodes nearest to a name under one salt, nearest first. */
export function nearestTo(name: string, salt: number, nodes: readonly FakeNode[]): FakeNode[] {
  const { key, shard } = readShardKey(name);
  const { kadId } = placeOf('main', key, salt, shard);
  return [...nodes].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId));
}

export interface Fake {
  readonly search: Search;
  readonly nodes: readonly FakeNode[];
  readonly clock: { now: number };
  readonly refused: string[];
  /** Peers whose answers were not of their form, once for each. */
  readonly misbehaved: string[];
  readonly known: Map<string, PeerRef>;
  readonly lookups: Uint8Array[];
  /** Ids that it learnt of and did not know, in their order. */
  readonly learnt: string[];
  readonly kept: Map<string, number>;
  /** The node has joined, and knows these. */
  join(nodes: readonly FakeNode[]): void;
  find(words: string, input?: Partial<SearchInput>): ReturnType<Search['search']>;
}

export interface FakeOptions {
  /** Those that the reader knows at first. Default: all. */
  readonly known?: readonly FakeNode[];
  /** Whether all nodes there are count as known, as in a small network that was joined. Default true. */
  readonly small?: boolean;
  /** The node has yet to join; `join` ends that. Default false. */
  readonly joining?: boolean;
  readonly deps?: Partial<SearchDeps>;
}

/** A reader among nodes that answer as told to. */
export function createFake(nodes: readonly FakeNode[], options: FakeOptions = {}): Fake {
  ownTime();
  const clock = { now: Date.now() };
  const refused: string[] = [];
  const misbehaved: string[] = [];
  const known = new Map((options.known ?? nodes).map((node) => [node.id, node.ref]));
  const resting = new Set<string>();
  const lookups: Uint8Array[] = [];
  const kept = new Map<string, number>();
  const learnt: string[] = [];
  let joined = options.joining !== true;
  const onReady = new Set<() => void>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const directory: Partial<Network['directory']> = {
    get size() {
      return options.small === false ? 1_000 : known.size;
    },
    get: (id) => known.get(id),
    closest: (kadId, count, { met = false, resting: also = false } = {}) =>
      [...known.values()]
        .filter(({ id, lastSeen }) => (!met || lastSeen > 0) && (also || !resting.has(id)))
        .sort((a, b) => compareDistance(a.kadId, b.kadId, kadId))
        .slice(0, count),
    learn: (refs) => {
      for (const { id } of refs) {
        if (known.has(id)) continue;
        learnt.push(id);
        known.set(id, { ...(byId.get(id)?.ref ?? new FakeNode(id).ref), lastSeen: 0 });
      }
    },
    forget: (ids) => {
      for (const id of ids) if (known.get(id)?.lastSeen === 0) known.delete(id);
    },
  };
  const network: Partial<Network> = {
    peerId: 'reader',
    get ready() {
      return joined;
    },
    on: (event, listener) => {
      if (event === 'ready') onReady.add(listener as () => void);
      return () => onReady.delete(listener as () => void);
    },
    directory: directory as Network['directory'],
    connections: () => [],
    keep: (peer, weight) => void kept.set(peer, weight),
    hurry: () => () => undefined,
    misbehaved: (peer) => void misbehaved.push(peer),
    untilCalm: () => Promise.resolve(),
    lookup: (key) => {
      lookups.push(key);
      return Promise.resolve([]);
    },
    request: async (peer, method, body, { signal, timeout } = {}) => {
      const node = byId.get(peer);
      if (node === undefined || node.state === 'dead') {
        resting.add(peer);
        throw new NiagaError('PEER_UNREACHABLE', 'It is gone.');
      }
      const isSilent = node.state === 'frozen' || (method === CARDS_METHOD && !node.givesCards);
      if (isSilent || node.delay > 0) {
        await new Promise((resolve, reject) => {
          if (!isSilent) setTimeout(resolve, node.delay);
          else if (timeout !== undefined) setTimeout(() => reject(new NiagaError('TIMED_OUT', 'late')), timeout);
          signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true });
        });
      }
      known.set(peer, node.ref);
      if (method === ASK_METHOD) return writeBody(node.ask(readBody(askSchema, body, 'question')));
      if (method === CARDS_METHOD) return writeBody(node.fetch(readBody(cardsSchema, body, 'question').listings));
      throw new NiagaError('PEER_PROTOCOL', method);
    },
  };
  const verify = createBulkVerifier();
  const table = { put: () => ({}), range: async function* () {} };
  const delegations = createDelegationBook({ table: table as never, network: 'main', verify });
  const search = createSearch({
    network: network as Network,
    networkName: 'main',
    index: { statistics: () => ({ documents: 0, df: new Map() }) },
    delegations,
    verify,
    now: () => clock.now,
    logger: pino({ level: 'silent' }),
    onRefused: (code) => refused.push(code),
    ...options.deps,
  });
  return {
    search,
    nodes,
    clock,
    refused,
    misbehaved,
    known,
    lookups,
    learnt,
    kept,
    join: (met) => {
      for (const node of met) known.set(node.id, node.ref);
      joined = true;
      for (const listener of onReady) listener();
    },
    find: (words, input = {}) => search.search({ words: words.split(' '), limit: 20, timeoutMs: 1_000, ...input }),
  };
}

/** `count` nodes that hold the same. */
export function nodesWith(count: number, fill: (node: FakeNode) => unknown = () => undefined): FakeNode[] {
  return Array.from({ length: count }, (_, number) => {
    const node = new FakeNode(`node-${number}`);
    fill(node);
    return node;
  });
}
