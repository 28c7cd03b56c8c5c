import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes } from '../../protocol/ids.js';
import {
  deadlinesOf,
  roleOf,
  stateOf,
  WORDS,
  type Role,
  type TradeState,
  type Word,
} from '../../protocol/trade/index.js';
import type { Identity } from '../identity/index.js';
import { createKeyedMutex } from '../concurrency.js';
import { unlessDamaged } from '../listed.js';
import type { Write } from '../store/index.js';
import { arbiterOf } from './cases.js';
import type { Journal, MessageRecord, TradeRow } from './journal.js';

/** Logs kept open in memory; a log is read again from disk in milliseconds. */
const OPEN_LOGS = 200;
/** The shortest beginning of an id that may stand for it. */
const SHORTEST_ID = 8;

/** One trade in memory: its state, and the signed records behind it. */
export interface OpenTrade {
  readonly id: string;
  state: TradeState;
  readonly records: Map<string, MessageRecord>;
  readonly role: Role;
  row: TradeRow;
}

/** Words of a trade in which nothing is agreed yet. */
const NEGOTIATED: ReadonlySet<string> = new Set(['offered', 'countered', 'unconfirmed'] satisfies Word[]);

/** Whether an offer waits for its answer. */
export function isNegotiated({ word }: Pick<TradeRow, 'word'>): boolean {
  return NEGOTIATED.has(word);
}

/** All trades: the rows in memory, and logs as far as they are needed. */
export class TradeBook {
  readonly #journal: Journal;
  readonly #identity: Identity;
  readonly #rows = new Map<string, TradeRow>();
  readonly #open = new Map<string, OpenTrade>();
  readonly #lock = createKeyedMutex();

  constructor(journal: Journal, identity: Identity) {
    this.#journal = journal;
    this.#identity = identity;
  }

  async load(): Promise<void> {
    this.#rows.clear();
    this.#open.clear();
    for await (const [trade, row] of this.#journal.rows()) this.#rows.set(trade, row);
    for (const [id, row] of [...this.#rows]) if (row.heads === undefined) await this.#complete(id, row);
  }

  /** A row of an earlier version gets what its log says; one whose log is damaged stays without. */
  async #complete(id: string, row: TradeRow): Promise<void> {
    const trade = await unlessDamaged(this.read(id));
    if (trade === undefined) return;
    trade.row = { ...row, ...standOf(trade.state, trade.role) };
    this.#rows.set(id, trade.row);
    await this.#journal.completeRow(id, trade.row);
  }

  rows(): ReadonlyMap<string, TradeRow> {
    return this.#rows;
  }

  /** The trade that an id, or its beginning, names. @throws NiagaError TRADE_NOT_FOUND, ID_AMBIGUOUS */
  resolve(id: string): string {
    if (this.#rows.has(id)) return id;
    const fitting = id.length < SHORTEST_ID ? [] : [...this.#rows.keys()].filter((key) => key.startsWith(id));
    if (fitting.length === 1 && fitting[0] !== undefined) return fitting[0];
    if (fitting.length > 1) {
      throw new NiagaError('ID_AMBIGUOUS', `${fitting.length} trades begin with ${id}.`, {
        next: 'Give more of the id; see niaga trade list',
      });
    }
    throw new NiagaError('TRADE_NOT_FOUND', `There is no trade ${id.slice(0, 64)} here.`, {
      next: 'See your trades with: niaga trade list',
    });
  }

  /** Runs alone on a trade: its log is read, judged and written by one task at a time. */
  locked<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.#lock(id, task);
  }

  /** The trade as it stands between two changes, for whoever only looks. */
  async read(id: string): Promise<OpenTrade | undefined> {
    return this.#open.get(id) ?? this.locked(id, () => this.get(id));
  }

  /** The trade with this exact id, read from disk where it is not in memory; inside of {@link TradeBook.locked}. */
  async get(id: string): Promise<OpenTrade | undefined> {
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const records = new Map<string, MessageRecord>();
    for await (const record of this.#journal.messages(id)) records.set(record.id.toString(), record);
    const { state } = stateOf(records.values());
    const role = state === undefined ? undefined : roleOf(state, this.#identity.trader);
    if (state === undefined || role === undefined || state.size !== row.messages) {
      // Going on with a log that lacks own messages would make an honest owner sign a fork.
      throw new NiagaError('RECORD_CORRUPT', `The log of the trade ${id} cannot be read from this disk.`, {
        next: 'Restore the home from a backup.',
      });
    }
    return this.#keep({ id, state, records, role, row });
  }

  /**
   * Takes up a message that was applied: gives the writes that make it last. Call {@link TradeBook.commit} with the same
   * trade once they are on disk.
   */
  admit(
    before: OpenTrade | undefined,
    record: MessageRecord,
    state: TradeState,
    role: Role,
    now: number,
    peer?: string,
  ): { trade: OpenTrade; writes: Write[] } {
    return this.adopt(before, [record], state, role, now, peer);
  }

  /** The same for several messages, each after those that it names; `state` has them all. */
  adopt(
    before: OpenTrade | undefined,
    added: readonly MessageRecord[],
    state: TradeState,
    role: Role,
    now: number,
    peer?: string,
  ): { trade: OpenTrade; writes: Write[] } {
    const id = state.trade.toString();
    const counterparty = state.parties[role === 'buyer' ? 'seller' : 'buyer'];
    const theirs = added.findLast(({ payload }) => equalBytes(payload.trader, counterparty));
    const row: TradeRow = {
      counterparty,
      ...othersIn(state, role),
      peer: theirs === undefined ? (before?.row.peer ?? peer ?? '') : deviceToPeerId(theirs.payload.device),
      created: before?.row.created ?? now,
      updated: now,
      messages: state.size,
      word: state.word,
      ended: WORDS[state.word].phase === 'final',
      ...deadlineOf(state),
      ...standOf(state, role),
    };
    const records = new Map(before?.records ?? []);
    const writes: Write[] = [];
    for (const record of added) {
      records.set(record.id.toString(), record);
      writes.push(this.#journal.putMessage(id, records.size, record));
    }
    writes.push(this.#journal.putRow(id, row));
    return { trade: { id, state, records, role, row }, writes };
  }

  commit(trade: OpenTrade): void {
    this.#rows.set(trade.id, trade.row);
    this.#keep(trade);
  }

  #keep(trade: OpenTrade): OpenTrade {
    this.#open.delete(trade.id);
    this.#open.set(trade.id, trade);
    const oldest = this.#open.size > OPEN_LOGS ? this.#open.keys().next().value : undefined;
    if (oldest !== undefined) this.#open.delete(oldest);
    return trade;
  }
}

function othersIn(state: TradeState, role: Role): { others?: readonly Uint8Array[] } {
  if (role === 'arbiter') return { others: [state.parties.seller] };
  const arbiter = arbiterOf(state);
  return arbiter === undefined ? {} : { others: [arbiter] };
}

function standOf({ log }: TradeState, role: Role): Required<Pick<TradeRow, 'role' | 'heads'>> {
  return { role, heads: log.heads.map(({ message }) => message.id) };
}

function deadlineOf(state: TradeState): { deadline?: number } {
  const first = deadlinesOf(state)[0];
  return first === undefined ? {} : { deadline: first.at };
}
