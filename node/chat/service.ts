import { hash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { checkChat, type Chat as ChatPayload } from '../../protocol/chat/message.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseTrader, traderToText } from '../../protocol/ids.js';
import { openRecord, signRecord, type SignedRecord } from '../../protocol/record.js';
import { roleOf } from '../../protocol/trade/index.js';
import type { ChatMessageView, ConversationView } from '../api/rows/chat.js';
import { createKeyedMutex } from '../concurrency.js';
import { distinctTimes } from '../distinct-times.js';
import type { NewEvent } from '../events/index.js';
import { openArrived } from '../identity/index.js';
import type { Incoming, StateChange } from '../mail/index.js';
import type { Write } from '../store/index.js';
import { addressed } from './address.js';
import type { Address, Addressed, Chat, ChatDeps, NewMessage } from './index.js';
import { addTo, checkQuota, takeBack, type Written } from './quota.js';
import { Threads, type MessageRow } from './threads.js';
import { conversationToView, deliveryOf, messageToView } from './view.js';

/** Refusals of a message that no further try can change. */
const FINAL_CHAT_CODES: ReadonlySet<string> = new Set(['TRADER_BLOCKED', 'TRADE_ROLE', 'RECORD_ID', 'CHAT_REFUSED']);

/** Messages that are kept opened: the last ones of some dozens of conversations. Some 3 kB each. */
const MAX_OPENED = 1_000;

type ChatRecord = SignedRecord<ChatPayload>;

export class ChatService implements Chat {
  readonly #deps: ChatDeps;
  readonly #threads: Threads;
  readonly #lock = createKeyedMutex();
  /** Messages that were shown of late, by the SHA-256 of their bytes. */
  readonly #opened = createBoundedCache<ChatRecord>(MAX_OPENED);
  /** Two messages that say the same are two. */
  readonly #times: () => number;
  /** What all strangers wrote today, since the start at the earliest. */
  #strangers: Written | undefined;
  #ends: (() => void)[] = [];
  #telling: Promise<void> = Promise.resolve();

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    this.#threads = new Threads(deps.store);
    this.#times = distinctTimes(deps.now);
    deps.mail.handle('chat', { finalCodes: FINAL_CHAT_CODES, take: (parcel) => this.#take(parcel) });
  }

  start(): Promise<void> {
    if (this.#ends.length === 0) this.#ends = [this.#deps.mail.onState((change) => this.#changed(change))];
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#telling;
  }

  async address(address: Address): Promise<Addressed> {
    return addressed(address, this.#deps);
  }

  async send({ text: typed, files = [], ...address }: NewMessage): Promise<ChatMessageView> {
    const { identity, mail, store, blocks, events } = this.#deps;
    const { trader, trade } = await this.address(address);
    if (equalBytes(trader, identity.trader))
      throw new NiagaError('INPUT_INVALID', 'That is your own key.', { where: 'with' });
    blocks.check(trader);
    // Line ends as the protocol has them, whatever the terminal or file had.
    const text = typed.replace(/\r\n?/g, '\n').trimEnd();
    if (text === '' && files.length === 0)
      throw new NiagaError('INPUT_MISSING', 'The message says nothing.', {
        where: 'text',
        next: 'Say something: niaga chat send TRADE "Sudah dikirim?"',
      });
    const outgoing = files.map(({ bytes }) => this.#deps.files.outgoing(trader, bytes));
    const refs = files.map(({ name, bytes }, at) => ({ cid: outgoing[at]?.cid, name, size: bytes.length }));
    const draft = {
      to: trader,
      text,
      ...(trade === undefined ? {} : { trade }),
      ...(files.length === 0
        ? {}
        : { files: refs.flatMap(({ cid, ...ref }) => (cid === undefined ? [] : [{ cid, ...ref }])) }),
    };
    const record = signRecord('chat', draft, identity, {
      network: identity.network,
      created: this.#times(),
      inlineDelegation: true,
    });
    checkChat(record.payload);
    const name = traderToText(trader);
    await this.#lock(name, async () => {
      // The message first: parts of files that nothing has named are not taken.
      const parcels = [
        { to: trader, kind: 'chat' as const, bytes: record.bytes },
        ...outgoing.flatMap(({ parcels: own }) => own),
      ];
      const posted = mail.post(parcels);
      const parts = posted.ids.slice(1).map(String);
      const row: MessageRow = { bytes: record.bytes, own: true, ...(parts.length === 0 ? {} : { parts }) };
      const thread = await this.#threads.thread(name);
      const staged = events.stage([this.#event(record, name, true)]);
      const writes = this.#threads.add(name, record.id.toString(), row, this.#last(record), thread);
      await store.write([
        ...writes,
        ...outgoing.flatMap((file) => file.keep(holderOf(record))),
        ...posted.writes,
        ...staged.writes,
      ]);
      posted.send();
      staged.tell();
    });
    return this.#view(record, trader, { bytes: record.bytes, own: true });
  }

  async show({ limit, after, ...address }: Address & { limit: number; after?: string }): Promise<ChatMessageView[]> {
    const { trader, trade } = await this.address(address);
    const name = traderToText(trader);
    const before = after === undefined ? undefined : await this.#threads.seqOf(name, after);
    if (after !== undefined && before === undefined)
      throw new NiagaError('USAGE', 'There is no such message to go on after.', { where: 'after' });
    const views: ChatMessageView[] = [];
    const seen: { seq: number; id: CID }[] = [];
    for await (const [seq, row] of this.#threads.messages(name, {
      newest: true,
      ...(before === undefined ? {} : { before }),
    })) {
      const record = this.#stored(row);
      if (trade !== undefined && record.payload.trade?.equals(trade) !== true) continue;
      if (views.length === limit) break;
      if (row.unread === true) seen.push({ seq, id: record.id });
      views.push(await this.#view(record, trader, row));
    }
    if (seen.length > 0) await this.#seen(trader, seen);
    return views;
  }

  async list({ limit, after }: { limit: number; after?: string }): Promise<ConversationView[]> {
    const views = await this.#conversations();
    const start = after === undefined ? 0 : views.findIndex((view) => view.with === after) + 1;
    if (after !== undefined && start === 0)
      throw new NiagaError('USAGE', 'There is no such conversation to go on after.', { where: 'after' });
    return views.slice(start, start + limit);
  }

  async unread(): Promise<ConversationView[]> {
    return (await this.#conversations()).filter(({ unread }) => unread > 0);
  }

  async isStranger(trader: Uint8Array): Promise<boolean> {
    const { own } = await this.#threads.thread(traderToText(trader));
    return own === 0 && !(await this.#deps.trades.isPartner(trader));
  }

  async records(trade: CID): Promise<{ id: string; bytes: Uint8Array }[]> {
    return (await this.#about(trade)).map(({ record }) => ({ id: record.id.toString(), bytes: record.bytes }));
  }

  async forget(trade: CID): Promise<number> {
    const { files, store, events, mail } = this.#deps;
    const found = await this.#about(trade);
    const ids = new Set(found.map(({ record }) => record.id.toString()));
    // Programs that come to it only now learn that there was a message.
    const told = await events.rewrite(({ type, data }) => {
      if (type !== 'chat-message' || !ids.has(String(data['id']))) return undefined;
      const { files: _, ...rest } = data;
      return { ...rest, text: '' };
    });
    if (told.length > 0) await store.write(told);
    for (const name of new Set(found.map(({ name: each }) => each))) {
      await this.#lock(name, async () => {
        const writes: Write[] = [];
        const gone = found.filter((each) => each.name === name);
        // What nobody has got yet is not sent any more. Parts of its files may belong to something else, too; nobody takes those that nothing names.
        for (const { row, record } of gone) if (row.own) mail.recall(parseTrader(name), [record.id]);
        for (const { seq, record } of gone) writes.push(...this.#threads.remove(name, seq, record.id.toString()));
        const holds = gone.flatMap(({ record }) =>
          (record.payload.files ?? []).map(({ cid }) => ({ cid, holder: holderOf(record) })),
        );
        writes.push(...(await files.drop(parseTrader(name), holds)));
        const thread = await this.#threads.thread(name);
        const unread = gone.filter(({ row }) => row.unread === true).length;
        const after = {
          ...thread,
          messages: thread.messages - gone.length,
          unread: Math.max(0, thread.unread - unread),
          text: '',
        };
        await store.write([...writes, this.#threads.put(name, after)]);
      });
    }
    return found.length;
  }

  /** Every message about a trade, whoever of its parties it was with. */
  async #about(trade: CID) {
    const found: { name: string; seq: number; row: MessageRow; record: ChatRecord }[] = [];
    const open = await this.#deps.trades.open(trade.toString());
    for await (const [name] of this.#threads.all()) {
      if (open !== undefined && roleOf(open.state, parseTrader(name)) === undefined) continue;
      for await (const [seq, row] of this.#threads.messages(name, { newest: false })) {
        const record = this.#stored(row);
        if (record.payload.trade?.equals(trade) === true) found.push({ name, seq, row, record });
      }
    }
    return found;
  }

  async #take({ from, bytes, receipt }: Incoming): Promise<void> {
    const { identity, trades, blocks, files, events, store, now } = this.#deps;
    if (blocks.isBlocked(from)) throw new NiagaError('TRADER_BLOCKED', 'No messages of that trader are taken here.');
    const record = openArrived(bytes, 'chat', this.#deps, from);
    const { payload } = record;
    checkChat(payload);
    if (!equalBytes(payload.trader, from) || !equalBytes(payload.to, identity.trader))
      throw new NiagaError('RECORD_ID', 'The message is not from its sender to this trader.');
    const open = payload.trade === undefined ? undefined : await trades.open(payload.trade.toString());
    if (payload.trade !== undefined && open === undefined)
      throw new NiagaError('TRADE_NOT_FOUND', 'The trade that the message is about is not here.');
    if (open !== undefined && roleOf(open.state, from) === undefined)
      throw new NiagaError('TRADE_ROLE', 'The message is about a trade that its author is no party of.');
    const name = traderToText(from);
    const id = record.id.toString();
    await this.#lock(name, async () => {
      if ((await this.#threads.seqOf(name, id)) !== undefined) return;
      const thread = await this.#threads.thread(name);
      const isStranger = await this.isStranger(from);
      const written = addTo(thread.written, now());
      // Counted before anything is waited for: messages of many strangers come at the same time.
      if (isStranger) this.#strangers = addTo(this.#strangers, now());
      try {
        const strangers = isStranger ? this.#strangers : undefined;
        checkQuota({ messages: thread.messages + 1, written }, payload.files !== undefined, strangers, now());
        const expected: Write[] = [];
        for (const file of payload.files ?? []) expected.push(...(await files.expect(from, file, holderOf(record))));
        const row: MessageRow = { bytes: record.bytes, own: false, unread: true };
        const staged = events.stage([this.#event(record, name, false)]);
        const writes = this.#threads.add(name, id, row, this.#last(record), { ...thread, written });
        await store.write([...writes, ...expected, ...receipt().writes, ...staged.writes]);
        staged.tell();
      } catch (error) {
        if (isStranger && this.#strangers !== undefined) this.#strangers = takeBack(this.#strangers);
        throw error;
      }
    });
  }

  /** What a person has been shown is not unread any more, and its author is told. */
  async #seen(trader: Uint8Array, seen: readonly { seq: number; id: CID }[]): Promise<void> {
    const { store, mail, logger } = this.#deps;
    const name = traderToText(trader);
    await this.#lock(name, async () => {
      const writes: Write[] = [];
      for (const { seq } of seen) {
        const { unread, ...rest } = (await this.#threads.message(name, seq)) ?? {};
        if (unread === true && 'bytes' in rest) writes.push(this.#threads.update(name, seq, rest));
      }
      const thread = await this.#threads.thread(name);
      const unread = Math.max(0, thread.unread - writes.length);
      await store.write([...writes, this.#threads.put(name, { ...thread, unread })], { sync: false });
    });
    // Nobody who reads waits until the other side knows.
    mail
      .read(
        trader,
        seen.map(({ id }) => id),
      )
      .catch((error: unknown) => logger.warn({ error: String(error) }, 'reading could not be noted'));
  }

  async #conversations(): Promise<ConversationView[]> {
    const views: ConversationView[] = [];
    for await (const [name, row] of this.#threads.all())
      if (row.messages > 0) views.push(conversationToView(name, row));
    return views.sort((a, b) => b.updated - a.updated || (a.with < b.with ? -1 : 1));
  }

  /** Signed here, or verified when it came, and the store says when it is not what was written: a page of them is shown often. */
  #stored({ bytes }: MessageRow): ChatRecord {
    const key = hash('sha256', bytes, 'base64url');
    const opened = this.#opened.get(key);
    if (opened !== undefined) return opened;
    const record = openRecord(bytes, { network: this.#deps.networkName, kinds: ['chat'], verify: () => true });
    this.#opened.set(key, record);
    return record;
  }

  async #view(record: ChatRecord, trader: Uint8Array, row: MessageRow): Promise<ChatMessageView> {
    const { mail, files } = this.#deps;
    const refs = await Promise.all(
      (record.payload.files ?? []).map(async (ref) => {
        const progress = await files.progress(trader, ref.cid);
        return { ref, here: progress !== undefined && progress.have === progress.of };
      }),
    );
    const states = row.own
      ? await Promise.all([record.id.toString(), ...(row.parts ?? [])].map((id) => mail.stateOf(trader, id)))
      : undefined;
    return messageToView(record, trader, row, refs, states === undefined ? undefined : deliveryOf(states));
  }

  #last({ payload }: ChatRecord) {
    return { text: payload.text, trade: payload.trade?.toString(), now: this.#deps.now() };
  }

  #event({ id, payload }: ChatRecord, name: string, own: boolean): NewEvent {
    const { trade, text, files } = payload;
    const data = {
      id: id.toString(),
      with: name,
      by: own ? 'own' : 'counterparty',
      text,
      ...(trade === undefined ? {} : { trade: trade.toString() }),
      ...(files === undefined ? {} : { files: files.map((file) => file.name) }),
    };
    return { type: 'chat-message', data };
  }

  /** Tells how far an own message is. */
  #changed({ kind, id, to, state }: StateChange): void {
    if (kind !== 'chat') return;
    const event: NewEvent = { type: 'chat-delivery', data: { id, with: traderToText(to), delivery: state } };
    this.#telling = this.#telling.then(async () => {
      try {
        if (state === 'refused') await this.#recallParts(to, id);
        await this.#deps.events.record([event]);
      } catch (error) {
        if (!isNiagaError(error, 'STOPPED'))
          this.#deps.logger.warn({ error: String(error) }, 'an event could not be told');
      }
    });
  }

  /** Nobody will take the files of a message that was refused for good. */
  async #recallParts(to: Uint8Array, id: string): Promise<void> {
    const name = traderToText(to);
    const seq = await this.#threads.seqOf(name, id);
    const row = seq === undefined ? undefined : await this.#threads.message(name, seq);
    if (row?.own === true) this.#deps.mail.recall(to, row.parts ?? []);
  }
}

function holderOf({ id }: ChatRecord): string {
  return `chat-${id.toString()}`;
}
