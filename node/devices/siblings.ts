import type { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { equalBytes, parseId } from '../../protocol/ids.js';
import type { Logger } from '../logger.js';
import { traderAsking } from './asker.js';
import type { Devices } from './index.js';
import type { ListedTrade, LogExchange, LogExchangeDeps } from './log-exchange.js';
import { CHANGED_METHOD, changedSchema, LIST_LENGTH } from './log-wire.js';
import type { RowCopies } from './row-copies.js';
import type { Trades } from '../trades/index.js';
import { readBody, writeBody } from '../network/bodies.js';

const TELL_TIMEOUT = 2_000;
/** Whoever is to write from now on reads all that it lacks first. */
const READ_TIMEOUT = 60_000;
/** Changes come in groups. */
const DELAY = 200;
/** Without a word of a change all is compared this often, and a device that is not connected is looked for. */
const ROUND = 5 * 60 * 1000;
/** Refusals that have to do with the other device and not with what is asked for. */
const OF_PEER: ReadonlySet<string> = new Set<ErrorCode>(['PEER_UNREACHABLE', 'TIMED_OUT', 'RATE_LIMITED']);

export interface SiblingsDeps extends LogExchangeDeps {
  readonly trades: LogExchangeDeps['trades'] & Pick<Trades, 'onChange'>;
  readonly devices: Pick<Devices, 'siblings' | 'writer' | 'mayWrite' | 'onChange' | 'learnFrom'>;
  readonly logger: Logger;
}

/** Keeps all devices of this trader alike: each reads the logs of the others, and the catalogue of the one that writes. */
export class Siblings {
  readonly #deps: SiblingsDeps;
  readonly #logs: LogExchange;
  readonly #rows: RowCopies;
  #stopping = new AbortController();
  #ends: (() => void)[] = [];
  /** Trades that changed since the other devices were told. */
  #changed = new Set<string>();
  /** Trades that are to be read of a device because it named them; undefined: all of every device. */
  #wanted: Map<string, Set<string>> | undefined = new Map();
  #telling: NodeJS.Timeout | undefined;
  #reading: NodeJS.Timeout | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #serving = false;

  constructor(deps: SiblingsDeps, logs: LogExchange, rows: RowCopies) {
    this.#deps = deps;
    this.#logs = logs;
    this.#rows = rows;
  }

  start(): void {
    this.#stopping = new AbortController();
    const { network, trades, devices } = this.#deps;
    this.#serve();
    const read = (): void => this.#readSoon();
    const timer = setInterval(read, ROUND).unref();
    this.#ends = [
      trades.onChange(({ trade }) => this.#tellSoon(trade)),
      devices.onChange(() => {
        this.#tellSoon();
        read();
      }),
      network.on('peer:connect', (peer) => {
        if (devices.siblings().includes(peer)) read();
      }),
      network.on('ready', read),
      () => clearInterval(timer),
      () => clearTimeout(this.#telling),
      () => clearTimeout(this.#reading),
    ];
    read();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#work;
  }

  /**
   * Reads what the other devices have, and the catalogue of the one that writes. Those that are away are left out.
   * @param wanted by device, the trades that it named. Default: all of every device
   */
  async read(wanted?: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const { devices, logger } = this.#deps;
    const { signal } = this.#stopping;
    for (const peer of devices.siblings()) {
      const named = wanted?.get(peer);
      if (wanted !== undefined && named === undefined) continue;
      try {
        await this.#readFrom(peer, named);
      } catch (error) {
        if (signal.aborted) return;
        if (!isNiagaError(error)) throw error;
        logger.debug({ peer, code: error.code, error: error.message }, 'another device of this trader was not read');
      }
    }
  }

  /**
   * Resolves when another device has read all that is here.
   * @throws NiagaError PEER_UNREACHABLE, and as what it could not read
   */
  async readBy(peer: string): Promise<void> {
    const { network, identity } = this.#deps;
    const body = writeBody({ delegation: identity.delegation.bytes, wait: true });
    await network.request(peer, CHANGED_METHOD, body, { timeout: READ_TIMEOUT, signal: this.#stopping.signal });
  }

  /**
   * A trade that cannot be read keeps neither the others nor the catalogue from coming.
   * @param named the trades to read. Default: all that are further on there
   * @throws NiagaError afterwards, as the first of what could not be read
   */
  async #readFrom(peer: string, named?: ReadonlySet<string>): Promise<void> {
    const { devices, logger } = this.#deps;
    const { signal } = this.#stopping;
    let failed: NiagaError | undefined;
    // First of all: what comes then may be signed under delegations that are not known here.
    await devices.learnFrom(peer, signal);
    for await (const { trade, heads } of named === undefined ? this.#logs.list(peer, signal) : byName(named)) {
      try {
        await this.#readTrade(peer, trade, heads);
      } catch (error) {
        if (signal.aborted || !isNiagaError(error) || OF_PEER.has(error.code)) throw error;
        logger.debug({ peer, trade: trade.toString(), code: error.code, error: error.message }, 'a trade was not read');
        failed ??= error;
      }
    }
    if (!devices.mayWrite) await this.#rows.pull(peer, signal);
    if (failed !== undefined) throw failed;
  }

  async #readTrade(peer: string, trade: CID, heads: readonly CID[] | undefined): Promise<void> {
    const { devices, trades } = this.#deps;
    const { signal } = this.#stopping;
    if (heads === undefined || !(await trades.has(trade.toString(), heads)))
      await this.#logs.pull(peer, trade, { signal, judged: devices.writer === peer });
  }

  /** The catalogue or a trade changed here. */
  changed(): void {
    this.#tellSoon();
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    this.#deps.network.handle(CHANGED_METHOD, async (body, { peer }) => {
      const { delegation, trades, wait = false } = readBody(changedSchema, body, CHANGED_METHOD);
      const asker = traderAsking(delegation, peer, this.#deps);
      if (!equalBytes(asker, this.#deps.identity.trader))
        throw new NiagaError('PEER_REFUSED', 'Only another device of this trader says that something changed.');
      if (wait) {
        const reading = this.#work.then(() => this.#readFrom(peer));
        this.#work = reading.catch(() => undefined);
        await reading;
      } else this.#readSoon(trades === undefined ? undefined : { peer, trades });
      return writeBody({});
    });
  }

  #readSoon(named?: { readonly peer: string; readonly trades: readonly CID[] }): void {
    if (named === undefined) this.#wanted = undefined;
    else this.#wanted?.set(named.peer, new Set([...(this.#wanted.get(named.peer) ?? []), ...named.trades.map(String)]));
    this.#reading ??= setTimeout(() => {
      this.#reading = undefined;
      const wanted = this.#wanted;
      this.#wanted = new Map();
      if (this.#deps.devices.siblings().length === 0) return;
      this.#work = this.#work
        .then(() => this.read(wanted))
        .catch((error: unknown) => {
          this.#deps.logger.warn({ error: String(error) }, 'the other devices of this trader could not be read');
        });
    }, DELAY).unref();
  }

  /** @param trade that changed; none: something else did */
  #tellSoon(trade?: string): void {
    if (this.#deps.devices.siblings().length === 0) return;
    if (trade !== undefined) this.#changed.add(trade);
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const { network, identity, devices } = this.#deps;
      const trades = [...this.#changed].map((id) => parseId(id));
      this.#changed.clear();
      // Of more than are named at once all are compared.
      const named = trades.length > LIST_LENGTH ? {} : { trades };
      const body = writeBody({ delegation: identity.delegation.bytes, ...named });
      for (const peer of devices.siblings())
        network
          .request(peer, CHANGED_METHOD, body, { timeout: TELL_TIMEOUT, signal: this.#stopping.signal })
          .catch(() => undefined);
    }, DELAY).unref();
  }
}

/** Trades as in a list, without saying how far the other device is. */
function* byName(ids: Iterable<string>): Generator<Pick<ListedTrade, 'trade'> & Partial<Pick<ListedTrade, 'heads'>>> {
  for (const id of ids) yield { trade: parseId(id) };
}
