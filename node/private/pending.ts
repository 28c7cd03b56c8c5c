import type { FileRef } from '../../protocol/chat/file-part.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import { checkOpens, commitmentsOf, roleOf, type Committed, type TradeState } from '../../protocol/trade/index.js';
import { hex } from '../bytes.js';
import type { Hold } from '../files/index.js';
import { unlessDamaged } from '../listed.js';
import type { Write } from '../store/index.js';
import type { TradeLog } from '../trades/index.js';
import type { PrivateDeps } from './index.js';
import { whose, type PendingRow, type PrivateRow, type PrivateTable } from './table.js';

interface Waiting {
  readonly trade: string;
  readonly commitment: string;
}

/**
 * Files of others that are said to be values: whether they are shows when all parts are here. Until then they take up this disk, so
 * only who may have them may name one, and one only.
 */
export class PendingFiles {
  readonly #deps: PrivateDeps;
  readonly #table: PrivateTable;
  /** What waits for a file, by its sender and the file's id. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(deps: PrivateDeps, table: PrivateTable) {
    this.#deps = deps;
    this.#table = table;
  }

  /** Reads what waits, and tells which files that are: some may have come whole before the last stop. */
  async load(): Promise<{ from: Uint8Array; file: string }[]> {
    this.#waiting.clear();
    const files: { from: Uint8Array; file: string }[] = [];
    for await (const [key, { file }] of this.#table.allPending()) {
      const [trade = '', commitment = '', from = ''] = key.split('/');
      const cid = file.cid.toString();
      this.#note(from, cid, { trade, commitment });
      files.push({ from: parseTrader(from), file: cid });
    }
    return files;
  }

  /**
   * Writes that make a file wait; then `noted()`. Undefined where it waits already.
   * @throws NiagaError TRADE_ROLE, TRADER_BLOCKED, TRADE_STATE while there is no contract, PRIVATE_MISMATCH for a second file,
   *   RATE_LIMITED
   */
  async add(
    log: TradeLog,
    committed: Committed,
    from: Uint8Array,
    { salt, file }: { readonly salt: Uint8Array; readonly file: FileRef },
  ): Promise<{ writes: Write[]; noted: () => void } | undefined> {
    const { files, now } = this.#deps;
    this.#check(log, committed, from);
    const { commitment, what } = committed;
    const name = traderToText(from);
    const before = await this.#table.pending(log.trade, commitment, name);
    if (before?.file.cid.equals(file.cid) === true) return undefined;
    if (before !== undefined)
      throw new NiagaError('PRIVATE_MISMATCH', 'Its sender has named another file for that value.');
    const writes = [
      this.#table.putPending(log.trade, commitment, name, { what, salt, file, at: now() }),
      ...(await files.expect(from, file, holderOf(log.trade.toString(), commitment))),
    ];
    const noted = (): void =>
      this.#note(name, file.cid.toString(), { trade: log.trade.toString(), commitment: hex(commitment) });
    return { writes, noted };
  }

  /** What waits for a file that came whole. */
  waitingFor(from: Uint8Array, file: string): readonly Waiting[] {
    return this.#waiting.get(`${traderToText(from)}/${file}`) ?? [];
  }

