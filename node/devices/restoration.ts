import { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { CLOCK_SKEW } from '../../protocol/clock.js';
import { openCapsule, type CapsuleContent } from '../../protocol/identity/capsule.js';
import { equalBytes, parseId, parseTrader, traderToText } from '../../protocol/ids.js';
import type { DevicesView } from '../api/rows/identity.js';
import type { Catalog } from '../catalog/index.js';
import { readSecret } from '../identity/key-file.js';
import { eraseKeyFile, readKeyFile, type IdentityHome } from '../identity/key-folder.js';
import type { Network } from '../network/index.js';
import { cborCodec, type Store, type Table } from '../store/index.js';
import { TRADER_RECORD_KINDS, type TraderRecords } from '../trader-records/index.js';
import type { TradeLog, Trades } from '../trades/index.js';
import type { LogExchange } from './log-exchange.js';
import { bringCatalogue, type RestoredCatalogueDeps } from './restored-catalogue.js';
import { learnDevice } from './restored-device.js';

/** Pauses between tries to bring back what could not be had yet; the last goes on. */
const RETRY_DELAYS = [1, 2, 5, 15, 60, 300].map((seconds) => seconds * 1000);
/**
 * Nodes that say that they have nothing may be those that were not brought it, or have just joined: what is not found is looked for
 * again for so long before it counts as never having been there.
 */
const LOOKED_FOR = 24 * 60 * 60 * 1000;

export interface RestorationDeps extends RestoredCatalogueDeps {
  readonly store: Store;
  readonly network: Network;
  readonly home: IdentityHome;
  readonly passphrase?: string | undefined;
  readonly traderRecords: Pick<TraderRecords, 'newest' | 'takeOver'>;
  readonly catalog: Pick<Catalog, 'adopt' | 'count'>;
  readonly trades: Pick<Trades, 'log' | 'has' | 'askFor'>;
  readonly now: () => number;
}

/** What is known of the bringing back, on disk. */
interface Progress {
  readonly since: number;
  readonly profile: boolean;
  readonly catalogue: boolean;
  /** The open trades, by the capsule and by the other sides; undefined: no capsule was looked at yet. */
  readonly trades?: readonly {
    readonly trade: string;
    readonly counterparty: string;
    readonly heads: readonly string[];
  }[];
  /** When that list was made, by its machine's clock. */
  readonly listedAt?: number;
  readonly omitted: number;
  /** Trades of which another side told that the capsule did not have. */
  readonly found: readonly string[];
  /** Trades whose log is as whole as the other side's. */
  readonly compared: readonly string[];
  /** Of these the ones for which the capsule names messages that the other side does not have. */
  readonly lacking?: readonly string[];
}

const KEY = 'progress';

/** Brings a trader back on a new machine: profile, catalogue and open trades, from the network and the other sides. */
export class Restoration {
  readonly #deps: RestorationDeps;
  readonly #logs: LogExchange;
  readonly #table: Table<Progress>;
  #progress: Progress | undefined;
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #ends: (() => void)[] = [];
  #work: Promise<unknown> = Promise.resolve();
  #tries = 0;

  constructor(deps: RestorationDeps, logs: LogExchange) {
    this.#deps = deps;
    this.#logs = logs;
    this.#table = deps.store.table('restore', cborCodec<Progress>());
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const { home, network } = this.#deps;
    const begun = await readKeyFile(home, 'restoring');
    this.#progress = await this.#read();
    if (begun !== undefined && this.#progress === undefined) {
      const nothing = { profile: false, catalogue: false, omitted: 0, found: [], compared: [] };
      await this.#keep({ since: begun.since, ...nothing });
    }
    if (this.#progress === undefined || this.#isDone) return;
    this.#ends = [network.on('ready', () => this.#soon(0)), () => clearTimeout(this.#timer)];
    if (network.ready) this.#soon(0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#work;
  }

  /** What there is to show; undefined on a home that was not restored. */
  view(): DevicesView['restore'] {
    const progress = this.#progress;
    if (progress === undefined) return undefined;
    const { trades = [], compared, listedAt, omitted, found, lacking = [] } = progress;
    const gaps = [
      ...(progress.trades === undefined ? ['the list of open trades was not found yet'] : []),
      ...(omitted > 0 ? [`${omitted} open trades had no room in the list`] : []),
      ...(found.length > 0 ? [`${found.length} open trades were not in the list, which was older than they are`] : []),
      ...(lacking.length > 0
        ? [
            `of ${lacking.length} trades the other side does not have all that this trader had signed: ${lacking.join(', ')}`,
          ]
        : []),
    ];
    return {
      profile: progress.profile,
      listings: this.#deps.catalog.count(),
      trades: compared.length,
      listedAt: listedAt ?? null,
      missing: trades
        .filter(({ trade }) => !compared.includes(trade))
        .map(({ trade, counterparty }) => ({ trade, counterparty })),
      ...(gaps.length === 0 ? {} : { gap: gaps.join('; ') }),
    };
  }

  /** The newest messages of trades that the capsule names and that are not back yet: they stand also if the old device is revoked. */
  get listed(): { readonly trade: CID; readonly last: CID }[] {
    const { trades = [], compared = [] } = this.#progress ?? {};
    return trades
      .filter(({ trade }) => !compared.includes(trade))
      .flatMap(({ trade, heads }) => heads.map((head) => ({ trade: parseId(trade), last: CID.parse(head) })));
  }

  /** Of these the ones that the capsule names itself: what the other side told of is its word alone. */
  get named(): { readonly trade: CID; readonly last: CID }[] {
    return this.listed.filter(({ trade }) => this.#progress?.found.includes(trade.toString()) === false);
  }

  /** Whether what an old device signed is known as far as it will be. */
  get isKnown(): boolean {
    return this.#progress === undefined || this.#progress.trades !== undefined;
  }

  /**
   * A restored trade is only read until its log was compared with the other side's: an own message that is not known here would make
   * the next one a fork.
   * @throws NiagaError RESTORE_PENDING
   */
  async check(trade: string): Promise<void> {
    const progress = this.#progress;
    if (progress === undefined || progress.compared.includes(trade)) return;
    const log = await this.#deps.trades.log(trade);
    if (log === undefined || !this.#isOfBefore(log, progress)) return;
    if (await this.#compare(log.trade, log.counterparty)) return;
    await this.#askToo(log);
    throw new NiagaError(
      'RESTORE_PENDING',
      'This trade was not compared with the other side since this machine was restored: it can be read only.',
      {
        next: 'It goes on by itself when the other side is online, a day later where it lacks messages; see: niaga identity devices',
      },
    );
  }

  /** A trade that no capsule names is looked for as those are: by letters, too, where both sides are never there together. */
  async #askToo({ trade, counterparty }: TradeLog): Promise<void> {
    const { trades } = this.#progress ?? {};
    if (trades === undefined || trades.some((one) => one.trade === trade.toString())) return;
    const added = { trade: trade.toString(), counterparty: traderToText(counterparty), heads: [] };
    await this.#change({ trades: [...trades, added] });
    this.#soon(0);
  }

  /**
   * Whether another machine of this trader may have signed something in a trade that is not in its log here: it did, the capsule names
   * it, or the trade is older than the restoring. An offer that its author sends again tells nothing of what answered it.
   */
  #isOfBefore({ trade, records }: TradeLog, { trades = [], since }: Progress): boolean {
    const { identity } = this.#deps;
    if (trades.some((one) => one.trade === trade.toString())) return true;
    const isOwn = ({ device }: { readonly device: Uint8Array }): boolean => equalBytes(device, identity.device);
    const [offer] = records;
    if (offer !== undefined && !isOwn(offer.payload) && offer.payload.created < since + CLOCK_SKEW) return true;
    return records.some(({ payload }) => equalBytes(payload.trader, identity.trader) && !isOwn(payload));
  }

  get #wasLookedFor(): boolean {
    return this.#progress !== undefined && this.#deps.now() - this.#progress.since > LOOKED_FOR;
  }

  get #isDone(): boolean {
    const progress = this.#progress;
    if (progress === undefined) return true;
    const { profile, catalogue, trades, compared } = progress;
    return profile && catalogue && trades !== undefined && trades.every(({ trade }) => compared.includes(trade));
  }

  #soon(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#work = this.#work.then(() => this.#round());
    }, delay).unref();
  }

  /** Tries everything that is not back yet. */
  async #round(): Promise<void> {
    const { signal } = this.#stopping;
    for (const step of [this.#bringTrades, this.#bringProfile, this.#bringCatalogue, this.#bringLogs]) {
      if (signal.aborted || this.#isDone) break;
      try {
        await step.call(this);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.debug({ error: String(error) }, 'something could not be brought back yet');
      }
    }
    if (signal.aborted || this.#isDone) return;
    this.#soon(RETRY_DELAYS[Math.min(this.#tries++, RETRY_DELAYS.length - 1)] ?? 0);
  }

  /** First of all, since the key that opens the capsule is to go. */
  async #bringTrades(): Promise<void> {
    const { home, passphrase, traderRecords } = this.#deps;
    const stored = await readKeyFile(home, 'restoring');
    if (this.#progress?.trades !== undefined || stored === undefined) return;
    const record = await traderRecords.newest('capsule', this.#stopping.signal);
    if (record === undefined && !this.#wasLookedFor) return;
    let content: Pick<CapsuleContent, 'trades' | 'omitted'> & { as?: number } = { trades: [], omitted: 0 };
    if (record !== undefined)
      content = openCapsule(record.payload.item.sealed, await readSecret(stored.recovery, passphrase));
    await this.#change({
      ...(content.as === undefined ? {} : { listedAt: content.as }),
      omitted: content.omitted,
      trades: content.trades.map(({ trade, counterparty, heads }) => ({
        trade: trade.toString(),
        counterparty: traderToText(counterparty),
        heads: heads.map(String),
      })),
    });
    await eraseKeyFile(home, 'restoring');
    // A lost device can be revoked once it is known.
    if (record !== undefined) await learnDevice(record, this.#deps);
  }

  async #bringProfile(): Promise<void> {
    if (this.#progress?.profile === true) return;
    const [profile] = await this.#deps.traderRecords.takeOver(TRADER_RECORD_KINDS);
    if (profile === true || this.#wasLookedFor) await this.#change({ profile: true });
  }

  async #bringCatalogue(): Promise<void> {
    if (this.#progress?.catalogue === true) return;
    const isWhole = await bringCatalogue(this.#deps, this.#stopping.signal);
    if (isWhole || this.#wasLookedFor) await this.#change({ catalogue: true });
  }

  async #bringLogs(): Promise<void> {
    const { trades = [], compared = [] } = this.#progress ?? {};
    const byTrader = new Map<string, CID[]>();
    for (const { trade, counterparty } of trades) {
      if (compared.includes(trade)) continue;
      byTrader.set(counterparty, [...(byTrader.get(counterparty) ?? []), parseId(trade)]);
    }
    for (const [counterparty, open] of byTrader) {
      const trader = parseTrader(counterparty);
      for (const trade of open) await this.#compare(trade, trader);
      await this.#lookForOthers(trader);
      const left = open.filter((trade) => this.#progress?.compared.includes(trade.toString()) === false);
      // Letters bring it where both are never there together; what they bring is compared once they are.
      if (left.length > 0) await this.#deps.trades.askFor(trader, left);
    }
  }

  /**
   * Takes what the other side has of a trade; whether the log here is now as whole. Where the capsule names more than one of its devices
   * has, the others are asked: one may be behind, or keep something back. What nobody had for long is taken as never delivered.
   */
  async #compare(trade: CID, counterparty: Uint8Array): Promise<boolean> {
    const { devices, logger } = this.#deps;
    const { signal } = this.#stopping;
    try {
      let reached = false;
      for (const peer of await devices.devicesOf(counterparty, signal)) {
        if (!(await this.#pulled(peer, trade))) continue;
        reached = true;
        if (await this.#isWhole(trade)) return await this.#isCompared(trade);
      }
      if (reached && this.#wasLookedFor) {
        const lacking = withOne(this.#progress?.lacking, trade);
        return await this.#isCompared(trade, { lacking });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isNiagaError(error)) throw error;
      logger.debug({ code: error.code }, 'the other side of a trade could not be asked');
    }
    return false;
  }

  async #isCompared(trade: CID, more: Partial<Progress> = {}): Promise<true> {
    await this.#change({ compared: withOne(this.#progress?.compared, trade), ...more });
    return true;
  }

  /** Whether the log has every message that the capsule names. */
  async #isWhole(trade: CID): Promise<boolean> {
    const heads = this.#progress?.trades?.find((one) => one.trade === trade.toString())?.heads ?? [];
    return this.#deps.trades.has(
      trade.toString(),
      heads.map((head) => CID.parse(head)),
    );
  }

  async #pulled(peer: string, trade: CID): Promise<boolean> {
    try {
      return await this.#logs.pull(peer, trade, { signal: this.#stopping.signal });
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.logger.debug({ peer, code: error.code, error: error.message }, 'a log could not be had');
      return false;
    }
  }

  /** The capsule may be older than a trade with the same trader. */
  async #lookForOthers(trader: Uint8Array): Promise<void> {
    const { devices } = this.#deps;
    for (const peer of await devices.devicesOf(trader, this.#stopping.signal)) {
      try {
        for await (const { trade, heads, ended } of this.#logs.list(peer, this.#stopping.signal)) {
          const known = this.#progress?.trades?.some((one) => one.trade === trade.toString());
          if (ended || known !== false) continue;
          const found = { trade: trade.toString(), counterparty: traderToText(trader), heads: heads.map(String) };
          await this.#change({
            trades: [...(this.#progress?.trades ?? []), found],
            found: [...(this.#progress?.found ?? []), found.trade],
          });
          await this.#compare(trade, trader);
        }
        return;
      } catch (error) {
        if (!isNiagaError(error)) throw error;
      }
    }
  }

  /**
   * Going on without it could sign what contradicts a message of before: which trades were compared is nowhere else.
   * @throws NiagaError RECORD_CORRUPT
   */
  async #read(): Promise<Progress | undefined> {
    try {
      return await this.#table.get(KEY);
    } catch (error) {
      if (!isNiagaError(error, 'RECORD_CORRUPT')) throw error;
      throw new NiagaError(
        'RECORD_CORRUPT',
        'How far this home was brought back from the words cannot be read from its disk any more: a step from here could contradict an earlier one.',
        {
          where: `restore/${KEY}`,
          next: 'Put the home back from a backup, or bring the trader back from the words in an empty one: niaga identity restore --home FOLDER',
          cause: error,
        },
      );
    }
  }

  async #change(change: Partial<Progress>): Promise<void> {
    if (this.#progress !== undefined) await this.#keep({ ...this.#progress, ...change });
  }

  async #keep(progress: Progress): Promise<void> {
    this.#progress = progress;
    await this.#deps.store.write([this.#table.put(KEY, progress)]);
  }
}

/** A step and the round may both compare a trade, which is one. */
function withOne(trades: readonly string[] = [], trade: CID): string[] {
  return [...new Set([...trades, trade.toString()])];
}
