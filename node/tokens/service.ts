import { setMaxListeners } from 'node:events';
import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import { SCOPES, type Scope } from '../api/operation.js';
import type { SecretTokenView, TokenView } from '../api/rows/token.js';
import { createMutex } from '../concurrency.js';
import { cborCodec, type Table } from '../store/index.js';
import type { Caller, LinkCode, NewToken, Tokens, TokensDeps } from './index.js';
import { Links } from './links.js';
import { digestOf, newToken, sameDigest } from './secret.js';

const day = 24 * 60 * 60 * 1000;
/** More programs than one node serves; all of them are compared at each request. */
const MAX_TOKENS = 100;
/** Pages open at the same time; the one that was let in first gives way. */
const MAX_PAGES = 32;
/** Begins the names of pages; no token that is made by name has such a one. */
const PAGE = 'page-';
/** The name of the owner, whose token is in the file of the API. */
const RESERVED: ReadonlySet<string> = new Set(['owner']);
/** Of a digest, to tell tokens apart: among a hundred no two are alike. */
const ID_BYTES = 12;
/** The longest time that a timer of Node.js can be set to. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Row {
  readonly digest: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly created: number;
  readonly expires?: number;
}

interface Entry extends Caller {
  readonly row: Row;
  readonly ending: AbortController;
  timer?: NodeJS.Timeout;
}

export class TokenService implements Tokens {
  readonly #deps: TokensDeps;
  readonly #table: Table<Row>;
  readonly #links: Links;
  readonly #entries = new Map<string, Entry>();
  readonly #lock = createMutex();
  #pages = 0;

  constructor(deps: TokensDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('api-tokens', cborCodec<Row>());
    this.#links = new Links(deps.now);
  }

  async start(): Promise<void> {
    for await (const [name, row] of this.#table.range({ limit: MAX_TOKENS })) {
      // What a later version knows more of than this one allows nothing here.
      const scopes = row.scopes.filter((scope) => SCOPES.includes(scope));
      if (!this.#entries.has(name)) this.#add(name, { ...row, scopes });
    }
  }

  async stop(): Promise<void> {
    this.#links.clear();
    for (const name of [...this.#entries.keys()]) {
      this.#drop(name, new NiagaError('STOPPED', 'The node is stopping.'));
    }
  }

  create(name: string, { scopes, days }: NewToken): Promise<SecretTokenView> {
    return this.#lock(async () => {
      // Nobody can see those whose time is over, or end them: they make room.
      const ended = [...this.#entries.values()].filter(({ row }) => this.#isOver(row)).map((entry) => entry.name);
      for (const one of ended) this.#drop(one, over());
      this.#requireFree(name);
      this.#requireRoom();
      const token = newToken();
      const created = this.#deps.now();
      const expires = days === undefined ? {} : { expires: created + days * day };
      const row = { digest: digestOf(token), scopes: unique(scopes), created, ...expires };
      const gone = ended.filter((one) => one !== name).map((one) => this.#table.del(one));
      await this.#deps.store.write([...gone, this.#table.put(name, row)]);
      return { ...viewOf(name, this.#add(name, row).row), token };
    });
  }

  list(): TokenView[] {
    const entries = [...this.#entries].filter(([, { row }]) => !this.#isOver(row));
    return entries.map(([name, { row }]) => viewOf(name, row)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  revoke(name: string): Promise<TokenView> {
    return this.#lock(async () => {
      const entry = this.#entries.get(name);
      if (entry === undefined) {
        throw new NiagaError('TOKEN_NOT_FOUND', `There is no token ${quote(name)}.`, {
          where: 'name',
          next: 'niaga token list',
        });
      }
      await this.#end(name);
      return viewOf(name, entry.row);
    });
  }

  end({ name, id }: Caller): Promise<boolean> {
    return this.#lock(async () => {
      // One that was made meanwhile under its name is another.
      if (this.#entries.get(name)?.id !== id) return false;
      await this.#end(name);
      return true;
    });
  }

  find(token: string): Caller | undefined {
    const digest = digestOf(token);
    let found: Entry | undefined;
    // All are compared, whichever it is.
    for (const entry of this.#entries.values()) if (sameDigest(entry.row.digest, digest)) found = entry;
    return found === undefined || this.#isOver(found.row) ? undefined : found;
  }

  link(scopes: readonly Scope[], name?: string): LinkCode {
    if (name !== undefined) this.#requireFree(name);
    return this.#links.make({ scopes: unique(scopes), name });
  }

  async redeem(code: string): Promise<SecretTokenView> {
    const { scopes, name } = this.#links.take(code);
    return name === undefined ? this.#letIn(scopes) : this.create(name, { scopes });
  }

  /** Lets a page in, whose token ends with the node. */
  #letIn(scopes: readonly Scope[]): SecretTokenView {
    const pages = [...this.#entries.keys()].filter(isPage);
    const [oldest] = pages;
    if (pages.length >= MAX_PAGES && oldest !== undefined) this.#drop(oldest, over());
    const token = newToken();
    const name = `${PAGE}${++this.#pages}`;
    const row = { digest: digestOf(token), scopes, created: this.#deps.now() };
    return { ...viewOf(name, this.#add(name, row).row), token };
  }

  async #end(name: string): Promise<void> {
    // Before the disk has it: from now on the token lets nobody in.
    this.#drop(name, new NiagaError('API_TOKEN', 'The token was revoked.'));
    if (!isPage(name)) await this.#deps.store.write([this.#table.del(name)]);
  }

  #requireFree(name: string): void {
    if (RESERVED.has(name) || name.startsWith(PAGE)) throw badName(name, 'is reserved', 'Choose another name.');
    const entry = this.#entries.get(name);
    if (entry === undefined || this.#isOver(entry.row)) return;
    throw badName(name, 'is that of a token that works', `End that one first: niaga token revoke ${name}`);
  }

  #requireRoom(): void {
    const named = [...this.#entries.keys()].filter((name) => !isPage(name));
    if (named.length < MAX_TOKENS) return;
    throw new NiagaError('TOKEN_LIMIT', `There are ${MAX_TOKENS} tokens already.`, {
      next: 'Revoke one that nobody needs: niaga token list, niaga token revoke NAME',
    });
  }

  #isOver({ expires }: Row): boolean {
    return expires !== undefined && expires <= this.#deps.now();
  }

  #add(name: string, row: Row): Entry {
    const ending = new AbortController();
    // All that runs in the token's name listens to it.
    setMaxListeners(0, ending.signal);
    const entry: Entry = { name, id: idOf(row.digest), scopes: new Set(row.scopes), ended: ending.signal, row, ending };
    this.#entries.set(name, entry);
    this.#watch(entry);
    return entry;
  }

  /** Ends what runs in a token's name when its time is over. */
  #watch(entry: Entry): void {
    const { expires } = entry.row;
    if (expires === undefined) return;
    const left = Math.max(0, expires - this.#deps.now());
    const onTime = (): void => (this.#isOver(entry.row) ? entry.ending.abort(over()) : this.#watch(entry));
    entry.timer = setTimeout(onTime, Math.min(left + 1, LONGEST_TIMER)).unref();
  }

  #drop(name: string, why: NiagaError): void {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    clearTimeout(entry?.timer);
    entry?.ending.abort(why);
  }
}

/** Nothing can be learnt of a token by a part of its digest. */
function idOf(digest: Uint8Array): string {
  return Buffer.from(digest.subarray(0, ID_BYTES)).toString('base64url');
}

function isPage(name: string): boolean {
  return name.startsWith(PAGE);
}

function unique(scopes: readonly Scope[]): Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}

function viewOf(name: string, { scopes, created, expires }: Row): TokenView {
  return { name, scopes: [...scopes], created, ...(expires === undefined ? {} : { expires }), page: isPage(name) };
}

function over(): NiagaError {
  return new NiagaError('API_TOKEN', 'The time of the token is over.');
}

function badName(name: string, why: string, next: string): NiagaError {
  return new NiagaError('TOKEN_NAME', `The name ${quote(name)} ${why}.`, { where: 'name', next });
}
