import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import type { Delegation, Revocation } from '../../protocol/identity/delegation.js';
import {
  compareLeases,
  epochObjection,
  LEASE_SKEW,
  leaseObjection,
  type Writer,
} from '../../protocol/identity/writer.js';
import {
  checkNotAhead,
  delegationEnded,
  hasEnded,
  openRecord,
  type SignedRecord,
  type Verify,
} from '../../protocol/record.js';
import { hex } from '../bytes.js';
import { createMutex } from '../concurrency.js';
import type { Table, Write } from '../store/index.js';

/**
 * The kinds of records about a trader's devices, in the order in which they are learnt: a lease counts only after what ends another.
 * A writer's lease carries its device's delegation.
 */
export const DEVICE_KINDS = ['delegation', 'revocation', 'writer'] as const;
export type DeviceRecord = SignedRecord<Delegation | Revocation | Writer>;

/** Devices of one trader that are remembered, and statements that they are revoked. */
const MAX_DEVICES = 32;
const MAX_REVOCATIONS = 64;
/**
 * Delegations of each own device that are kept: renewed twice a year, for 32 years. Only the root signs them, so nobody else can bring
 * more. Of another trader's device the newest counts alone.
 */
export const MAX_DELEGATIONS = 64;
/** Other traders of whose devices something is kept; the one that was met longest ago goes first. */
export const MAX_TRADERS = 10_000;
/** Bytes of what is kept of other traders: revocations in many trades are long. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Where it is too much, so much room is made that not each of a flood makes some. */
const ROOM = 0.95;

/** What is known of one trader's devices. */
interface Known {
  readonly trader: Uint8Array;
  /** By device, the newest first. */
  readonly delegations: Map<string, readonly SignedRecord<Delegation>[]>;
  readonly revocations: Map<string, SignedRecord<Revocation>>;
  writer: SignedRecord<Writer> | undefined;
  bytes: number;
}

/** What a node knows of traders' devices: who may sign, who may not any more, and who writes. It outlives restarts. */
export interface DeviceBook {
  load(): Promise<void>;
  /**
   * Verifies records and keeps the new ones; afterwards they are on disk. One that does not hold is left out and does not
   * hinder the others.
   * @param may whether a trader of whom nothing is known yet may be taken up. Default: any
   */
  learn(records: readonly Uint8Array[], may?: (trader: Uint8Array) => boolean): Promise<Learnt>;
  /** The envelopes of all that says how a trader's devices stand now. */
  recordsOf(trader: Uint8Array): Uint8Array[];
  /** The newest delegation of each device that is known. */
  devicesOf(trader: Uint8Array): SignedRecord<Delegation>[];
  /**
   * All delegations that are known. Of the own devices also those from before a renewal, which listings of that time name, and those
   * of devices that were revoked.
   */
  delegationsOf(trader: Uint8Array): SignedRecord<Delegation>[];
  revocationsOf(trader: Uint8Array, device: Uint8Array): SignedRecord<Revocation>[];
  isRevoked(trader: Uint8Array, device: Uint8Array): boolean;
  writerOf(trader: Uint8Array): SignedRecord<Writer> | undefined;
  /** Whether anything is known of a trader's devices. */
  knows(trader: Uint8Array): boolean;
  /** Called with what was new, once it is on disk. Gives back the end of it. */
  onLearnt(listener: (records: readonly DeviceRecord[]) => void): () => void;
}

interface Learnt {
  readonly records: readonly DeviceRecord[];
  /** Why something was refused. */
  readonly refused: readonly NiagaError[];
}

export interface DeviceBookOptions {
  readonly table: Table<Uint8Array>;
  readonly write: (writes: readonly Write[]) => Promise<void>;
  readonly network: string;
  /** The own trader, of whom nothing is ever forgotten. */
  readonly own: Uint8Array;
  readonly verify: Verify;
  readonly now: () => number;
  /** Traders with whom something is under way: keys cost nothing, and a flood of them is not to drive out who was revoked. Default: none. */
  readonly needed?: (() => Iterable<Uint8Array>) | undefined;
}

export function createDeviceBook(options: DeviceBookOptions): DeviceBook {
  return new Book(options);
}

class Book implements DeviceBook {
  readonly #options: DeviceBookOptions;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<(records: readonly DeviceRecord[]) => void>();
  readonly #lock = createMutex();
  #bytes = 0;

  constructor(options: DeviceBookOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    this.#known.clear();
    this.#bytes = 0;
    for await (const [, bytes] of this.#options.table.range()) {
      try {
        this.#take(this.#open(bytes));
      } catch (error) {
        // Whoever needs it will bring it again: one bad row is no reason not to start.
        if (!isNiagaError(error)) throw error;
      }
    }
  }

