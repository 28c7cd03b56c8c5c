/**
 * The devices of this trader: which there are, which of them writes, and what is known of other traders' devices.
 *
 * ```ts
 * const devices = createDevices({ store, network, networkName: 'main', identity, delegations, book, logs, now: Date.now, logger, … });
 * await devices.start();
 * await devices.checkWriter(); // throws WRITER_OTHER where another machine of the shop writes
 * console.log((await devices.view()).devices);
 * ```
 */
import type { DevicesView } from '../api/rows/identity.js';
import type { Events } from '../events/index.js';
import type { DelegationBook, DeviceBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Stands } from '../../protocol/identity/stands.js';
import type { Network } from '../network/index.js';
import type { TradeLog } from '../trades/index.js';
import { DeviceService } from './service.js';
import type { UnderWay } from './stands.js';

export interface DevicesDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly book: DeviceBook;
  /** The logs of this trader's trades, open ones or all. */
  readonly logs: (which: { ended: boolean }) => AsyncIterable<TradeLog>;
  /** The trades of which something is still on its way to somebody. */
  readonly underWay: () => UnderWay;
  /** What the sealed list of a restored home says, which the logs here do not. */
  readonly restoration: () => { readonly isKnown: boolean; readonly listed: Stands };
  readonly events: Pick<Events, 'record'>;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
}

/** What the root must sign, as strict DAG-CBOR: a list of drafts, each with its kind. */
export interface Drafted {
  readonly drafts: Uint8Array;
  /** For how many trades it says what stands. */
  readonly stands: number;
}

export interface Devices {
  start(): Promise<void>;
  stop(): Promise<void>;
  view(): Promise<DevicesView>;
  /** Whether this device signs stock and steps of trades, as far as is known now. */
  readonly mayWrite: boolean;
  /** Peer id of the device that does, by the lease that is known; undefined where there is none, or it was revoked. */
  readonly writer: string | undefined;
  /** Whether the trader has, or had, other devices than this one. */
  readonly hasOthers: boolean;
  /** Peer ids of the other devices that were not revoked. */
  siblings(): string[];
  /** Learns from the network what is to be known of a trader's devices; gives peer ids of those that count, the writing one first. */
  devicesOf(trader: Uint8Array, signal?: AbortSignal): Promise<string[]>;
  /**
   * Learns from another own device what it knows of this trader's devices: also the delegations from before a renewal, which only they keep.
   * @throws NiagaError PEER_UNREACHABLE, …
   */
  learnFrom(peer: string, signal?: AbortSignal): Promise<void>;
  /** Asks first, after a start, whether another device has taken over. @throws NiagaError WRITER_OTHER, DELEGATION_REVOKED, DELEGATION_EXPIRED */
  checkWriter(): Promise<void>;
  /**
   * Takes up records of the own trader that its root has signed, and brings them out.
   * @returns how many nodes took them
   * @throws NiagaError RECORD_…, WRITER_INVALID where one does not hold; DELEGATION_MISMATCH where one is another trader's
   */
  submit(records: readonly Uint8Array[]): Promise<number>;
  /** All that is known of the own devices, as signed. */
  records(): Uint8Array[];
  /** The key of an own device by its label, its peer id, or the beginning of one. @throws NiagaError DEVICE_NOT_FOUND, ID_AMBIGUOUS */
  find(name: string): Uint8Array;
  /** What the root signs so that a device counts no more. @throws NiagaError DEVICE_NOT_FOUND, … */
  revocationOf(device: Uint8Array, reason?: string): Promise<Drafted>;
  /**
   * Hands the writer's lease over.
   * @param brought resolves when the other device has all that is here; nothing is written meanwhile
   * @throws NiagaError WRITER_OTHER, DELEGATION_REVOKED; what `brought` throws, and then this device goes on writing
   */
  pass(device: Uint8Array, brought: () => Promise<void>): Promise<void>;
  /**
   * Takes the writer's lease where it is over; else gives what the root must sign for it.
   * @throws NiagaError DELEGATION_REVOKED, DELEGATION_EXPIRED where this machine may not sign at all
   */
  take(): Promise<Drafted | undefined>;
  /** Renews what is half over, as far as the root key is on this machine. */
  renew(): Promise<void>;
  /** Called when the devices or the writer of this trader changed. Gives back the end of it. */
  onChange(listener: () => void): () => void;
}

export function createDevices(deps: DevicesDeps): Devices {
  return new DeviceService(deps);
}
