import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import {
  isDepositSigned,
  isSealed,
  isWork,
  isWorkDay,
  letterHash,
  LETTER_LIFETIME,
  workBits,
  workPrefix,
} from '../../protocol/mail/index.js';
import { hex } from '../bytes.js';
import { createMutex } from '../concurrency.js';
import { openArrived, type DeviceBook } from '../identity/index.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { MailDeps } from './index.js';
import type { MailOptions } from './options.js';
import { MAX_COLLECTED_BYTES, type Deposit } from './wire.js';

const DAY = 24 * 60 * 60 * 1000;
/** Whoever has not asked for letters for so long is not a user of this mailbox any more. */
const OWNER_LIFETIME = 45 * DAY;

/** Traders who have a mailbox here. Keys cost nothing; one that is taken is free again when nobody asked for so long. */
const MAX_OWNERS = 20_000;

const NOTHING: ReadonlySet<string> = new Set();

/** The names under which letters with these hashes are kept. */
export function namesOf(hashes: readonly Uint8Array[]): ReadonlySet<string> {
  return new Set(hashes.map(hex));
}

interface Row {
  readonly size: number;
  /** When it came; milliseconds UTC. */
  readonly at: number;
  /** The token under which it lies; absent: a stranger's. */
  readonly token?: string;
}

interface Kept {
  readonly key: string;
  readonly row: Row;
}

interface Box {
  readonly letters: Map<string, Row>;
  bytes: number;
}

export interface MailboxDeps extends Pick<MailDeps, 'store' | 'networkName' | 'verify' | 'now'> {
  readonly devices: Pick<DeviceBook, 'isRevoked'>;
  /** This node's peer id. */
  readonly peerId: string;
  readonly options: MailOptions;
  /** Whether this node is among the nearest to a trader's key. */
  readonly isNear: (trader: Uint8Array) => boolean;
}

/** The sealed letters that this node keeps for others. What they say it cannot know. */
export class Mailbox {
  readonly #deps: MailboxDeps;
  readonly #rows: Table<Row>;
  readonly #letters: Table<Uint8Array>;
  readonly #owners: Table<number>;
  readonly #boxes = new Map<string, Box>();
  /** When the owner of a box asked for letters last. */
  readonly #asked = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #lock = createMutex();
  #bytes = 0;
  #strangersBytes = 0;
  #count = 0;

  constructor(deps: MailboxDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('mailbox', cborCodec<Row>());
    this.#letters = deps.store.table('mailbox-letters', rawCodec);
    this.#owners = deps.store.table('mailbox-owners', cborCodec<number>());
  }

