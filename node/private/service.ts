import { randomBytes } from 'node:crypto';
import { fileSchema, MAX_FILE_BYTES } from '../../protocol/chat/file-part.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, equalBytes, parseTrader, traderToText } from '../../protocol/ids.js';
import { commit } from '../../protocol/private.js';
import {
  commitmentsOf,
  MAX_INLINE_VALUE,
  readPrivate,
  roleOf,
  writePrivate,
  type Committed,
  type PrivateKind,
  type Role,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { ForgottenView, PrivateView } from '../api/rows/private.js';
import { createBackground } from '../background.js';
import { hex } from '../bytes.js';
import { createKeyedMutex } from '../concurrency.js';
import { unlessDamaged } from '../listed.js';
import type { Incoming, Outgoing } from '../mail/index.js';
import type { Write } from '../store/index.js';
import type { TradeLog } from '../trades/index.js';
import type { NewValue, Opened, PrivateDeps, PrivateValues } from './index.js';
import { PendingFiles } from './pending.js';
import { PrivateTable, whose, type PrivateRow } from './table.js';
import { privateToView } from './view.js';
import { partyOf, Wanted } from './wanted.js';

const DAY = 24 * 60 * 60 * 1000;
const SALT_BYTES = 32;
/** What no step of so long ago committed to will not be committed to any more. */
const PREPARED_FOR = DAY;
/** Refusals of a value that no further try can change. */
const FINAL_CODES: ReadonlySet<string> = new Set(['PRIVATE_MISMATCH', 'TRADE_ROLE']);

export class PrivateService implements PrivateValues {
  readonly #deps: PrivateDeps;
  readonly #table: PrivateTable;
  readonly #pending: PendingFiles;
  readonly #wanted: Wanted;
  readonly #lock = createKeyedMutex();
  /** Commitments that a step is about to name, and trades with own values that somebody may come to need. */
  readonly #prepared = new Set<string>();
  readonly #unsent = new Set<string>();
  #ends: (() => void)[] = [];
  readonly #background = createBackground((error) => {
    if (!isNiagaError(error, 'STOPPED'))
      this.#deps.logger.error({ error: String(error) }, 'a private value could not be seen to');
  });

  constructor(deps: PrivateDeps) {
    this.#deps = deps;
    this.#table = new PrivateTable(deps.store);
    this.#pending = new PendingFiles(deps, this.#table);
    this.#wanted = new Wanted(deps);
    deps.mail.handle('private', { finalCodes: FINAL_CODES, take: (parcel) => this.#take(parcel) });
    deps.mail.handle('wanted', { finalCodes: FINAL_CODES, take: (parcel) => this.#giveAnew(parcel) });
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    const { trades, files, mail, now, store } = this.#deps;
    const over: Write[] = [];
    for await (const [commitment, { at }] of this.#table.allPrepared()) {
      this.#prepared.add(commitment);
      if (now() - at > PREPARED_FOR) over.push(this.#table.dropPrepared(commitment));
    }
    for await (const [key, row] of this.#table.all())
      if (row.own && row.value !== undefined) this.#unsent.add(key.split('/')[0] ?? '');
    this.#ends = [
      trades.onChange(({ trade }) => this.#changed(trade)),
      files.onComplete((from, file) => this.#background.add(this.#arrived(from, file))),
      mail.onState(({ kind, state, id, to }) => {
        if (kind === 'private' && state === 'refused') this.#background.add(this.#refused(to, id));
      }),
    ];
    // What a crash left between the last part of a file and its value.
    for (const { from, file } of await this.#pending.load()) this.#background.add(this.#arrived(from, file));
    // What a crash left between a step and its values.
    if (this.#prepared.size > 0) for await (const log of trades.logs({ ended: false })) await this.#settle(log);
    for (const trade of this.#unsent) this.#changed(trade);
    // What a home that was restored still lacks.
    for await (const log of trades.logs({ ended: false })) await this.#ask(log);
    if (over.length > 0) await store.write(over);
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#background.ended();
  }

  async prepare(values: readonly NewValue[]): Promise<Uint8Array[]> {
    const { store, now } = this.#deps;
    const rows = values.map(({ what, value, name, salt = new Uint8Array(randomBytes(SALT_BYTES)) }) => {
      if (value.length === 0) throw new NiagaError('INPUT_INVALID', `The ${what} is empty.`, { where: what });
      const most = name === undefined ? MAX_INLINE_VALUE : MAX_FILE_BYTES;
      if (value.length > most)
        throw new NiagaError('INPUT_TOO_LARGE', `The ${what} has more than ${most / 1024} KiB.`, { where: what });
      // What its recipient would refuse must not be committed to.
      if (name !== undefined && !fileSchema.safeParse({ cid: blobId(value), size: value.length, name }).success)
        throw new NiagaError('INPUT_INVALID', 'A file has a name of up to 200 characters, without a path.', {
          where: what,
        });
      const row = { what, salt, value, at: now(), ...(name === undefined ? {} : { name }) };
      return { commitment: commit(salt, value), row };
    });
    await store.write(rows.map(({ commitment, row }) => this.#table.prepare(commitment, row)));
    for (const { commitment } of rows) this.#prepared.add(hex(commitment));
    return rows.map(({ commitment }) => commitment);
  }

  async discard(commitments: readonly Uint8Array[]): Promise<void> {
    const given = new Set(commitments.map(hex));
    // A step may fail after its message was written.
    for await (const log of this.#deps.trades.logs({ ended: false }))
      if (commitmentsOf(log.state).some(({ commitment }) => given.has(hex(commitment)))) await this.#settle(log);
    await this.#deps.store.write(commitments.map((commitment) => this.#table.dropPrepared(commitment)));
    for (const commitment of commitments) this.#prepared.delete(hex(commitment));
  }

  async show(trade: string): Promise<PrivateView[]> {
    const { log, values } = await this.#values(trade);
    return Promise.all(
      values.map(async ({ committed, row }) => {
        const sent = Object.entries(row?.sent ?? {}).map(async ([to, ids]) => ({
          to: roleOf(log.state, parseTrader(to)) ?? ('arbiter' as const),
          states: await Promise.all(ids.map((id) => this.#deps.mail.stateOf(parseTrader(to), id))),
        }));
        return privateToView(committed, row, log.role, await Promise.all(sent));
      }),
    );
  }

  async opened(trade: string): Promise<Opened[]> {
    const { values } = await this.#values(trade);
    return values.flatMap(({ committed: { what, message, commitment }, row }) =>
      row?.value === undefined || row.salt === undefined
        ? []
        : [
            {
              what,
              message,
              commitment,
              salt: row.salt,
              value: row.value,
              ...(row.file === undefined ? {} : { name: row.file.name }),
            },
          ],
    );
  }

  async file(trade: string, file: string): Promise<{ name: string; bytes: Uint8Array } | undefined> {
    const { values } = await this.#values(trade);
    const row = values.find((each) => each.row?.file?.cid.toString() === file)?.row;
    return row?.value === undefined || row.file === undefined ? undefined : { name: row.file.name, bytes: row.value };
  }

  async disclose(trade: string, what?: readonly PrivateKind[]): Promise<number> {
    const { log, values } = await this.#values(trade);
    const arbiter = partyOf(log.state, 'arbiter');
    if (arbiter === undefined || log.role === 'arbiter')
      throw new NiagaError(
        'TRADE_ROLE',
        `The trade is ${log.state.word}: ${arbiter === undefined ? 'no contract of it names an arbiter' : 'its arbiter is you'}.`,
        { next: `See what can be done: niaga trade show ${trade}`, details: { state: log.state.word } },
      );
    let count = 0;
    await this.#lock(trade, async () => {
      for (const { committed, row } of values) {
        if (row?.value === undefined || (what !== undefined && !what.includes(committed.what))) continue;
        await this.#send(log, committed, row, [arbiter]);
        count++;
      }
    });
    return count;
  }

  async forget(trade: string): Promise<ForgottenView['values']> {
    const { log, values } = await this.#values(trade);
    if (!log.ended) {
      throw new NiagaError('TRADE_STATE', `The trade is ${log.state.word}: what it needs is kept until it is over.`, {
        next: `See what can be done: niaga trade show ${trade}`,
        details: { state: log.state.word },
      });
    }
    const { mail, store, now } = this.#deps;
    return this.#lock(trade, async () => {
      const writes: Write[] = [];
      const views: ForgottenView['values'] = [];
      for (const { committed, row } of values) {
        writes.push(...(await this.#pending.forget(trade, committed.commitment)));
        // One that is damaged may still be read by others from this disk: it is written over.
        const damaged = row === undefined && (await this.#table.has(trade, committed.commitment));
        if ((row === undefined && !damaged) || row?.forgotten !== undefined) continue;
        const { what, own, at, from, sent } = row ?? { ...committed, own: committed.by === log.role, at: now() };
        const kept = { ...(from === undefined ? {} : { from }), ...(sent === undefined ? {} : { sent }) };
        writes.push(this.#table.put(trade, committed.commitment, { what, own, at, forgotten: now(), ...kept }));
        // What nobody has got yet is not sent any more.
        for (const [to, ids] of Object.entries(sent ?? {})) mail.recall(parseTrader(to), ids);
        views.push({ what, own, sentTo: rolesOf(log.state, Object.keys(sent ?? {})) });
      }
      if (writes.length > 0) await store.write(writes);
      this.#unsent.delete(trade);
      return views;
    });
  }

  async #values(trade: string) {
    const log = await this.#deps.trades.open(trade);
    if (log === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'There is no such trade here.');
    // Whoever asks right after a step finds what the step committed to: it may not have been taken up yet.
    if (this.#prepared.size > 0) await this.#settle(log);
    const values = await Promise.all(
      commitmentsOf(log.state).map(async (committed) => ({
        committed,
        row:
          (await unlessDamaged(this.#table.row(trade, committed.commitment))) ??
          (await this.#pending.rowOf(trade, committed.commitment)),
      })),
    );
    return { log, values };
  }

  #changed(trade: string): void {
    this.#background.add(
      this.#deps.trades.open(trade).then(async (log) => {
        if (log === undefined) return;
        if (this.#prepared.size > 0 || this.#unsent.has(trade)) await this.#settle(log);
        await this.#ask(log);
      }),
    );
  }

  #ask(log: TradeLog): Promise<void> {
    const trade = log.trade.toString();
    return this.#wanted.ask(log, async (commitment) => {
      const row = await this.#table.row(trade, commitment);
      return row !== undefined || (await this.#table.pendingFor(trade, commitment)).length > 0;
    });
  }

  /** Somebody who is in the trade has lost values, or never got them: what it may have and is here goes out again. */
  async #giveAnew(parcel: Incoming): Promise<void> {
    const { log, wanted } = await this.#wanted.asked(parcel);
    const trade = log.trade.toString();
    await this.#lock(trade, async () => {
      for (const committed of wanted) {
        const row = await this.#table.row(trade, committed.commitment);
        if (row?.value !== undefined) await this.#send(log, committed, row, [parcel.from]);
      }
    });
  }

  /** Takes up what the log commits to now, and sends what is due. */
  async #settle(log: TradeLog): Promise<void> {
    const trade = log.trade.toString();
    await this.#lock(trade, async () => {
      for (const committed of commitmentsOf(log.state)) {
        if (committed.by !== log.role) continue;
        const known = await unlessDamaged(this.#table.row(trade, committed.commitment));
        const row = known?.own === true ? known : ((await this.#adopt(trade, committed)) ?? known);
        if (row?.value === undefined || !committed.due) continue;
        const to = committed.to.flatMap((role) => partyOf(log.state, role) ?? []);
        const missing = to.filter((trader) => row.sent?.[traderToText(trader)] === undefined);
        if (missing.length > 0) await this.#send(log, committed, row, missing);
      }
    });
  }

  async #adopt(trade: string, { commitment }: Committed): Promise<PrivateRow | undefined> {
    const prepared = await this.#table.prepared(commitment);
    if (prepared === undefined) return undefined;
    const { what, salt, value, name } = prepared;
    const file = name === undefined ? {} : { file: { cid: blobId(value), size: value.length, name } };
    const row: PrivateRow = { what, own: true, at: this.#deps.now(), salt, value, ...file };
    await this.#deps.store.write([this.#table.put(trade, commitment, row), this.#table.dropPrepared(commitment)]);
    this.#prepared.delete(hex(commitment));
    this.#unsent.add(trade);
    return row;
  }

  /** In one batch with the note that it was sent. */
  async #send(log: TradeLog, { commitment }: Committed, row: PrivateRow, to: readonly Uint8Array[]): Promise<void> {
    const { mail, files, store } = this.#deps;
    const { salt, value, file } = row;
    if (salt === undefined || value === undefined) return;
    const whole = value.length <= MAX_INLINE_VALUE;
    const named = file === undefined ? {} : { file };
    const bytes = writePrivate({ trade: log.trade, commitment, salt, ...named, ...(whole ? { value } : {}) });
    const sent: Record<string, readonly string[]> = { ...row.sent };
    const posted = to.map((trader) => {
      const parts: readonly Outgoing[] = whole ? [] : files.outgoing(trader, value).parcels;
      const each = mail.post([{ to: trader, kind: 'private', bytes }, ...parts]);
      sent[traderToText(trader)] = each.ids.map(String);
      return each;
    });
    const note = this.#table.put(log.trade, commitment, { ...row, sent });
    await store.write([note, ...posted.flatMap(({ writes }) => writes)]);
    for (const each of posted) each.send();
  }

  async #take({ from, bytes, receipt }: Incoming): Promise<void> {
    const { trades, store, now } = this.#deps;
    const { trade, commitment, salt, value, file } = readPrivate(bytes);
    const id = trade.toString();
    const log = await trades.open(id);
    if (log === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade of that value is not here.');
    if (roleOf(log.state, from) === undefined)
      throw new NiagaError('TRADE_ROLE', 'The value comes from nobody who is in the trade.');
    const committed = commitmentsOf(log.state).find((each) => equalBytes(each.commitment, commitment));
    // Not final: the message that commits to it may still be on its way.
    if (committed === undefined) throw new NiagaError('PRIVATE_UNKNOWN', 'The log does not commit to that value.');
    await this.#lock(id, async () => {
      const known = await this.#table.row(id, commitment);
      if (known?.forgotten !== undefined || known?.value !== undefined) return;
      if (value === undefined) {
        const added = file && (await this.#pending.add(log, committed, from, { salt, file }));
        if (added === undefined) return;
        await store.write([...added.writes, ...receipt().writes]);
        added.noted();
        return;
      }
      const named = file === undefined ? {} : { file };
      const row: PrivateRow = {
        what: committed.what,
        ...whose(log.role, committed.by, traderToText(from)),
        at: now(),
        salt,
        value,
        ...named,
      };
      const staged = this.#stage(log, committed);
      await store.write([this.#table.put(id, commitment, row), ...receipt().writes, ...staged.writes]);
      staged.tell();
    });
    // Its parts may be here already, as a file of a message.
    if (value === undefined && file !== undefined) this.#background.add(this.#arrived(from, file.cid.toString()));
  }

  /** A file came whole: now it shows whether it is what the log commits to. */
  async #arrived(from: Uint8Array, file: string): Promise<void> {
    const { trades, store } = this.#deps;
    for (const waiting of this.#pending.waitingFor(from, file)) {
      const { trade } = waiting;
      await this.#lock(trade, async () => {
        const log = await trades.open(trade);
        const settled = log && (await this.#pending.settle(log.state, waiting, from));
        if (log === undefined || settled === undefined) return;
        const { committed, row, writes } = settled;
        const known = await this.#table.row(trade, committed.commitment);
        const isNew = row !== undefined && known?.value === undefined && known?.forgotten === undefined;
        const staged = isNew ? this.#stage(log, committed) : undefined;
        const put = isNew ? [this.#table.put(trade, committed.commitment, row)] : [];
        await store.write([...put, ...writes, ...(staged?.writes ?? [])]);
        staged?.tell();
      });
    }
  }

  /** Nobody will take the parts of a file whose value was refused for good. */
  async #refused(to: Uint8Array, id: string): Promise<void> {
    const name = traderToText(to);
    for await (const [, { sent }] of this.#table.all()) {
      const [value, ...parts] = sent?.[name] ?? [];
      if (value === id) this.#deps.mail.recall(to, parts);
    }
  }

  #stage(log: TradeLog, { what, by }: Committed) {
    return this.#deps.events.stage([{ type: 'private-value', data: { trade: log.trade.toString(), what, of: by } }]);
  }
}

function rolesOf(state: TradeState, traders: readonly string[]): Role[] {
  return traders.flatMap((trader) => roleOf(state, parseTrader(trader)) ?? []);
}
