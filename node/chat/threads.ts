import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import type { Written } from './quota.js';

/** What is kept of the conversation with one trader. */
export interface ThreadRow {
  /** Number of the last message. */
  readonly seq: number;
  readonly messages: number;
  readonly unread: number;
  /** Messages that this trader wrote. */
  readonly own: number;
  readonly updated: number;
  /** What the other one wrote within a day. */
  readonly written: Written;
  /** The last message. */
  readonly text: string;
  readonly trade?: string;
}

export interface MessageRow {
  /** The signed record. */
  readonly bytes: Uint8Array;
  readonly own: boolean;
  /** Of another's: nobody has seen it here. */
  readonly unread?: boolean;
  /** Ids of the parcels with its files. */
  readonly parts?: readonly string[];
}

const DIGITS = 9;
/** Of the last message, in a list. */
const PREVIEW = 120;

/** All that is on disk of conversations. Keys are the other trader's key in text and the message's number or id. */
export class Threads {
  readonly #threads: Table<ThreadRow>;
  readonly #messages: Table<MessageRow>;
  readonly #ids: Table<number>;

  constructor(store: Store) {
    this.#threads = store.table('chat-threads', cborCodec<ThreadRow>());
    this.#messages = store.table('chat-messages', cborCodec<MessageRow>());
    this.#ids = store.table('chat-ids', cborCodec<number>());
  }

  all(): AsyncIterable<[trader: string, row: ThreadRow]> {
    return this.#threads.range();
  }

  async thread(trader: string): Promise<ThreadRow> {
    const none = { seq: 0, messages: 0, unread: 0, own: 0, updated: 0, text: '' };
    return (await this.#threads.get(trader)) ?? { ...none, written: { since: 0, messages: 0 } };
  }

  put(trader: string, row: ThreadRow): Write {
    return this.#threads.put(trader, row);
  }

  /** Adds a message to a conversation. */
  add(
    trader: string,
    id: string,
    row: MessageRow,
    last: { text: string; trade: string | undefined; now: number },
    thread: ThreadRow,
  ): Write[] {
    const seq = thread.seq + 1;
    const { trade: _, ...before } = thread;
    const after: ThreadRow = {
      ...before,
      seq,
      messages: thread.messages + 1,
      unread: thread.unread + (row.unread === true ? 1 : 0),
      own: thread.own + (row.own ? 1 : 0),
      updated: last.now,
      text: last.text.slice(0, PREVIEW).toWellFormed(),
      ...(last.trade === undefined ? {} : { trade: last.trade }),
    };
    return [
      this.#threads.put(trader, after),
      this.#messages.put(messageKey(trader, seq), row),
      this.#ids.put(`${trader}/${id}`, seq),
    ];
  }

  message(trader: string, seq: number): Promise<MessageRow | undefined> {
    return this.#messages.get(messageKey(trader, seq));
  }

  update(trader: string, seq: number, row: MessageRow): Write {
    return this.#messages.put(messageKey(trader, seq), row);
  }

  remove(trader: string, seq: number, id: string): Write[] {
    return [this.#messages.del(messageKey(trader, seq)), this.#ids.del(`${trader}/${id}`)];
  }

  seqOf(trader: string, id: string): Promise<number | undefined> {
    return this.#ids.get(`${trader}/${id}`);
  }

  /** The messages of a conversation. @param before only those with lower numbers, from the newest to the oldest; else from the oldest */
  async *messages(
    trader: string,
    { newest, before }: { newest: boolean; before?: number },
  ): AsyncIterable<[seq: number, row: MessageRow]> {
    const prefix = `${trader}/`;
    const range = before === undefined ? { prefix } : { gte: prefix, lt: messageKey(trader, before) };
    for await (const [key, row] of this.#messages.range({ ...range, reverse: newest }))
      yield [Number(key.slice(prefix.length)), row];
  }
}

function messageKey(trader: string, seq: number): string {
  return `${trader}/${String(seq).padStart(DIGITS, '0')}`;
}
