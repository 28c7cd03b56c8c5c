import { agreementIn, allowed } from '../../protocol/trade/index.js';
import type { Arbiters } from '../arbiters/index.js';
import type { Logger } from '../logger.js';
import type { TradeBook } from './book.js';

export interface ConsentsDeps {
  readonly book: Pick<TradeBook, 'rows' | 'read'>;
  readonly arbiters: Pick<Arbiters, 'fits' | 'own'>;
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

  constructor(deps: ConsentsDeps) {
    this.#deps = deps;
  }

  /** What a stop has left. */
  load(): void {
    const { arbiters, book } = this.#deps;
    if (arbiters.own() === undefined) return;
    for (const [id, row] of book.rows()) if (!row.ended) this.#waiting.add(id);
  }

  add(trade: string): void {
    this.#waiting.add(trade);
  }

  async run(): Promise<void> {
    if (this.#waiting.size === 0 || this.#deps.mayWrite?.() === false) return;
    for (const id of [...this.#waiting]) {
      try {
        await this.#consentTo(id);
        this.#waiting.delete(id);
      } catch (error) {
        this.#deps.logger.warn({ trade: id, error: String(error) }, 'a contract could not be consented to by itself');
      }
    }
  }

  async #consentTo(id: string): Promise<void> {
    const { arbiters, book, check, consent } = this.#deps;
    const trade = await book.read(id);
    const terms = trade === undefined ? undefined : agreementIn(trade.state.contract)?.terms;
    if (trade?.role !== 'arbiter' || terms === undefined || !arbiters.fits(terms)) return;
    if (!allowed(trade.state, 'arbiter').includes('consent')) return;
    await check?.(id);
    await consent(id);
  }
}
