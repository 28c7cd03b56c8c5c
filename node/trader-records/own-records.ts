import type { CID } from 'multiformats/cid';
import { encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { KINDS } from '../../protocol/kinds.js';
import { equalBytes } from '../../protocol/ids.js';
import { openRecord, signRecord, type Draft } from '../../protocol/record.js';
import { QUORUM } from '../../protocol/search/posting-keys.js';
import { createMutex } from '../concurrency.js';
import { unlessDamaged } from '../listed.js';
import { whenMet } from '../meeting.js';
import { cborCodec, rawCodec, type Table } from '../store/index.js';
import type { Published, TraderItem, TraderRecord, TraderRecordsDeps } from './index.js';
import { TRADER_RECORD_KINDS, type TraderRecordKind } from './wire.js';

const minute = 60 * 1000;
/** Nodes keep a record for weeks; the nodes around a key change within days. */
const REFRESH = 24 * 60 * minute;
/**
 * A record that too few nodes keep is brought out again so long after it was first brought out in vain, each time after
 * twice as long, and at last this often: nodes that were only busy take it in seconds, and where there are none it costs little.
 */
const FIRST_RETRY = 5_000;
const RETRY = 10 * minute;
const CHECK = FIRST_RETRY;
/** Nodes come in groups: a record that nobody keeps is brought out so long after the first one. */
const PEER_DELAY = 1_000;
/** Versions that said the same: two a year are signed only because the delegation is a new one. */
const MAX_EARLIER = 16;

export interface OwnRecordsDeps extends TraderRecordsDeps {
  /** Gives it to the nodes responsible. `older`: one of them keeps a newer version. */
  readonly bringOut: (record: TraderRecord, signal: AbortSignal) => Promise<{ replicas: number; older: boolean }>;
  /** The newest own version that the network has. */
  readonly newest: (kind: TraderRecordKind, signal: AbortSignal) => Promise<TraderRecord | undefined>;
}

interface Own {
  record: TraderRecord;
  /** Ids of the versions before it that said the same, the newest first. */
  earlier: readonly CID[];
  /** Other nodes that took it when it was brought out last. */
  replicas: number;
  /** When that was begun; milliseconds UTC, 0: never since the start. */
  tried: number;
  /** How many times in a row too few took it. */
  failures: number;
}

/** What this trader says of itself: signed here, and brought out every day. */
export class OwnRecords {
  readonly #deps: OwnRecordsDeps;
  readonly #table: Table<Uint8Array>;
  readonly #earlier: Table<readonly CID[]>;
  readonly #own = new Map<TraderRecordKind, Own>();
  /** Versions follow one another. */
  readonly #lock = createMutex();
  #stopping = new AbortController();
  /** Kinds of which this run has taken over what another device had said. */
  readonly #wentOn = new Set<TraderRecordKind>();
  #ends: (() => void)[] = [];
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: OwnRecordsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('own-trader-records', rawCodec);
    this.#earlier = deps.store.table('own-trader-records-earlier', cborCodec<readonly CID[]>());
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#own.clear();
    for (const kind of TRADER_RECORD_KINDS) {
      const record = await this.#read(kind);
      if (record === undefined) continue;
      const earlier = (await unlessDamaged(this.#earlier.get(kind))) ?? [];
      this.#own.set(kind, { record, earlier, replicas: 0, tried: 0, failures: 0 });
    }
    if (this.#writes()) {
      await this.#takeName();
      for (const kind of [...this.#own.keys()]) await this.#renew(kind);
    }
    const { network } = this.#deps;
    const timer = setInterval(() => this.#inBackground((own) => this.#isDue(own)), CHECK).unref();
    this.#ends = [
      whenMet(network, PEER_DELAY, () => {
        for (const own of this.#own.values()) own.failures = 0;
        this.#inBackground(({ replicas }) => replicas < QUORUM);
      }),
      () => clearInterval(timer),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#work;
    await this.#lock(() => Promise.resolve());
  }

  /**
   * Goes on from what the network knows: what another device of the trader signed is signed here in the next version.
   * @returns for each kind whether there was one that another device signed
   * @throws NiagaError PEER_UNREACHABLE
   */
  async takeOver(kinds: readonly TraderRecordKind[]): Promise<boolean[]> {
    const found: boolean[] = [];
    for (const kind of kinds) {
      await this.#lock(async () => {
        const known = await this.#deps.newest(kind, this.#stopping.signal);
        if (known !== undefined && (this.#isForeign(known) || known.payload.seq >= this.#nextSeq(kind))) {
          await this.#goOn(kind, known);
          await this.#bringOut(kind);
        }
        found.push(this.#wentOn.has(kind));
      });
    }
    return found;
  }

  get<K extends TraderRecordKind>(kind: K): TraderRecord<K> | undefined {
    return this.#own.get(kind)?.record as TraderRecord<K> | undefined;
  }

  /** Ids of the versions before this own one that said the same. */
  earlier({ id, payload }: TraderRecord): readonly CID[] {
    const own = this.#own.get(payload.kind);
    return own?.record.id.equals(id) === true ? own.earlier : [];
  }

  async publish<K extends TraderRecordKind>(kind: K, item: TraderItem<K>): Promise<Published<K>> {
    if (!this.#writes())
      throw new NiagaError('WRITER_OTHER', 'Another device of this trader writes: it publishes what the trader says.');
    return this.#lock(async () => {
      const known = await this.#others(kind);
      if (known === undefined) await this.#sign(kind, item, this.#nextSeq(kind));
      else await this.#goOn(kind, known, item);
      const replicas = await this.#bringOut(kind);
      await this.#bringOwed();
      return { record: this.get(kind) as TraderRecord<K>, replicas };
    });
  }

  /** The name that the identity was made with becomes the profile. */
  async #takeName(): Promise<void> {
    const { name } = this.#deps.identity;
    const profile = this.get('profile');
    if (profile === undefined ? name !== '' : name !== '' && profile.payload.item.name !== name)
      await this.#sign('profile', { ...profile?.payload.item, name }, this.#nextSeq('profile'));
  }

  /** What an earlier delegation let sign is signed anew: nobody keeps or reads it any more once that delegation ends. */
  async #renew(kind: TraderRecordKind): Promise<void> {
    const record = this.get(kind);
    if (record === undefined || !this.#isOutdated(record)) return;
    await this.#sign(kind, record.payload.item, this.#nextSeq(kind));
  }

  #isOutdated({ delegation }: TraderRecord): boolean {
    return delegation?.equals(this.#deps.identity.delegation.id) !== true;
  }

  /** What another device of the trader said last, where this one has said nothing yet. @throws NiagaError PEER_UNREACHABLE */
  async #others<K extends TraderRecordKind>(kind: K): Promise<TraderRecord<K> | undefined> {
    if (this.get(kind) !== undefined || this.#deps.hasOthers?.() !== true) return undefined;
    return (await this.#deps.newest(kind, this.#stopping.signal)) as TraderRecord<K> | undefined;
  }

  /** Where another device writes for the trader, it is that one that speaks for it too. */
  #writes(): boolean {
    return this.#deps.mayWrite?.() !== false;
  }

  #nextSeq(kind: TraderRecordKind): number {
    return (this.#own.get(kind)?.record.payload.seq ?? 0) + 1;
  }

  #isForeign({ payload }: TraderRecord): boolean {
    return !equalBytes(payload.device, this.#deps.identity.device);
  }

  /** Signs what comes after a version that the network knows; what another device said in it is not lost. */
  async #goOn<K extends TraderRecordKind>(
    kind: K,
    known: TraderRecord<K>,
    item: TraderItem<K> | undefined = this.get(kind)?.payload.item,
  ): Promise<void> {
    const { item: before, seq } = known.payload;
    const next = item === undefined ? before : goingOn(before, item);
    await this.#sign(kind, next, Math.max(this.#nextSeq(kind), seq + 1), known);
    if (this.#isForeign(known)) this.#wentOn.add(kind);
  }

  /** @param known the newest that the network has, where that is another than the own */
  async #sign<K extends TraderRecordKind>(
    kind: K,
    item: TraderItem<K>,
    seq: number,
    known?: TraderRecord<K>,
  ): Promise<void> {
    const { identity, now, store } = this.#deps;
    const draft = { slot: kind, seq, item } as unknown as Draft<K>;
    const record: TraderRecord = signRecord(kind, draft, identity, { network: identity.network, created: now() });
    const own = this.#own.get(kind);
    const earlier = [
      ...(known !== undefined && saysSame(record, known) ? [known.id] : []),
      ...(own !== undefined && saysSame(record, own.record) ? [own.record.id, ...own.earlier] : []),
    ].slice(0, MAX_EARLIER);
    await store.write([this.#table.put(kind, record.bytes), this.#earlier.put(kind, earlier)]);
    this.#own.set(kind, { record, earlier, replicas: 0, tried: 0, failures: 0 });
  }

  /** What was said before goes out too, so that whoever finds the last word finds all of them. */
  async #bringOwed(): Promise<void> {
    for (const [kind, { tried, replicas }] of [...this.#own])
      if (tried === 0 || replicas === 0) await this.#bringOut(kind);
  }

  /** Gives how many nodes keep it now. */
  async #bringOut(kind: TraderRecordKind): Promise<number> {
    const { bringOut, newest, now } = this.#deps;
    const { signal } = this.#stopping;
    for (let again = false; ; again = true) {
      const own = this.#own.get(kind);
      if (own === undefined || signal.aborted) return 0;
      own.tried = now();
      const { replicas, older } = await bringOut(own.record, signal);
      own.replicas = replicas;
      own.failures = replicas < QUORUM ? own.failures + 1 : 0;
      if (!older || again) return replicas;
      // The home was set back: what it signs next must come after what the network knows.
      const known = await newest(kind, signal);
      if (known === undefined || known.payload.seq < own.record.payload.seq) return replicas;
      await this.#goOn(kind, known);
    }
  }

  #isDue({ record, tried, replicas, failures }: Own): boolean {
    if (this.#isOutdated(record)) return true;
    // What was tried far ahead was tried before the clock was set back.
    const since = Math.abs(this.#deps.now() - tried);
    if (replicas >= QUORUM) return since >= REFRESH;
    return since >= Math.min(RETRY, FIRST_RETRY * 2 ** Math.max(0, failures - 1));
  }

  /** Brings out what is due, each kind under the delegation of today: that changes while the node runs. */
  #inBackground(due: (own: Own) => boolean): void {
    const kinds = this.#writes() ? [...this.#own].filter(([, own]) => due(own)).map(([kind]) => kind) : [];
    if (kinds.length === 0 || this.#stopping.signal.aborted) return;
    const task = async (): Promise<void> => {
      for (const kind of kinds) {
        try {
          await this.#lock(async () => {
            // It waited: it may be done by now, or another device's to do.
            const own = this.#own.get(kind);
            if (own === undefined || !due(own) || !this.#writes()) return;
            await this.#renew(kind);
            await this.#bringOut(kind);
          });
        } catch (error) {
          if (this.#stopping.signal.aborted) return;
          this.#deps.logger.warn({ kind, error: String(error) }, 'an own record could not be brought out');
        }
      }
    };
    this.#work = this.#work.then(task);
  }

  async #read(kind: TraderRecordKind): Promise<TraderRecord | undefined> {
    const { networkName, identity, verify, logger } = this.#deps;
    try {
      const bytes = await this.#table.get(kind);
      if (bytes === undefined) return undefined;
      return openRecord<TraderRecordKind>(bytes, {
        network: networkName,
        kinds: [kind],
        delegation: (id) => identity.delegationOf(id),
        verify,
      });
    } catch (error) {
      // What the disk has lost is signed again where it can be, and comes after what the network knows.
      if (!isNiagaError(error)) throw error;
      logger.warn({ kind, error: error.code }, 'an own record could not be read');
      return undefined;
    }
  }
}

/** What is said now, and what was said before and is not said otherwise; a device without a name takes none away. */
function goingOn<Item extends object>(before: Item, item: Item): Item {
  const unnamed = 'name' in item && item.name === '';
  return { ...before, ...item, ...(unnamed && 'name' in before ? { name: before.name } : {}) };
}

/** Whether two versions differ only in when, by which device and under which delegation they were signed. */
function saysSame({ payload: a }: TraderRecord, { payload: b }: TraderRecord): boolean {
  const { maxBytes } = KINDS[a.kind];
  return equalBytes(encode(a.item, { maxBytes }), encode(b.item, { maxBytes }));
}
