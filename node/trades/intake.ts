import { NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import type { Blocks } from '../blocks/index.js';
import type { Catalog } from '../catalog/index.js';
import type { Identity } from '../identity/index.js';
import { isNegotiated, type TradeBook } from './book.js';
import type { MessageRecord } from './journal.js';
import { checkLine } from './terms.js';

/** Unanswered offers of one trader that a seller's node keeps: more is a flood. */
const MAX_OPEN_OF_ONE = 200;
/** Trades that one trader may begin here in a day, whatever became of them, and all traders together. */
const MAX_NEW_OF_ONE = 500;
const MAX_NEW_OF_ALL = 10_000;
const DAY = 24 * 60 * 60 * 1000;

export interface IntakeDeps {
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly blocks: Pick<Blocks, 'isBlocked'>;
  readonly book: TradeBook;
  /** Whether this device has the catalogue as it is now. Default: it does. */
  readonly mayWrite?: (() => boolean) | undefined;
  readonly now: () => number;
}

/** Which trades that others begin are taken. */
export class Intake {
  readonly #deps: IntakeDeps;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /**
   * Whether an offer is for something that is sold here, and not one too many.
   * @throws NiagaError TRADER_BLOCKED, RATE_LIMITED, LISTING_NOT_FOUND, WRITER_OTHER, TRADE_TERMS, STOCK_SHORT
   */
  async checkOffer({ payload }: MessageRecord): Promise<void> {
    if (payload.kind !== 'offer') return;
    const { identity, catalog } = this.#deps;
    this.checkTrader(payload.trader);
    if (!equalBytes(payload.seller, identity.trader)) return;
    for (const line of payload.terms.lines) {
      const listing = await catalog.version(line.listing);
      // Not final where the copy of the catalogue may be older than the listing: the offer comes again.
      if (listing === undefined && this.#deps.mayWrite?.() === false)
        throw new NiagaError('WRITER_OTHER', 'Only the machine that writes for the seller knows that listing.');
      if (listing === undefined)
        throw new NiagaError('LISTING_NOT_FOUND', 'That version of the listing is not known to its seller.');
      checkLine(line, listing);
    }
  }

  /** Whether one more trade is begun here by that trader. @throws NiagaError TRADER_BLOCKED, RATE_LIMITED */
  checkTrader(trader: Uint8Array): void {
    const { blocks, book, now } = this.#deps;
    // Why, and by whose list, is nobody's business but the owner's.
    if (blocks.isBlocked(trader)) throw new NiagaError('TRADER_BLOCKED', 'No offers of that trader are taken here.');
    const since = now() - DAY;
    let [open, begun, all] = [0, 0, 0];
    for (const row of book.rows().values()) {
      const recent = row.created > since;
      if (recent) all++;
      if (!equalBytes(row.counterparty, trader)) continue;
      if (recent) begun++;
      if (isNegotiated(row)) open++;
    }
    if (open >= MAX_OPEN_OF_ONE || begun >= MAX_NEW_OF_ONE || all >= MAX_NEW_OF_ALL) {
      throw new NiagaError('RATE_LIMITED', 'Too many trades were begun here; try again tomorrow.');
    }
  }
}
