import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import { compareVersions, openRecord } from '../../protocol/record.js';
import { hex } from '../bytes.js';
import { createMutex } from '../concurrency.js';
import { unlessDamaged } from '../listed.js';
import { TokenBucket } from '../network/limits.js';
import { cborCodec, type Table, type Write } from '../store/index.js';
import type { TraderRecord, TraderRecordsDeps } from './index.js';
import { isNearTo, placesOf } from './places.js';
import { TRADER_RECORD_KINDS, type ListedKind, type TraderRecordKind } from './wire.js';

const DAY = 24 * 60 * 60 * 1000;
const MiB = 1024 * 1024;
/** A record is kept so long after its own device brought it last, or signed it: as long as a card without its seller. */
export const KEPT_FOR = 31 * DAY;
/** Of a trader who lost everything at sea the open trades are to be found half a year later. */
const CAPSULE_KEPT_FOR = 180 * DAY;
/** How many records of each kind are kept, and how many bytes of them. */
export type Shares = Readonly<Record<TraderRecordKind, { readonly records: number; readonly bytes: number }>>;
/**
 * What is kept for the network. Profiles have a few hundred, block lists and ratings up to 130 KiB: long lists take no
 * profile's place.
 */
export const SHARES: Shares = {
  profile: { records: 20_000, bytes: 16 * MiB },
  'block-list': { records: 5_000, bytes: 48 * MiB },
  capsule: { records: 20_000, bytes: 48 * MiB },
  'arbiter-offer': { records: 2_000, bytes: 8 * MiB },
  ratings: { records: 20_000, bytes: 64 * MiB },
};
/** A device brings two records a day; whoever brings many at once waits for the next minute. */
const PUTS_PER_SECOND = 0.2;
const PUT_BURST = 30;
/** Bytes of one peer: it may bring a few long lists at once, and then one every eight minutes. */
const BYTES_PER_SECOND = MiB / 3_600;
const BYTES_BURST = 2 * MiB;
/** Peers whose puts are counted. */
const MAX_PEERS = 4_096;

interface Row {
  readonly record: Uint8Array;
  readonly delegation: Uint8Array;
  /** Milliseconds UTC. */
  readonly until: number;
}

/** What is in memory of a record that is kept: enough to know which is newer. */
interface Kept {
  readonly id: TraderRecord['id'];
  readonly payload: {
    readonly seq: number;
    readonly device: Uint8Array;
    readonly kind: TraderRecordKind;
  };
  readonly bytes: number;
  readonly until: number;
  /** See `#distance`. */
  readonly distance: string;
}

/** The records of other traders that this node keeps because it is among the nearest to their keys. */
export class KeptRecords {
  readonly #deps: TraderRecordsDeps;
  readonly #shares: Shares;
  readonly #table: Table<Row>;
  readonly #kept = new Map<string, Kept>();
  readonly #buckets = new Map<string, { readonly puts: TokenBucket; readonly bytes: TokenBucket }>();
  readonly #lock = createMutex();
  readonly #bytes = { profile: 0, 'block-list': 0, capsule: 0, 'arbiter-offer': 0, ratings: 0 };
  readonly #records = { profile: 0, 'block-list': 0, capsule: 0, 'arbiter-offer': 0, ratings: 0 };

  constructor(deps: TraderRecordsDeps, shares: Shares = SHARES) {
    this.#deps = deps;
    this.#shares = shares;
    this.#table = deps.store.table('trader-records', cborCodec<Row>());
  }

