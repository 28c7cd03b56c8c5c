import { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import { checkNotAhead } from '../../protocol/record.js';
import {
  contradict,
  openProof,
  readProof,
  ROLES,
  roleOf,
  writeProof,
  type Role,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { ProofView } from '../api/rows/proof.js';
import { createBackground } from '../background.js';
import { createKeyedMutex } from '../concurrency.js';
import type { Incoming, OwnReceipt } from '../mail/index.js';
import { cborCodec, type Table } from '../store/index.js';
import type { TradeLog } from '../trades/index.js';
import type { Proofs, ProofsDeps } from './index.js';

/** One pair convicts; more of them are kept so that each fork is shown, and a flood of forks fills no disk. */
const MAX_PROOFS = 16;
const FINAL_CODES: ReadonlySet<string> = new Set(['PROOF_INVALID', 'TRADE_ROLE']);

interface Row {
  /** Whose device it was: the trader's key in text. */
  readonly trader: string;
  readonly messages: readonly [Uint8Array, Uint8Array];
  readonly found: number;
  /** Of whom it came, where it was not found here. */
  readonly from?: string;
  /** To whom it was sent, and the parcel. */
  readonly sent: Readonly<Record<string, string>>;
  readonly seen?: boolean;
}

type Pair = readonly [CID, CID];

export class ProofService implements Proofs {
  readonly #deps: ProofsDeps;
  /** Keys are the trade's id and those of the two messages. */
  readonly #table: Table<Row>;
  /** The trades that have any: hardly one has, and whoever shows one of the others need not look at the disk. */
  readonly #convicting = new Set<string>();
  readonly #lock = createKeyedMutex();
  readonly #background = createBackground((error) => {
    if (!isNiagaError(error, 'STOPPED')) this.#deps.logger.error({ error: String(error) }, 'a proof could not be kept');
  });
  #ends: (() => void)[] = [];

  constructor(deps: ProofsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('proofs', cborCodec<Row>());
    deps.mail.handle('proof', { finalCodes: FINAL_CODES, take: (parcel) => this.#take(parcel) });
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    for await (const [key] of this.#table.range()) this.#convicting.add(tradeIn(key));
    const { trades } = this.#deps;
    this.#ends = [trades.onChange(({ trade, equivocations }) => equivocations > 0 && this.#look(trade))];
    this.#background.add(this.#lookAll());
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#background.ended();
  }

  async show(trade: string): Promise<ProofView[]> {
    const { trades, mail, store } = this.#deps;
    const log = await trades.open(trade);
    if (log === undefined) return [];
    const rows = await this.#rows(trade);
    const unseen = rows.filter(({ row }) => row.seen !== true);
    if (unseen.length > 0)
      await store.write(
        unseen.map(({ key, row }) => this.#table.put(key, { ...row, seen: true })),
        { sync: false },
      );
    return Promise.all(
      rows.map(async ({ pair, row }) => {
        const sent = Object.entries(row.sent).map(async ([to, id]) => ({
          to: roleOf(log.state, parseTrader(to)) ?? ('arbiter' as const),
          delivery: (await mail.stateOf(parseTrader(to), id))?.state ?? ('delivered' as const),
        }));
        const messages = pair.map((id) => {
          const payload = log.state.log.byKey.get(id.toString())?.message.payload;
          return { id: id.toString(), kind: payload?.kind ?? '', time: payload?.created ?? 0 };
        });
        const of = roleOf(log.state, parseTrader(row.trader)) ?? ('arbiter' as const);
        return { of, trader: row.trader, found: row.found, messages, sent: await Promise.all(sent) };
      }),
    );
  }

  async unseen(): Promise<{ trade: string; trader: string; found: number }[]> {
    const trades = new Map<string, { trade: string; trader: string; found: number }>();
    for await (const [key, { trader, found, seen }] of this.#table.range()) {
      const trade = tradeIn(key);
      if (seen !== true && !trades.has(trade)) trades.set(trade, { trade, trader, found });
    }
    return [...trades.values()];
  }

  async pairs(trade: string): Promise<(readonly [Uint8Array, Uint8Array])[]> {
    return (await this.#rows(trade)).map(({ row }) => row.messages);
  }

  async #rows(trade: string): Promise<{ key: string; pair: Pair; row: Row }[]> {
    const rows: { key: string; pair: Pair; row: Row }[] = [];
    if (!this.#convicting.has(trade)) return rows;
    for await (const [key, row] of this.#table.range({ prefix: `${trade}/` })) {
      const [, a = '', b = ''] = key.split('/');
      rows.push({ key, pair: [CID.parse(a), CID.parse(b)], row });
    }
    return rows;
  }

  #look(trade: string): void {
    this.#background.add(
      this.#deps.trades.open(trade).then(async (log) => {
        if (log !== undefined) await this.#keepAll(log);
      }),
    );
  }

  /** What a crash left between a log and its proofs. */
  async #lookAll(): Promise<void> {
    for await (const log of this.#deps.trades.logs({ ended: true })) {
      if (this.#ends.length === 0) return;
      await this.#keepAll(log);
    }
  }

  async #keepAll(log: TradeLog): Promise<void> {
    for (const { messages } of log.state.equivocations) await this.#keep(log, messages);
  }

  /** In one batch: the proof, the event, and the parcels to the others. */
  async #keep(log: TradeLog, pair: Pair, came?: { from: string; receipt: () => OwnReceipt }): Promise<void> {
    const { store, mail, events, identity, now } = this.#deps;
    const trade = log.trade.toString();
    await this.#lock(trade, async () => {
      const key = [trade, ...pair.map(String)].join('/');
      const known = (await this.#table.has(key)) || (await this.#table.count(`${trade}/`)) >= MAX_PROOFS;
      const records = pair.map((id) => log.records.find((record) => record.id.equals(id)));
      const [a, b] = records;
      if (known || a === undefined || b === undefined) return;
      const receipt = came?.receipt().writes ?? [];
      const messages = [a.bytes, b.bytes] as const;
      const bytes = writeProof({ trade: log.trade, messages });
      const others = partiesOf(log.state).filter(
        (party) => traderToText(party) !== identity.traderText && traderToText(party) !== came?.from,
      );
      const posted = mail.post(bytes === undefined ? [] : others.map((to) => ({ to, kind: 'proof', bytes })));
      const trader = traderToText(a.payload.trader);
      const row: Row = {
        trader,
        messages,
        found: now(),
        ...(came === undefined ? {} : { from: came.from }),
        sent: Object.fromEntries(
          posted.ids.map((id, at) => [traderToText(others[at] ?? new Uint8Array(32)), id.toString()]),
        ),
      };
      const of: Role | undefined = roleOf(log.state, a.payload.trader);
      const data = { trade, of, trader, messages: pair.map(String) };
      const staged = events.stage([{ type: 'equivocation', data }]);
      this.#convicting.add(trade);
      await store.write([this.#table.put(key, row), ...receipt, ...posted.writes, ...staged.writes]);
      posted.send();
      staged.tell();
    });
  }

  async #take({ from, bytes, receipt }: Incoming): Promise<void> {
    const { trades, networkName, verify, now } = this.#deps;
    const proof = readProof(bytes);
    const [a, b] = openProof(proof, { network: networkName, verify });
    // Whether they were signed in time the log says, which has them or takes them up.
    for (const { payload } of [a, b]) checkNotAhead(payload, now());
    const id = proof.trade.toString();
    const known = await trades.open(id);
    if (known === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade of that proof is not here.');
    if (roleOf(known.state, from) === undefined)
      throw new NiagaError('TRADE_ROLE', 'The proof comes from nobody who is in the trade.');
    // The messages are part of the log like any others: who has one branch only takes up the other with them.
    if (contradict(known.state, a.id, b.id) === undefined) await trades.takeCopies(proof.messages, []);
    const log = await trades.open(id);
    const verdict = log === undefined ? undefined : contradict(log.state, a.id, b.id);
    if (log === undefined || verdict === undefined) {
      // Not final: what the messages build on may still be on its way.
      await trades.askFor(from, [proof.trade]);
      throw new NiagaError('TRADE_HEADS', 'The log lacks what the messages of the proof build on.');
    }
    if (!verdict) throw new NiagaError('PROOF_INVALID', 'The messages of the proof do not contradict each other.');
    const [first, second] = a.id.toString() < b.id.toString() ? [a, b] : [b, a];
    const pair = log.state.equivocations.find(({ messages }) =>
      messages.every((each) => each.equals(a.id) || each.equals(b.id)),
    );
    await this.#keep(log, pair?.messages ?? [first.id, second.id], { from: traderToText(from), receipt });
  }
}

function tradeIn(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function partiesOf(state: TradeState): Uint8Array[] {
  return ROLES.flatMap((role) =>
    role === 'arbiter' ? (state.agreement?.terms.arbiter?.trader ?? []) : state.parties[role],
  );
}