  async load(): Promise<void> {
    this.#boxes.clear();
    this.#asked.clear();
    this.#bytes = this.#strangersBytes = this.#count = 0;
    for await (const [owner, at] of this.#owners.range()) this.#asked.set(owner, at);
    for await (const [key, row] of this.#rows.range()) this.#add(...split(key), row);
    await this.expire();
  }

  get size(): { readonly letters: number; readonly bytes: number } {
    return { letters: this.#count, bytes: this.#bytes };
  }

  /**
   * Takes a letter; afterwards it is on disk.
   * @throws NiagaError INPUT_INVALID for what is no sealed letter, PEER_REFUSED without token or work, or where the recipient has
   *   nothing to do with this node; RECORD_… and DELEGATION_… for a token that does not hold; RATE_LIMITED where there is no room
   */
  async put(given: Deposit): Promise<void> {
    const letter = given.letter.slice();
    if (!isSealed(letter)) throw new NiagaError('INPUT_INVALID', 'That is not a sealed letter.', { where: 'letter' });
    const hash = letterHash(letter);
    const token = this.#checkPermission(given, letter.length, hash);
    const owner = hex(given.to);
    await this.#lock(async () => {
      const { store, now } = this.#deps;
      const name = hex(hash);
      if (this.#boxes.get(owner)?.letters.has(name) === true) return;
      if (!this.#isServed(owner) && !this.#deps.isNear(given.to))
        throw new NiagaError('PEER_REFUSED', 'Letters for that trader are not kept here.');
      const row: Row = { size: letter.length, at: now(), ...(token === undefined ? {} : { token: token.id }) };
      const gone = this.#makeRoom(owner, row, token?.quota ?? this.#deps.options.strangerBytes);
      await store.write([
        this.#rows.put(`${owner}/${name}`, row),
        this.#letters.put(`${owner}/${name}`, letter),
        ...gone.flatMap((key) => this.#deletes(key)),
      ]);
      for (const key of gone) this.#remove(...split(key));
      this.#add(owner, name, row);
      for (const wake of this.#waiting.get(owner) ?? []) wake();
    });
  }

  /**
   * Letters of an owner, the oldest first, as many as one answer holds.
   * @param leave names of letters, as {@link namesOf} gives them, that whoever asks leaves for another device
   */
  async list(trader: Uint8Array, leave = NOTHING): Promise<{ letters: Uint8Array[]; more: boolean }> {
    const owner = hex(trader);
    const names = this.#wanted(owner, leave).sort(([, a], [, b]) => a.at - b.at);
    const letters: Uint8Array[] = [];
    let bytes = 0;
    for (const [name, { size }] of names) {
      if (bytes + size > MAX_COLLECTED_BYTES) return { letters, more: true };
      const letter = await this.#letters.get(`${owner}/${name}`).catch((error: unknown) => {
        if (isNiagaError(error, 'RECORD_CORRUPT')) return undefined;
        throw error;
      });
      if (letter === undefined) continue;
      letters.push(letter);
      bytes += size;
    }
    return { letters, more: false };
  }

  /** The owner has these, or does not want them. */
  async drop(trader: Uint8Array, hashes: readonly Uint8Array[]): Promise<void> {
    const owner = hex(trader);
    await this.#lock(async () => {
      const box = this.#boxes.get(owner);
      const gone = hashes.map(hex).filter((name) => box?.letters.has(name) === true);
      if (gone.length === 0) return;
      await this.#deps.store.write(gone.flatMap((name) => this.#deletes(`${owner}/${name}`)));
      for (const name of gone) this.#remove(owner, name);
    });
  }

  /** The owner asked: this node serves it from now on. @throws NiagaError RATE_LIMITED */
  async serve(trader: Uint8Array): Promise<void> {
    const owner = hex(trader);
    const { now, store } = this.#deps;
    const before = this.#asked.get(owner) ?? 0;
    if (before === 0 && this.#asked.size >= MAX_OWNERS)
      throw new NiagaError('RATE_LIMITED', 'This node keeps letters for as many traders as it can.');
    this.#asked.set(owner, now());
    if (now() - before > DAY) await store.write([this.#owners.put(owner, now())], { sync: false });
  }

  /** Resolves when a letter for the trader has come, when the time is over, or when nobody waits any more. */
  async wait(trader: Uint8Array, ms: number, signal: AbortSignal, leave = NOTHING): Promise<void> {
    const owner = hex(trader);
    if (ms === 0 || signal.aborted || this.#wanted(owner, leave).length > 0) return;
    const waiting = this.#waiting.get(owner) ?? new Set();
    this.#waiting.set(owner, waiting);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        if (waiting.size === 0) this.#waiting.delete(owner);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
      waiting.add(end);
    });
  }

  /** Lets everybody go who waits. */
  stop(): void {
    for (const waiting of this.#waiting.values()) for (const end of [...waiting]) end();
  }

  /** Forgets letters whose time is over, and owners who do not come any more. */
  async expire(): Promise<void> {
    await this.#lock(async () => {
      const { now, store } = this.#deps;
      const writes: Write[] = [];
      for (const [owner, { letters }] of [...this.#boxes]) {
        for (const [name, { at }] of [...letters]) {
          if (now() - at < LETTER_LIFETIME) continue;
          writes.push(...this.#deletes(`${owner}/${name}`));
          this.#remove(owner, name);
        }
      }
      for (const [owner, at] of [...this.#asked]) {
        if (now() - at < OWNER_LIFETIME) continue;
        writes.push(this.#owners.del(owner));
        this.#asked.delete(owner);
      }
      await store.write(writes, { sync: false });
    });
  }

  /** @returns the token's id and quota; undefined for a stranger who has worked */
  #checkPermission(
    { to, token, work }: Deposit,
    size: number,
    hash: Uint8Array,
  ): { id: string; quota: number } | undefined {
    const { verify, now, peerId, options } = this.#deps;
    if (token !== undefined) {
      const { payload } = openArrived(token.record, 'mailbox-token', this.#deps);
      if (!equalBytes(payload.trader, to))
        throw new NiagaError('PEER_REFUSED', 'The token is from another trader than the letter is for.');
      if (payload.expires <= now()) throw new NiagaError('PEER_REFUSED', 'The token has ended.');
      if (!isDepositSigned(payload, peerId, hash, token.signature, verify))
        throw new NiagaError('PEER_REFUSED', 'The deposit is not signed with the key of the token.');
      return { id: hex(payload.id), quota: Math.min(payload.quota, options.depositorBytes) };
    }
    const isDone =
      work !== undefined &&
      isWorkDay(work.day, now()) &&
      isWork(workPrefix(peerId, hash, work.day), work.nonce, workBits(size));
    if (!isDone) throw new NiagaError('PEER_REFUSED', 'A letter needs a token of its recipient, or work.');
    return undefined;
  }

  #isServed(owner: string): boolean {
    return this.#deps.now() - (this.#asked.get(owner) ?? Number.NEGATIVE_INFINITY) < OWNER_LIFETIME;
  }

  /**
   * The letters that go so that this one has room. A stranger's makes none: it is refused. For one under a token strangers' letters
   * go, the oldest first; and where the whole node is full, the oldest of whoever has most.
   * @throws NiagaError RATE_LIMITED
   */
  #makeRoom(owner: string, { size, token }: Row, quota: number): string[] {
    const { options } = this.#deps;
    const own = [...(this.#boxes.get(owner)?.letters ?? [])].map(([name, row]) => ({ key: `${owner}/${name}`, row }));
    const bytes = own.reduce((sum, { row }) => sum + row.size, 0);
    const full = (what: string): NiagaError =>
      new NiagaError('RATE_LIMITED', what, { next: 'Try again in a few days, or leave the letter elsewhere.' });
    const shared = own.reduce((sum, { row }) => sum + (row.token === token ? row.size : 0), 0);
    if (shared + size > quota) throw full('That share of the mailbox is full.');
    const gone = new Set<string>();
    let freed = 0;
    const free = (excess: number, from: Iterable<Kept>): void => {
      for (const { key, row } of from) {
        if (freed >= excess) return;
        if (gone.has(key)) continue;
        gone.add(key);
        freed += row.size;
      }
    };
    if (token !== undefined) {
      free(bytes + size - options.recipientBytes, strangersOf(own));
      const excess = this.#bytes + size - options.keptBytes;
      if (freed < excess) free(excess, strangersOf(this.#all()));
      while (freed < excess) {
        const [most, box] = [...this.#boxes].reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a));
        const oldest = oldestFirst([...box.letters].map(([name, row]) => ({ key: `${most}/${name}`, row })));
        const before = freed;
        free(excess, oldest);
        if (freed === before) break;
      }
    }
    const freedHere = own.reduce((sum, { key, row }) => sum + (gone.has(key) ? row.size : 0), 0);
    if (bytes - freedHere + size > options.recipientBytes) throw full('That mailbox is full.');
    if (this.#bytes - freed + size > options.keptBytes) throw full('This node keeps as many letters as it can.');
    if (token === undefined && this.#strangersBytes + size > options.strangersBytes)
      throw full('Strangers have filled their share of this node.');
    return [...gone];
  }

  #wanted(owner: string, leave: ReadonlySet<string>): [name: string, row: Row][] {
    return [...(this.#boxes.get(owner)?.letters ?? [])].filter(([name]) => !leave.has(name));
  }

  *#all(): Iterable<Kept> {
    for (const [owner, { letters }] of this.#boxes)
      for (const [name, row] of letters) yield { key: `${owner}/${name}`, row };
  }

  #deletes(key: string): Write[] {
    return [this.#rows.del(key), this.#letters.del(key)];
  }

  #add(owner: string, name: string, row: Row): void {
    const box = this.#boxes.get(owner) ?? { letters: new Map<string, Row>(), bytes: 0 };
    this.#boxes.set(owner, box);
    box.letters.set(name, row);
    box.bytes += row.size;
    this.#bytes += row.size;
    if (row.token === undefined) this.#strangersBytes += row.size;
    this.#count++;
  }

  #remove(owner: string, name: string): void {
    const box = this.#boxes.get(owner);
    const row = box?.letters.get(name);
    if (box === undefined || row === undefined) return;
    box.letters.delete(name);
    box.bytes -= row.size;
    this.#bytes -= row.size;
    if (row.token === undefined) this.#strangersBytes -= row.size;
    this.#count--;
    if (box.letters.size === 0) this.#boxes.delete(owner);
  }
}

function oldestFirst(letters: readonly Kept[]): Kept[] {
  return [...letters].sort((a, b) => a.row.at - b.row.at);
}

function strangersOf(letters: Iterable<Kept>): Kept[] {
  return oldestFirst([...letters].filter(({ row }) => row.token === undefined));
}

function split(key: string): [owner: string, name: string] {
  const [owner = '', name = ''] = key.split('/');
  return [owner, name];
}
