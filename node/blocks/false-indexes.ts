import type { Card, Delta, Listing } from '../../protocol/catalog/card.js';
import { listingIdOfCard } from '../../protocol/catalog/make-card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { traderToText } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import type { SignedRecord, Verify } from '../../protocol/record.js';
import { proofOf, readFalseIndex, writeFalseIndex } from '../../protocol/search/false-index.js';
import type { EvidenceItemView } from '../api/rows/evidence.js';
import { createMutex } from '../concurrency.js';
import type { Events } from '../events/index.js';
import type { Logger } from '../logger.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';

/** Proofs kept: about 2 KiB each, and one node opens few listings. The oldest finding goes first. */
const MAX_PROOFS = 500;
/** Of one seller: ten prove as much as five hundred, and a seller who floods this node with false cards pushes out no other's. */
const MAX_OF_SELLER = 10;

interface Row {
  /** Seq of the card: a later one is another card, and may be honest. */
  readonly seq: number;
  readonly seller: string;
  readonly version: string;
  readonly title: string;
  readonly terms: readonly string[];
  /** When it was found, milliseconds UTC. */
  readonly found: number;
  /** Somebody at this node opened it, and was told: strangers cannot have it forgotten by others that nobody looked at. */
  readonly opened: boolean;
}

/** A listing that was opened by its card. */
interface Opened {
  readonly card: SignedRecord<Card>;
  /** Where there is one, it names the listing's version. */
  readonly delta?: SignedRecord<Delta> | undefined;
  readonly listing: SignedRecord<Listing>;
  readonly delegations: readonly SignedRecord<Delegation>[];
  /** Nobody at this node opened it, it is kept for others: a proof, but no event. Default false. */
  readonly forOthers?: boolean | undefined;
}

/** Proofs that sellers signed cards which are not of their listings: found by opening listings, kept as evidence. */
export interface FalseIndexes {
  start(): Promise<void>;
  /**
   * To be told of a card and the listing that it (or its delta) names, when that was opened: where the card's index is not the
   * listing's, they are kept as proof. `delegations` are those that they name. Never throws for what strangers sent.
   */
  found(opened: Opened): Promise<void>;
  /** Whether a listing's card of that seq, or an earlier one, is known to be false. */
  isFalse(listing: string, seq: number): boolean;
  /** What was found, the newest first. @throws NiagaError USAGE for an `after` that is not there */
  list(page: { limit: number; after?: string | undefined }): EvidenceItemView[];
  /** The proof as a file (protocol/search/false-index.ts). @throws NiagaError EVIDENCE_NOT_FOUND */
  export(listing: string): Promise<Uint8Array>;
}

export interface FalseIndexesDeps {
  readonly store: Store;
  readonly networkName: string;
  readonly verify: Verify;
  readonly events: Pick<Events, 'stage'>;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each card found false, so that what is kept of it goes. */
  readonly onFound?: ((listing: string) => void) | undefined;
}

export function createFalseIndexes(deps: FalseIndexesDeps): FalseIndexes {
  return new FalseIndexStore(deps);
}

class FalseIndexStore implements FalseIndexes {
  readonly #deps: FalseIndexesDeps;
  readonly #rows: Table<Row>;
  readonly #proofs: Table<Uint8Array>;
  /** By the listing's id, in the order in which they were found. */
  readonly #known = new Map<string, Row>();
  readonly #lock = createMutex();

  constructor(deps: FalseIndexesDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('false-indexes', cborCodec<Row>());
    this.#proofs = deps.store.table('false-index-proofs', rawCodec);
  }