  /** The value, where the file that came is what the log commits to, and writes after which it does not wait any more. */
  async settle(
    state: TradeState,
    { trade, commitment }: Waiting,
    from: Uint8Array,
  ): Promise<{ committed: Committed; row: PrivateRow | undefined; writes: Write[] } | undefined> {
    const { files, now, logger } = this.#deps;
    const committed = commitmentsOf(state).find((each) => hex(each.commitment) === commitment);
    const name = traderToText(from);
    const pending = committed && (await this.#table.pending(trade, committed.commitment, name));
    if (committed === undefined || pending === undefined) return undefined;
    const { what, salt, file } = pending;
    let row: PrivateRow | undefined;
    try {
      const value = await files.read(from, file.cid);
      if (value === undefined) return undefined;
      checkOpens(committed.commitment, salt, value);
      row = {
        what,
        ...whose(roleOf(state, this.#deps.identity.trader), committed.by, name),
        at: now(),
        salt,
        value,
        file: { ...file, size: value.length },
      };
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      logger.warn({ trade, code: error.code }, 'a private file is not what the log commits to');
    }
    const done: [string, string][] = [[name, file.cid.toString()]];
    // Its parts stay with the value: mail does not hand them over again where the same file is named elsewhere later.
    const writes = await this.#drop(trade, committed.commitment, done, row !== undefined);
    return { committed, row, writes };
  }

  /** Writes after which nothing waits for a commitment. */
  async forget(trade: string, commitment: Uint8Array): Promise<Write[]> {
    const all = await this.#table.pendingFor(trade, commitment);
    const row = await unlessDamaged(this.#table.row(trade, commitment));
    if (row?.from !== undefined && row.file !== undefined) {
      const { from, file } = row;
      const isPending = all.some(([sender]) => sender === from);
      if (!isPending)
        return [
          ...(await this.#deps.files.drop(parseTrader(from), [{ cid: file.cid, holder: holderOf(trade, commitment) }])),
          ...(await this.#dropAll(trade, commitment, all)),
        ];
    }
    return this.#dropAll(trade, commitment, all);
  }

  #dropAll(trade: string, commitment: Uint8Array, all: readonly [string, PendingRow][]): Promise<Write[]> {
    return this.#drop(
      trade,
      commitment,
      all.map(([from, { file }]) => [from, file.cid.toString()]),
    );
  }

  /** One that waits, as far as it is known. */
  async rowOf(trade: string, commitment: Uint8Array): Promise<PrivateRow | undefined> {
    const [first] = await this.#table.pendingFor(trade, commitment);
    return first === undefined ? undefined : { ...first[1], own: false, from: first[0] };
  }

  #check(log: TradeLog, committed: Committed, from: Uint8Array): void {
    if (this.#deps.blocks.isBlocked(from))
      throw new NiagaError('TRADER_BLOCKED', 'No files of that trader are taken here.');
    // An arbiter is shown by either side what the other wrote, and an own file comes back from whoever was sent it.
    const role = roleOf(log.state, from);
    const isBack = log.role === committed.by && role !== undefined && committed.to.includes(role);
    if (role !== committed.by && log.role !== 'arbiter' && !isBack)
      throw new NiagaError('TRADE_ROLE', 'The file comes from somebody else than whoever committed to it.');
    // Not final: the contract may still be on its way. An offer costs a stranger nothing.
    if (log.state.agreement === undefined)
      throw new NiagaError('TRADE_STATE', 'There is no contract that the file belongs to.');
  }

  async #drop(
    trade: string,
    commitment: Uint8Array,
    all: readonly (readonly [from: string, cid: string])[],
    keepsParts = false,
  ): Promise<Write[]> {
    const writes: Write[] = [];
    for (const [from, cid] of all) {
      const hold: Hold = { cid, holder: holderOf(trade, commitment) };
      writes.push(this.#table.dropPending(trade, commitment, from));
      if (!keepsParts) writes.push(...(await this.#deps.files.drop(parseTrader(from), [hold])));
      const key = `${from}/${cid}`;
      const left = (this.#waiting.get(key) ?? []).filter(
        (each) => each.trade !== trade || each.commitment !== hex(commitment),
      );
      if (left.length === 0) this.#waiting.delete(key);
      else this.#waiting.set(key, left);
    }
    return writes;
  }

  #note(from: string, cid: string, waiting: Waiting): void {
    const key = `${from}/${cid}`;
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), waiting]);
  }
}

function holderOf(trade: string, commitment: Uint8Array): string {
  return `private-${trade}-${hex(commitment)}`;
}