  async load(): Promise<void> {
    for (const key of [...this.#kept.keys()]) this.#forget(key);
    const unusable: Write[] = [];
    for await (const [key, row] of this.#table.range()) {
      try {
        this.#remember(key, this.#reopen(row), row);
      } catch (error) {
        // Its delegation has expired, say. Whoever still needs it will bring it again.
        if (!isNiagaError(error)) throw error;
        unusable.push(this.#table.del(key));
      }
    }
    await this.#deps.store.write(unusable);
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * Takes a record that a peer brought; afterwards it is on disk.
   * @throws NiagaError RECORD_… and DELEGATION_… where it does not hold, RECORD_OLD, RATE_LIMITED, PEER_REFUSED where others
   *   are nearer to the trader's key
   */
  async put(given: { readonly record: Uint8Array; readonly delegation: Uint8Array }, peer: string): Promise<void> {
    this.#checkRate(peer, sizeOf(given));
    const record = this.#open(given);
    await this.#lock(async () => {
      const { payload } = record;
      const key = keyOf(payload.trader, payload.kind);
      const held = this.#kept.get(key);
      const order = held === undefined ? 1 : compareVersions(record, held);
      if (order < 0 && (await this.#stands(key)))
        throw new NiagaError('RECORD_OLD', `A newer ${payload.kind} of that trader is kept here.`);
      // Anybody may bring a copy, only the device itself makes it last: what its owner has given up ends.
      const refreshed = deviceToPeerId(payload.device) === peer ? this.#deps.now() : payload.created;
      const kept = Math.max(refreshed + keptFor(payload.kind), order === 0 ? (held?.until ?? 0) : 0);
      // Whoever reads it later would refuse it.
      const until = Math.min(kept, this.#deps.delegations.read(given.delegation).payload.expires);
      if (until <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'Its owner has not brought it for too long.');
      if (held === undefined) this.#checkNear(payload.trader, payload.kind);
      // Copies of their own: what came is a view of a frame.
      const row = { record: given.record.slice(), delegation: given.delegation.slice(), until };
      const gone = this.#makeRoom(key, payload, sizeOf(row));
      await this.#deps.store.write([this.#table.put(key, row), ...gone.map((one) => this.#table.del(one))]);
      for (const one of gone) this.#forget(one);
      this.#remember(key, record, row);
    });
  }

  async get(trader: Uint8Array, kind: TraderRecordKind): Promise<Omit<Row, 'until'> | undefined> {
    const key = keyOf(trader, kind);
    if ((this.#kept.get(key)?.until ?? 0) <= this.#deps.now()) return undefined;
    const row = await unlessDamaged(this.#table.get(key));
    return row === undefined ? undefined : { record: row.record, delegation: row.delegation };
  }

  /** Records of a kind whose trader need not be known, the nearest to here first: a flood of far ones hides none. */
  async list(kind: ListedKind, limit: number): Promise<Omit<Row, 'until'>[]> {
    const keys = [...this.#kept].filter(([, kept]) => kept.payload.kind === kind && kept.until > this.#deps.now());
    keys.sort(([, a], [, b]) => (a.distance < b.distance ? -1 : 1));
    const found: Omit<Row, 'until'>[] = [];
    for (const [key] of keys.slice(0, limit)) {
      const row = await unlessDamaged(this.#table.get(key));
      if (row !== undefined) found.push({ record: row.record, delegation: row.delegation });
    }
    return found;
  }

  /** Whether the device that signed what is kept was not revoked since: a thief's record keeps none of its owner's out. */
  async #stands(key: string): Promise<boolean> {
    const row = await unlessDamaged(this.#table.get(key));
    if (row === undefined) return false;
    try {
      this.#deps.delegations.read(row.delegation);
      return true;
    } catch (error) {
      if (isNiagaError(error, 'DELEGATION_REVOKED')) return false;
      throw error;
    }
  }

  /** Forgets what is over. */
  async expire(): Promise<void> {
    await this.#lock(async () => {
      const over = [...this.#kept].filter(([, { until }]) => until <= this.#deps.now());
      for (const [key] of over) this.#forget(key);
      await this.#deps.store.write(over.map(([key]) => this.#table.del(key)));
    });
  }

  #open({ record, delegation }: Pick<Row, 'record' | 'delegation'>, { timed = true } = {}): TraderRecord {
    const { networkName, verify, delegations, now } = this.#deps;
    const grant = delegations.read(delegation);
    return openRecord<TraderRecordKind>(record, {
      network: networkName,
      kinds: TRADER_RECORD_KINDS,
      delegation: () => grant,
      verify,
      ...(timed ? { now: now() } : {}),
    });
  }

  /** A row that held when it came: a clock that is behind, before it is set at a start, is no reason to lose it. */
  #reopen(row: Row): TraderRecord {
    try {
      return this.#open(row);
    } catch (error) {
      if (!isNiagaError(error, 'RECORD_TIME')) throw error;
      return this.#open(row, { timed: false });
    }
  }

  #remember(key: string, { id, payload }: TraderRecord, row: Row): void {
    this.#forget(key);
    const { seq, kind } = payload;
    const bytes = sizeOf(row);
    this.#bytes[kind] += bytes;
    this.#records[kind]++;
    this.#kept.set(key, {
      id,
      payload: { seq, kind, device: Uint8Array.from(payload.device) },
      bytes,
      until: row.until,
      distance: this.#distance(payload.trader),
    });
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes[kept.payload.kind] -= kept.bytes;
    this.#records[kept.payload.kind]--;
  }

  /** @throws NiagaError RATE_LIMITED */
  #checkRate(peer: string, size: number): void {
    const now = this.#deps.now();
    const buckets = this.#buckets.get(peer) ?? {
      puts: new TokenBucket(PUTS_PER_SECOND, PUT_BURST, now),
      bytes: new TokenBucket(BYTES_PER_SECOND, BYTES_BURST, now),
    };
    this.#buckets.delete(peer);
    this.#buckets.set(peer, buckets);
    const oldest = this.#buckets.size > MAX_PEERS ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    if (buckets.puts.take(1, now) > 0)
      throw new NiagaError('RATE_LIMITED', 'You bring more records than a trader has.');
    if (buckets.bytes.take(size, now) > 0)
      throw new NiagaError('RATE_LIMITED', 'You bring more bytes of records than one peer may.');
  }

  /** @throws NiagaError PEER_REFUSED */
  #checkNear(trader: Uint8Array, kind: TraderRecordKind): void {
    if (!isNearTo(this.#deps, trader, kind))
      throw new NiagaError('PEER_REFUSED', 'Other nodes are nearer to the key of that trader.');
  }

  /**
   * What goes so that a record has room in the share of its kind: where there are too many, the farthest from here; where there are too
   * many bytes, the largest.
   * @throws NiagaError RATE_LIMITED where the record itself is that one
   */
  #makeRoom(key: string, { kind, trader }: TraderRecord['payload'], size: number): string[] {
    const share = this.#shares[kind];
    const held = this.#kept.get(key);
    let records = this.#records[kind] - (held === undefined ? 0 : 1);
    let bytes = this.#bytes[kind] - (held?.bytes ?? 0);
    if (records < share.records && bytes + size <= share.bytes) return [];
    const others = new Map([...this.#kept].filter(([one, { payload }]) => one !== key && payload.kind === kind));
    const gone: string[] = [];
    const leave = (one: [string, Kept] | undefined): void => {
      if (one === undefined)
        throw new NiagaError('RATE_LIMITED', `This node keeps as many records of the kind ${kind} as it can.`);
      others.delete(one[0]);
      gone.push(one[0]);
      records--;
      bytes -= one[1].bytes;
    };
    while (records >= share.records) leave(farthest(others, this.#distance(trader)));
    while (bytes + size > share.bytes) leave(largest(others, size));
    return gone;
  }

  /** From here to the nearer of a trader's places, in hexadecimal. */
  #distance(trader: Uint8Array): string {
    const { directory, peerId } = this.#deps.network;
    const here = directory.get(peerId)?.kadId ?? new Uint8Array();
    const distances = this.#placesOf(trader).map((place) => hex(place.map((byte, at) => byte ^ (here[at] ?? 0))));
    return distances.sort()[0] ?? '';
  }

  #placesOf(trader: Uint8Array): Uint8Array[] {
    return placesOf(this.#deps.networkName, trader).map(({ kadId }) => kadId);
  }
}

/** The one farthest from here, where it is farther than `distance`. */
function farthest(among: ReadonlyMap<string, Kept>, distance: string): [string, Kept] | undefined {
  let found: [string, Kept] | undefined;
  for (const one of among) if (one[1].distance > (found?.[1].distance ?? distance)) found = one;
  return found;
}

/** The largest, where it is larger than `size`. */
function largest(among: ReadonlyMap<string, Kept>, size: number): [string, Kept] | undefined {
  let found: [string, Kept] | undefined;
  for (const one of among) if (one[1].bytes > (found?.[1].bytes ?? size)) found = one;
  return found;
}

function keptFor(kind: TraderRecordKind): number {
  return kind === 'capsule' ? CAPSULE_KEPT_FOR : KEPT_FOR;
}

function keyOf(trader: Uint8Array, kind: TraderRecordKind): string {
  return `${traderToText(trader)}/${kind}`;
}

function sizeOf({ record, delegation }: Pick<Row, 'record' | 'delegation'>): number {
  return record.length + delegation.length;
}
