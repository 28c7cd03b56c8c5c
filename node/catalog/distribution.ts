import { isNiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import type { Card, Delta, Tombstone } from '../../protocol/catalog/card.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import type { Identity } from '../identity/index.js';
import type { Outlet, Placed, Placement, Posting } from '../index/index.js';
import type { Logger } from '../logger.js';
import type { OwnCards } from './own-cards.js';
import type { Placing, Placings } from './placings.js';
import type { Row, Rows } from './rows.js';

/** Own cards are signed anew over newer ones that the network holds so often in a row; more would be a node's game. */
const MAX_OVERTAKES = 3;

export interface DistributionDeps {
  readonly identity: Identity;
  readonly verify: Verify;
  readonly rows: Rows;
  readonly cards: OwnCards;
  readonly placings: Placings;
  readonly outlet: Outlet;
  /** Signs what stands in the slot now with a higher seq than this. */
  readonly overtake: (slot: string, seq: number) => Promise<void>;
  readonly logger: Logger;
}

export interface PlaceOptions {
  /** What is to be brought out, where it need not be read. */
  readonly posting?: Posting | undefined;
  /** The nodes that it must be brought to: all others hold it. */
  readonly lacking?: ReadonlySet<string> | undefined;
}

/** A slot on its way. Neither promise is ever rejected. */
interface UnderWay {
  readonly seq: number;
  /** It has its quorum or cannot have it now. */
  readonly settled: Promise<void>;
  /** Every node that should hold it has answered or failed. */
  readonly done: Promise<void>;
}

const NOTHING = { settled: Promise.resolve(), done: Promise.resolve() };

/** Brings own cards out and keeps account of how widely they are held. */
export class Distribution {
  readonly #deps: DistributionDeps;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #overtakes = new Map<string, number>();
  readonly #overtaking = new Map<string, Promise<void>>();

  constructor(deps: DistributionDeps) {
    this.#deps = deps;
  }

  /** How widely the newest record of a slot is held. */
  of(slot: string, row: Row): Placing {
    return this.#deps.placings.of(slot, row.cardSeq);
  }

  /** Brings the newest record of a slot out. */
  place(slot: string, options: PlaceOptions = {}): Pick<UnderWay, 'settled' | 'done'> {
    const row = this.#deps.rows.get(slot);
    if (row === undefined) return NOTHING;
    const before = this.#underWay.get(slot);
    if (before?.seq === row.cardSeq && options.lacking === undefined && options.posting === undefined) return before;
    const posted = this.#post(slot, row, options);
    const entry = {
      seq: row.cardSeq,
      settled: posted.then(async (placement) => placement && this.#settled(slot, row.cardSeq, await placement.settled)),
      done: posted.then(async (placement) => placement && this.#done(slot, row.cardSeq, await placement.done)),
    };
    this.#underWay.set(slot, entry);
    return entry;
  }

  async #post(slot: string, row: Row, { posting, lacking }: PlaceOptions): Promise<Placement | undefined> {
    const { cards, placings, outlet, rows, logger } = this.#deps;
    const seq = row.cardSeq;
    try {
      const isKnown =
        lacking === undefined && row.base !== undefined && row.base < seq && placings.isKnown(slot, row.base);
      const out = posting ?? (await cards.posting(slot, isKnown));
      // A newer record came up meanwhile, and is on its way itself.
      if (out !== undefined && rows.get(slot)?.cardSeq === seq) return outlet.post(out, lacking);
    } catch (error) {
      logger.warn({ slot, error: String(error) }, 'an own card could not be read');
    }
    this.#forget(slot, seq);
    return undefined;
  }

  async #settled(slot: string, seq: number, placed: Placed): Promise<void> {
    const { rows, placings } = this.#deps;
    const { replicas, quorum } = placed;
    if (rows.get(slot)?.cardSeq === seq && !placings.of(slot, seq).whole)
      placings.note(slot, { seq, replicas, quorum, whole: false });
    // Nodes that hold something newer of this slot will not take this one, however long they are asked.
    if (!quorum && placed.refused.includes('LISTING_CHANGED')) await this.#overtake(slot, seq, placed.newer);
  }

  async #done(slot: string, seq: number, placed: Placed): Promise<void> {
    this.#forget(slot, seq);
    if (this.#deps.rows.get(slot)?.cardSeq !== seq) return;
    const { replicas, quorum, whole } = placed;
    this.#deps.placings.keep(slot, { seq, replicas, quorum, whole });
    if (placed.refused.includes('LISTING_CHANGED')) await this.#overtake(slot, seq, placed.newer);
    else this.#overtakes.delete(slot);
    const others = placed.refused.filter((code) => code !== 'LISTING_CHANGED');
    if (others.length > 0) this.#deps.logger.debug({ slot, refused: others }, 'nodes refused an own card');
  }

  #forget(slot: string, seq: number): void {
    if (this.#underWay.get(slot)?.seq === seq) this.#underWay.delete(slot);
  }

  /** Where the network holds a newer record of an own slot, as after a home was restored from a backup, goes on from there. */
  #overtake(slot: string, seq: number, newer: readonly Uint8Array[]): Promise<void> {
    const running =
      this.#overtaking.get(slot) ?? this.#signAnew(slot, seq, newer).finally(() => this.#overtaking.delete(slot));
    this.#overtaking.set(slot, running);
    return running;
  }

  async #signAnew(slot: string, seq: number, newer: readonly Uint8Array[]): Promise<void> {
    const { rows, overtake, logger } = this.#deps;
    const times = this.#overtakes.get(slot) ?? 0;
    const row = rows.get(slot);
    if (row?.cardSeq !== seq) return;
    const found = Math.max(0, ...newer.map((bytes) => this.#seqOf(slot, row, bytes)));
    if (found < seq || times >= MAX_OVERTAKES) {
      logger.warn({ slot }, 'nodes say that they hold a newer card of an own listing, and do not show it');
      return;
    }
    this.#overtakes.set(slot, times + 1);
    logger.warn({ slot, seq, found }, 'the network holds a newer card of an own listing: it is signed anew');
    try {
      await overtake(slot, found);
      await this.place(slot).settled;
    } catch (error) {
      logger.warn({ slot, error: String(error) }, 'an own card could not be signed anew');
    }
  }

  /** The seq of a record of this slot that this trader signed and that is not the one that stands here; 0 for anything else. */
  #seqOf(slot: string, row: Row, bytes: Uint8Array): number {
    const { identity, verify } = this.#deps;
    try {
      const { id, payload } = openRecord(bytes, {
        network: identity.network,
        kinds: ['card', 'delta', 'tombstone'],
        delegation: (id) => identity.delegationOf(id),
        verify,
      });
      const own = equalBytes(payload.trader, identity.trader) && payload.slot === slot.replace(/^listing\//, 'card/');
      return own && !this.#stands({ id, payload }, row) ? payload.seq : 0;
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      return 0;
    }
  }

  /** Whether it is what stands in the slot: a node that says it back holds nothing newer. */
  #stands({ id, payload }: Pick<SlotRecord, 'id' | 'payload'>, { cardSeq, removed, head }: Row): boolean {
    if (payload.seq !== cardSeq) return false;
    if (removed) return payload.kind === 'tombstone' && equalBytes(payload.device, this.#deps.identity.device);
    return head !== undefined && equalBytes(id.multihash.digest, head);
  }
}

type SlotRecord = SignedRecord<Card | Delta | Tombstone>;