  learn(records: readonly Uint8Array[], may: (trader: Uint8Array) => boolean = () => true): Promise<Learnt> {
    return this.#lock(async () => {
      const learnt: DeviceRecord[] = [];
      const refused: NiagaError[] = [];
      const writes: Write[] = [];
      const attempt = (task: () => void): void => {
        try {
          task();
        } catch (error) {
          if (!isNiagaError(error)) throw error;
          refused.push(error);
        }
      };
      const opened: DeviceRecord[] = [];
      for (const bytes of records) attempt(() => opened.push(this.#open(bytes.slice())));
      const rank = ({ payload }: DeviceRecord): number => DEVICE_KINDS.indexOf(payload.kind);
      for (const record of opened.sort((a, b) => rank(a) - rank(b))) {
        attempt(() => {
          const { trader } = record.payload;
          this.#checkArrived(record);
          if (!this.knows(trader) && !equalBytes(trader, this.#options.own) && !may(trader))
            throw new NiagaError('PEER_REFUSED', 'Nothing of that trader is kept here.');
          const change = this.#take(record);
          if (change === undefined) return;
          learnt.push(record);
          writes.push(...change);
        });
      }
      writes.push(...this.#makeRoom());
      if (writes.length > 0) await this.#options.write(writes);
      if (learnt.length > 0) for (const listener of this.#listeners) listener(learnt);
      return { records: learnt, refused };
    });
  }

  recordsOf(trader: Uint8Array): Uint8Array[] {
    const known = this.#of(trader);
    if (known === undefined) return [];
    return [
      ...this.devicesOf(trader).map(({ bytes }) => bytes),
      ...[...known.revocations.values()].map(({ bytes }) => bytes),
      ...(known.writer === undefined ? [] : [known.writer.bytes]),
    ];
  }

  devicesOf(trader: Uint8Array): SignedRecord<Delegation>[] {
    return [...(this.#of(trader)?.delegations.values() ?? [])].flatMap((all) => all.slice(0, 1));
  }

  delegationsOf(trader: Uint8Array): SignedRecord<Delegation>[] {
    return [...(this.#of(trader)?.delegations.values() ?? [])].flat();
  }

  revocationsOf(trader: Uint8Array, device: Uint8Array): SignedRecord<Revocation>[] {
    const all = [...(this.#of(trader)?.revocations.values() ?? [])];
    return all.filter(({ payload }) => equalBytes(payload.revoked, device));
  }

  isRevoked(trader: Uint8Array, device: Uint8Array): boolean {
    return this.#known.size > 0 && this.revocationsOf(trader, device).length > 0;
  }

  writerOf(trader: Uint8Array): SignedRecord<Writer> | undefined {
    return this.#of(trader)?.writer;
  }

  knows(trader: Uint8Array): boolean {
    return this.#of(trader) !== undefined;
  }

  onLearnt(listener: (records: readonly DeviceRecord[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(trader: Uint8Array): Known | undefined {
    return this.#known.get(hex(trader));
  }

  #open(bytes: Uint8Array): DeviceRecord {
    const { network, verify } = this.#options;
    return openRecord<(typeof DEVICE_KINDS)[number]>(bytes, { network, kinds: DEVICE_KINDS, verify });
  }

  /**
   * A lease that a device has signed counts as news only while the device may sign: when it was made is its word alone, and whoever finds
   * an old machine could say with its keys who writes. Nor does one count that is dated ahead: it would say that the lease before was over.
   * @throws NiagaError DELEGATION_EXPIRED, RECORD_TIME, WRITER_INVALID
   */
  #checkArrived(record: DeviceRecord): void {
    const { payload, until } = record;
    if (isDelegation(payload) || isRevocation(payload) || until === undefined) return;
    const now = this.#options.now();
    if (hasEnded(record, now)) throw delegationEnded(payload.kind, until);
    checkNotAhead(payload, now, LEASE_SKEW);
    checkLease(epochObjection({ payload }, now));
  }

  /** Gives the writes that keep it; undefined where it says nothing new. @throws NiagaError where it may not stand */
  #take(record: DeviceRecord): Write[] | undefined {
    const { payload } = record;
    const name = hex(payload.trader);
    const known = this.#known.get(name) ?? newOne(payload.trader);
    const change = this.#change(known, record);
    if (change === undefined) return undefined;
    // Met again: it is forgotten after the others.
    this.#known.delete(name);
    this.#known.set(name, known);
    this.#bytes -= known.bytes;
    known.bytes = sizeOf(known);
    this.#bytes += known.bytes;
    return change;
  }

  #change(known: Known, record: DeviceRecord): Write[] | undefined {
    const { table } = this.#options;
    const { payload } = record;
    const trader = traderToText(payload.trader);
    if (isDelegation(payload)) return this.#changeDelegations(known, record as SignedRecord<Delegation>);
    if (isRevocation(payload)) {
      const name = record.id.toString();
      if (known.revocations.has(name)) return undefined;
      if (known.revocations.size >= MAX_REVOCATIONS) throw full('revocations');
      known.revocations.set(name, record as SignedRecord<Revocation>);
      const writes = [table.put(`${trader}/revocation/${name}`, record.bytes)];
      // What a device signed that is revoked does not say who writes.
      if (known.writer !== undefined && equalBytes(known.writer.payload.device, payload.revoked)) {
        known.writer = undefined;
        writes.push(table.del(`${trader}/writer`));
      }
      return writes;
    }
    const lease = record as SignedRecord<Writer>;
    const revoked = [...known.revocations.values()].some(({ payload: one }) => equalBytes(one.revoked, payload.device));
    if (revoked) throw new NiagaError('DELEGATION_REVOKED', 'The device that signed the lease was revoked.');
    if (known.writer !== undefined) {
      if (compareLeases(lease, known.writer) <= 0) return undefined;
      checkLease(leaseObjection(lease, known.writer));
    }
    known.writer = lease;
    return [table.put(`${trader}/writer`, record.bytes)];
  }

  #changeDelegations(known: Known, record: SignedRecord<Delegation>): Write[] | undefined {
    const { table, own } = this.#options;
    const { trader, delegate } = record.payload;
    const name = hex(delegate);
    const before = known.delegations.get(name) ?? [];
    if (before.some(({ id }) => id.equals(record.id))) return undefined;
    if (before.length === 0 && known.delegations.size >= MAX_DEVICES) throw full('devices');
    const all = [...before, record].sort((a, b) => b.payload.created - a.payload.created);
    const kept = all.slice(0, equalBytes(trader, own) ? MAX_DELEGATIONS : 1);
    if (!kept.includes(record)) return undefined;
    known.delegations.set(name, kept);
    // The newest stands where it always did, and the others below it.
    const row = `${traderToText(trader)}/delegation/${name}`;
    const below = ({ id }: SignedRecord<Delegation>): string => `${row}/${id.toString()}`;
    return [
      ...kept.map((one, at) => table.put(at === 0 ? row : below(one), one.bytes)),
      ...all.slice(kept.length).map((one) => table.del(below(one))),
    ];
  }

  #makeRoom(): Write[] {
    const writes: Write[] = [];
    if (this.#known.size <= MAX_TRADERS && this.#bytes <= MAX_BYTES) return writes;
    const own = hex(this.#options.own);
    const needed = new Set([...(this.#options.needed?.() ?? [])].map(hex));
    const isNeeded = ([name]: readonly [string, Known]): boolean => needed.has(name);
    const all = [...this.#known].filter(([name]) => name !== own);
    for (const [name, known] of [...all.filter((one) => !isNeeded(one)), ...all.filter(isNeeded)]) {
      if (this.#known.size <= ROOM * MAX_TRADERS && this.#bytes <= ROOM * MAX_BYTES) break;
      this.#known.delete(name);
      this.#bytes -= known.bytes;
      const { table } = this.#options;
      const trader = traderToText(known.trader);
      for (const device of known.delegations.keys()) writes.push(table.del(`${trader}/delegation/${device}`));
      for (const id of known.revocations.keys()) writes.push(table.del(`${trader}/revocation/${id}`));
      writes.push(table.del(`${trader}/writer`));
    }
    return writes;
  }
}

function newOne(trader: Uint8Array): Known {
  return { trader, delegations: new Map(), revocations: new Map(), writer: undefined, bytes: 0 };
}

function sizeOf({ delegations, revocations, writer }: Known): number {
  let size = writer?.bytes.length ?? 0;
  for (const { bytes } of [...delegations.values()].flat()) size += bytes.length;
  for (const { bytes } of revocations.values()) size += bytes.length;
  return size;
}

function isDelegation(payload: DeviceRecord['payload']): payload is Delegation {
  return payload.kind === 'delegation';
}

function isRevocation(payload: DeviceRecord['payload']): payload is Revocation {
  return payload.kind === 'revocation';
}

/** @throws NiagaError WRITER_INVALID */
function checkLease(objection: string | undefined): void {
  if (objection === undefined) return;
  throw new NiagaError('WRITER_INVALID', `The lease does not hold: ${objection}.`, {
    next: 'Check the clocks of your machines. The words always give the lease, on the machine that is to write: niaga identity take',
  });
}

function full(what: string): NiagaError {
  return new NiagaError('RATE_LIMITED', `More ${what} of one trader are not kept.`);
}
