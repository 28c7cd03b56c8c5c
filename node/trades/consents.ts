import { agreementIn, allowed } from '../../protocol/trade/index.js';
import type { Arbiters } from '../arbiters/index.js';
import type { Logger } from '../logger.js';
import type { TradeBook } from './book.js';

export interface ConsentsDeps {
  readonly book: Pick<TradeBook, 'rows' | 'read'>;
  readonly arbiters: Pick<Arbiters, 'fits' | 'offers'>;
  readonly mayWrite?: (() => boolean) | undefined;
  /** @throws NiagaError where a trade may not go on yet */
  readonly check?: ((trade: string) => Promise<void>) | undefined;
  readonly consent: (trade: string) => Promise<unknown>;
  readonly logger: Logger;
}

/** Consents as the arbiter to contracts that are as the own offer says; to what is not, a person may still consent. */
export class Consents {
  readonly #deps: ConsentsDeps;
  /** Trades that were not looked at yet, or could not go on when they were. */
  readonly #waiting = new Set<string>();
  #loaded = false;

  constructor(deps: ConsentsDeps) {
    this.#deps = deps;
  }

  /** What a stop has left is looked at in the next run, or once this device writes. */
  load(): void {
    this.#loaded = false;
  }

  add(trade: string): void {
    this.#waiting.add(trade);
  }

  /** @param signal ends looking up; what is left waits for the next run */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#deps.mayWrite?.() === false) return;
    await this.#load(signal);
    for (const id of [...this.#waiting]) {
      if (signal.aborted) return;
      try {
        await this.#consentTo(id, signal);
        this.#waiting.delete(id);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.warn({ trade: id, error: String(error) }, 'a contract could not be consented to by itself');
      }
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    if (this.#loaded) return;
    const { arbiters, book, logger } = this.#deps;
    try {
      if (await arbiters.offers(signal)) for (const [id, row] of book.rows()) if (!row.ended) this.#waiting.add(id);
      this.#loaded = true;
    } catch (error) {
      // Another device has made the offer, and nobody who knows it is there yet.
      logger.debug({ error: String(error) }, 'whether this trader is an arbiter is not known yet');
    }
  }

  async #consentTo(id: string, signal: AbortSignal): Promise<void> {
    const { arbiters, book, check, consent } = this.#deps;
    const trade = await book.read(id);
    const terms = trade === undefined ? undefined : agreementIn(trade.state.contract)?.terms;
    if (trade?.role !== 'arbiter' || terms === undefined) return;
    if (!allowed(trade.state, 'arbiter').includes('consent') || !(await arbiters.fits(terms, signal))) return;
    await check?.(id);
    await consent(id);
  }
}