  async start(): Promise<void> {
    const rows: [string, Row][] = [];
    for await (const entry of this.#rows.range()) rows.push(entry);
    this.#known.clear();
    for (const [listing, row] of rows.sort(([, a], [, b]) => a.found - b.found)) this.#known.set(listing, row);
  }

  async found(opened: Opened): Promise<void> {
    try {
      await this.#lock(() => this.#keep(opened));
    } catch (error) {
      // A proof that others could not check is none.
      if (!isNiagaError(error)) throw error;
      this.#deps.logger.debug({ code: error.code }, 'what seemed a false index is not proved');
    }
  }

  isFalse(listing: string, seq: number): boolean {
    const row = this.#known.size === 0 ? undefined : this.#known.get(listing);
    return row !== undefined && seq <= row.seq;
  }

  list({ limit, after }: { limit: number; after?: string | undefined }): EvidenceItemView[] {
    if (after !== undefined && !this.#known.has(after))
      throw new NiagaError('USAGE', 'There is no such evidence to go on after.', { where: 'after' });
    const newest = [...this.#known].reverse();
    const start = after === undefined ? 0 : newest.findIndex(([listing]) => listing === after) + 1;
    return newest.slice(start, start + limit).map(([listing, { seller, version, title, terms, found }]) => ({
      listing,
      version,
      seller,
      title,
      terms: [...terms],
      found,
    }));
  }

  async export(listing: string): Promise<Uint8Array> {
    const bytes = await this.#proofs.get(listing);
    if (bytes !== undefined) return bytes;
    throw new NiagaError('EVIDENCE_NOT_FOUND', 'There is no evidence about that listing here.', {
      next: 'See what there is with: niaga evidence list',
    });
  }

  async #keep({ card, delta, listing, delegations, forOthers = false }: Opened): Promise<void> {
    const { networkName, verify, now, onFound } = this.#deps;
    const id = listingIdOfCard(card.payload);
    if (id === undefined) return;
    const known = this.#known.get(id);
    if (known !== undefined && card.payload.seq <= known.seq) {
      if (!forOthers && !known.opened) await this.#write(id, { ...known, opened: true });
      return;
    }
    if (proofOf(card, listing, delta) === undefined) return;
    const named = new Set([card, delta, listing].map((record) => String(record?.delegation)));
    const bytes = writeFalseIndex({
      network: networkName,
      card: card.bytes,
      delta: delta?.bytes,
      listing: listing.bytes,
      delegations: [...new Map(delegations.map((each) => [each.id.toString(), each]))].flatMap(
        ([name, { bytes: own }]) => (named.has(name) ? [own] : []),
      ),
    });
    // As others will read it.
    const { terms } = readFalseIndex(bytes, { verify });
    const row: Row = {
      seq: card.payload.seq,
      seller: traderToText(card.payload.trader),
      version: listing.id.toString(),
      title: listing.payload.item.title,
      terms,
      found: now(),
      opened: !forOthers,
    };
    const gone = known === undefined ? this.#leaving(row) : [];
    if (gone === undefined) return;
    await this.#write(id, row, {
      writes: [this.#proofs.put(id, bytes), ...gone.flatMap((one) => [this.#rows.del(one), this.#proofs.del(one)])],
      gone,
    });
    onFound?.(id);
  }

  /** What is forgotten for one more: what nobody here opened first, then the oldest. Undefined where there is only better. */
  #leaving({ seller, opened }: Row): string[] | undefined {
    const ofSeller = [...this.#known].filter(([, row]) => row.seller === seller);
    const pool = ofSeller.length >= MAX_OF_SELLER ? ofSeller : this.#known.size >= MAX_PROOFS ? [...this.#known] : [];
    const first = pool.find(([, row]) => !row.opened) ?? (opened ? pool[0] : undefined);
    if (first !== undefined) return [first[0]];
    return pool.length === 0 ? [] : undefined;
  }

  /** Writes a finding down; with what tells of it, where somebody here opened it. */
  async #write(
    id: string,
    row: Row,
    { writes, gone }: { readonly writes: readonly Write[]; readonly gone: readonly string[] } = {
      writes: [],
      gone: [],
    },
  ): Promise<void> {
    const { seller, title, terms, opened } = row;
    const event = { type: 'false-index', data: { listing: id, seller, title, terms: [...terms] } } as const;
    const staged = this.#deps.events.stage(opened ? [event] : []);
    await this.#deps.store.write([this.#rows.put(id, row), ...writes, ...staged.writes]);
    for (const one of [...gone, id]) this.#known.delete(one);
    this.#known.set(id, row);
    staged.tell();
  }
}
