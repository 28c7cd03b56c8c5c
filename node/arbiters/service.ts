import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseTrader, traderToText } from '../../protocol/ids.js';
import { formatMoney, moneyToJson, parseMoney } from '../../protocol/money.js';
import { compareVersions } from '../../protocol/record.js';
import { arbiterFee, WHOLE_SHARE, type ArbiterOffer, type Terms } from '../../protocol/trade/index.js';
import type { ArbiterView } from '../api/rows/arbiter.js';
import type { TraderRecord } from '../trader-records/index.js';
import type { ArbiterInput, Arbiters, ArbitersDeps, ChosenArbiter } from './index.js';

const KIND = 'arbiter-offer';
/** Hundredths of a per cent in one. */
const PER_CENT = WHOLE_SHARE / 100;

export class ArbiterService implements Arbiters {
  readonly #deps: ArbitersDeps;

  constructor(deps: ArbitersDeps) {
    this.#deps = deps;
  }

  async offer({ fee = [], share, language, terms, close }: ArbiterInput): Promise<ArbiterView> {
    const before = this.#deps.traderRecords.own(KIND)?.payload.item;
    const fees = fee.length === 0 ? before?.fees : fee.map((text) => parseMoney(text, { where: 'fee' }));
    if (fees === undefined) {
      throw new NiagaError('INPUT_MISSING', 'An arbiter says what a ruling costs.', {
        where: 'fee',
        next: 'Name an amount for each currency in which you take contracts: --fee "50000 IDR"',
      });
    }
    const twice = fees.find((one, at) => fees.findIndex(({ currency }) => currency === one.currency) !== at);
    if (twice !== undefined)
      throw new NiagaError('INPUT_INVALID', `There are two fees in ${twice.currency}.`, { where: 'fee' });
    const { record } = await this.#deps.traderRecords.publish(KIND, {
      ...before,
      open: close !== true,
      fees,
      languages: language === undefined || language.length === 0 ? (before?.languages ?? []) : [...language],
      ...(share === undefined ? {} : { share: Math.round(share * PER_CENT) }),
      ...(terms === undefined ? {} : { terms }),
    });
    return this.#view(record);
  }

  async list(traders: readonly string[], signal?: AbortSignal): Promise<ArbiterView[]> {
    const { traderRecords } = this.#deps;
    if (traders.length === 0) {
      const records = await traderRecords.list(KIND, { signal });
      return records.filter((record) => record.payload.item.open || this.#isOwn(record)).map((one) => this.#view(one));
    }
    const found = traders.map((text) => traderRecords.get(parseTrader(text, 'traders'), KIND, { signal }));
    return (await Promise.all(found)).flatMap((record) => (record === undefined ? [] : [this.#view(record)]));
  }

  async choose(text: string, signal?: AbortSignal): Promise<ChosenArbiter> {
    const trader = parseTrader(text, 'arbiter');
    const record = await this.#deps.traderRecords.get(trader, KIND, { signal });
    if (record === undefined) {
      throw new NiagaError('TRADER_NOT_FOUND', 'That trader does not offer to be an arbiter.', {
        where: 'arbiter',
        next: 'See who does with: niaga arbiter list',
      });
    }
    return (total) => {
      const fee = arbiterFee(record.payload.item, total);
      if (fee !== undefined) return { trader, offer: record.id, fee };
      throw new NiagaError('TRADE_TERMS', `That arbiter takes no contracts of ${formatMoney(total)} now.`, {
        where: 'arbiter',
        next: 'See who does with: niaga arbiter list',
      });
    };
  }

  own(): ArbiterOffer['item'] | undefined {
    return this.#deps.traderRecords.own(KIND)?.payload.item;
  }

  async offers(signal?: AbortSignal): Promise<boolean> {
    return this.own() !== undefined || (await this.#newest(signal)) !== undefined;
  }

  async fits({ arbiter, total }: Terms, signal?: AbortSignal): Promise<boolean> {
    if (arbiter === undefined || !equalBytes(arbiter.trader, this.#deps.trader)) return false;
    const record = await this.#newest(signal);
    if (record === undefined) return false;
    const fee = arbiterFee(record.payload.item, total);
    const versions = [record.id, ...this.#deps.traderRecords.earlier(record)];
    return (
      versions.some((id) => arbiter.offer.equals(id)) &&
      fee !== undefined &&
      fee.currency === arbiter.fee.currency &&
      // Who is promised more than it asks for has nothing against it.
      arbiter.fee.amount >= fee.amount
    );
  }

  /** The own offer as it stands: another device that wrote since may have changed it. @throws NiagaError PEER_UNREACHABLE */
  async #newest(signal?: AbortSignal): Promise<TraderRecord<typeof KIND> | undefined> {
    const { traderRecords, hasOthers } = this.#deps;
    const here = traderRecords.own(KIND);
    if (hasOthers?.() !== true) return here;
    try {
      const there = await traderRecords.newest(KIND, signal);
      return here === undefined || (there !== undefined && compareVersions(there, here) > 0) ? there : here;
    } catch (error) {
      if (here !== undefined && isNiagaError(error, 'PEER_UNREACHABLE')) return here;
      throw error;
    }
  }

  #isOwn({ payload }: TraderRecord<typeof KIND>): boolean {
    return equalBytes(payload.trader, this.#deps.trader);
  }

  #view(record: TraderRecord<typeof KIND>): ArbiterView {
    const { trader, created, item } = record.payload;
    return {
      trader: traderToText(trader),
      offer: record.id.toString(),
      open: item.open,
      fees: item.fees.map(moneyToJson),
      ...(item.share === undefined ? {} : { share: item.share / PER_CENT }),
      languages: item.languages,
      ...(item.terms === undefined ? {} : { terms: item.terms }),
      published: created,
      own: this.#isOwn(record),
    };
  }
}
