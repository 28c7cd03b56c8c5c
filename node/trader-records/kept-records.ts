import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import { compareVersions, openRecord } from '../../protocol/record.js';
import { placeOf, SALTS, traderKey } from '../../protocol/search/posting-keys.js';
import { createMutex } from '../concurrency.js';
import { LOOKUP_SIZE } from '../network/index.js';
import { TokenBucket } from '../network/limits.js';
import { cborCodec, type Table, type Write } from '../store/index.js';
import type { TraderRecord, TraderRecordsDeps } from './index.js';
import { TRADER_RECORD_KINDS, type TraderRecordKind } from './wire.js';

const DAY = 24 * 60 * 60 * 1000;
const MiB = 1024 * 1024;
/** A record is kept so long after its own device brought it last, or signed it: as long as a card without its seller. */
export const KEPT_FOR = 31 * DAY;
/** Records kept for the network, and their bytes: profiles have a few hundred, block lists up to half a MiB. */
const MAX_RECORDS = 20_000;
const MAX_BYTES = 64 * MiB;
/** A device brings two records a day; whoever brings many at once waits for the next minute. */
const PUTS_PER_SECOND = 0.2;
const PUT_BURST = 30;
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
  readonly payload: { readonly seq: number; readonly device: Uint8Array };
  readonly bytes: number;
  readonly until: number;
}

/** The records of other traders that this node keeps because it is among the nearest to their keys. */
export class KeptRecords {
  readonly #deps: TraderRecordsDeps;
  readonly #table: Table<Row>;
  readonly #kept = new Map<string, Kept>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #lock = createMutex();
  #bytes = 0;

  constructor(deps: TraderRecordsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('trader-records', cborCodec<Row>());
  }

  async load(): Promise<void> {
    this.#kept.clear();
    this.#bytes = 0;
    const unusable: Write[] = [];
    for await (const [key, row] of this.#table.range()) {
      try {
        this.#remember(key, this.#open(row), row);
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
    this.#checkRate(peer);
    const record = this.#open(given);
    await this.#lock(async () => {
      const { payload } = record;
      const key = keyOf(payload.trader, payload.kind);
      const held = this.#kept.get(key);
      const order = held === undefined ? 1 : compareVersions(record, held);
      if (order < 0) throw new NiagaError('RECORD_OLD', `A newer ${payload.kind} of that trader is kept here.`);
      // Anybody may bring a copy, only the device itself makes it last: what its owner has given up ends.
      const refreshed = deviceToPeerId(payload.device) === peer ? this.#deps.now() : payload.created;
      const until = Math.max(refreshed + KEPT_FOR, order === 0 ? (held?.until ?? 0) : 0);
      if (until <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'Its owner has not brought it for too long.');
      if (held === undefined) this.#checkRoom(payload.trader);
      // Copies of their own: what came is a view of a frame.
      const row = { record: given.record.slice(), delegation: given.delegation.slice(), until };
      this.#checkBytes(row, held);
      await this.#deps.store.write([this.#table.put(key, row)]);
      this.#remember(key, record, row);
    });
  }

  async get(trader: Uint8Array, kind: TraderRecordKind): Promise<Omit<Row, 'until'> | undefined> {
    const key = keyOf(trader, kind);
    if ((this.#kept.get(key)?.until ?? 0) <= this.#deps.now()) return undefined;
    const row = await this.#table.get(key);
    return row === undefined ? undefined : { record: row.record, delegation: row.delegation };
  }

  /** Forgets what is over. */
  async expire(): Promise<void> {
    await this.#lock(async () => {
      const over = [...this.#kept].filter(([, { until }]) => until <= this.#deps.now());
      for (const [key, { bytes }] of over) {
        this.#kept.delete(key);
        this.#bytes -= bytes;
      }
      await this.#deps.store.write(over.map(([key]) => this.#table.del(key)));
    });
  }

  #open({ record, delegation }: Pick<Row, 'record' | 'delegation'>): TraderRecord {
    const { networkName, verify, delegations, now } = this.#deps;
    const grant = delegations.read(delegation);
    return openRecord<TraderRecordKind>(record, {
      network: networkName,
      kinds: TRADER_RECORD_KINDS,
      delegation: () => grant,
      verify,
      now: now(),
    });
  }

  #remember(key: string, { id, payload }: TraderRecord, row: Row): void {
    const bytes = sizeOf(row);
    this.#bytes += bytes - (this.#kept.get(key)?.bytes ?? 0);
    this.#kept.set(key, {
      id,
      payload: { seq: payload.seq, device: Uint8Array.from(payload.device) },
      bytes,
      until: row.until,
    });
  }

  /** @throws NiagaError RATE_LIMITED */
  #checkRate(peer: string): void {
    const now = this.#deps.now();
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(PUTS_PER_SECOND, PUT_BURST, now);
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    const oldest = this.#buckets.size > MAX_PEERS ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    if (bucket.take(1, now) > 0) throw new NiagaError('RATE_LIMITED', 'You bring more records than a trader has.');
  }

  /** @throws NiagaError PEER_REFUSED, RATE_LIMITED */
  #checkRoom(trader: Uint8Array): void {
    const { network, networkName } = this.#deps;
    const key = traderKey(traderToText(trader));
    const near = SALTS.some((salt) =>
      network.directory.closest(placeOf(networkName, key, salt).kadId, LOOKUP_SIZE).some(({ self }) => self),
    );
    if (!near) throw new NiagaError('PEER_REFUSED', 'Other nodes are nearer to the key of that trader.');
    if (this.#kept.size >= MAX_RECORDS)
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many records as it can.');
  }

  /** @throws NiagaError RATE_LIMITED */
  #checkBytes(row: Row, held: Kept | undefined): void {
    if (this.#bytes - (held?.bytes ?? 0) + sizeOf(row) > MAX_BYTES) {
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many bytes of records as it can.');
    }
  }
}

function keyOf(trader: Uint8Array, kind: TraderRecordKind): string {
  return `${traderToText(trader)}/${kind}`;
}

function sizeOf({ record, delegation }: Row): number {
  return record.length + delegation.length;
}
