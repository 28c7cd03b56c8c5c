/**
 * What traders say of themselves, and show of what others say: profile, block list, ratings, each one signed record that is kept by the
 * nodes closest to the trader's key, so that it can be read while the trader sleeps.
 *
 * ```ts
 * const records = createTraderRecords({ store, network, networkName: 'main', identity, delegations, verify, now: Date.now, logger, onRefused });
 * await records.start();
 * await records.publish('block-list', { traders: [] });
 * const profile = await records.get(parseTrader('z6Mk…'), 'profile');
 * console.log(profile?.payload.item.name);
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { PayloadOf } from '../../protocol/kinds.js';
import type { SignedRecord, Verify } from '../../protocol/record.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import { TraderRecordService } from './service.js';
import type { ListedKind, TraderRecordKind } from './wire.js';

export { TRADER_RECORD_KINDS, type TraderRecordKind } from './wire.js';

export type TraderRecord<K extends TraderRecordKind = TraderRecordKind> = SignedRecord<PayloadOf<K>>;
/** What a trader writes; the rest of a record is the same in all of them. */
export type TraderItem<K extends TraderRecordKind> = PayloadOf<K>['item'];

export interface Published<K extends TraderRecordKind> {
  readonly record: TraderRecord<K>;
  /** Other nodes that keep it now; with none it is brought out again as soon as others are met. */
  readonly replicas: number;
}

export interface TraderRecords {
  /** Keeps records for others from now on, and brings the own ones out every day. A name becomes the own profile. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Signs the next version of an own record, keeps it on disk, and brings it out. @throws NiagaError RECORD_TOO_LARGE, WRITER_OTHER, PEER_UNREACHABLE */
  publish<K extends TraderRecordKind>(kind: K, item: TraderItem<K>): Promise<Published<K>>;
  /** The newest own version that the network has, by whichever device. @throws as `get` */
  newest<K extends TraderRecordKind>(kind: K, signal?: AbortSignal): Promise<TraderRecord<K> | undefined>;
  /** Signs anew what another own device signed last, so that it goes on from here; gives for each kind whether there was such. @throws as `get` */
  takeOver(kinds: readonly TraderRecordKind[]): Promise<boolean[]>;
  /** The newest own version, from here; undefined where none was ever made. */
  own<K extends TraderRecordKind>(kind: K): TraderRecord<K> | undefined;
  /**
   * Ids of the versions before that own one that said the same: it was signed anew because the delegation had changed, or was said again.
   * What names one of them, as contracts do, names what stands.
   */
  earlier(record: TraderRecord): readonly CID[];
  /**
   * The newest version that any of several nodes has, verified; the own from here. Undefined where nobody has one.
   * @throws the signal's reason; NiagaError PEER_UNREACHABLE where no node answered at all
   */
  get<K extends TraderRecordKind>(
    trader: Uint8Array,
    kind: K,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<TraderRecord<K> | undefined>;
  /** What traders say whom one does not know, as the nodes answer that keep such lists, and the own. @throws the signal's reason */
  list<K extends ListedKind>(kind: K, options?: { signal?: AbortSignal | undefined }): Promise<TraderRecord<K>[]>;
}

export interface TraderRecordsDeps {
  readonly store: Store;
  readonly network: Network;
  readonly networkName: string;
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  /** Whether this device writes for the trader; while it does not, it signs nothing by itself. Default: it does. */
  readonly mayWrite?: (() => boolean) | undefined;
  /** Whether the trader has, or had, other devices, which may have said something before. Default: none. */
  readonly hasOthers?: (() => boolean) | undefined;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
}

export function createTraderRecords(deps: TraderRecordsDeps): TraderRecords {
  return new TraderRecordService(deps);
}
