/**
 * Delivery that survives absence: what one trader sends another is on disk before the sender's command returns, goes over the
 * direct stream where the other side is there, lies sealed in its mailboxes where it is not, and is repeated until the other side
 * has signed for it. And the mailboxes that this node keeps for others.
 *
 * ```ts
 * const mail = createMail({ store, network, identity, devices, traderRecords, home, verify, isStranger, now: Date.now, logger, onRefused });
 * mail.handle('chat', {
 *   async take(parcel) {
 *     const receipt = parcel.receipt();
 *     await store.write([messages.put(parcel.id.toString(), parcel.bytes), ...receipt.writes]);
 *   },
 * });
 * await mail.start();
 * const posted = mail.post([{ to: counterparty, kind: 'chat', bytes }]);
 * await store.write([messages.put('mine', bytes), ...posted.writes]);
 * posted.send();
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { ParcelKind } from '../../protocol/mail/index.js';
import type { Verify } from '../../protocol/record.js';
import type { DeviceBook, Identity, IdentityHome } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store, Write } from '../store/index.js';
import type { TraderRecords } from '../trader-records/index.js';
import type { MailOptions } from './options.js';
import { MailService } from './service.js';

export type { MailOptions } from './options.js';

/** Something to be sent to another trader. */
export interface Outgoing {
  /** The recipient's root key. */
  readonly to: Uint8Array;
  readonly kind: ParcelKind;
  /** At most `MAX_PARCEL_BYTES` (protocol/mail). */
  readonly bytes: Uint8Array;
  /** The trade that it belongs to, where it belongs to one; the receipt names it too. */
  readonly about?: CID | undefined;
}

/** Parcels that are ready to go. */
export interface Posted {
  /** Of each parcel, in order: the id by which its state is asked for. */
  readonly ids: readonly CID[];
  /** Belong into the batch of what is sent. */
  readonly writes: readonly Write[];
  /** To be called once that batch is on disk. Without it they go after the next start. */
  send(): void;
}

/** `refused`: the recipient will never take it. `read`: a person has seen it there. */
type MessageState = 'queued' | 'stored' | 'delivered' | 'read' | 'refused';

/** What is known of something that was sent. */
export interface SentState {
  readonly state: MessageState;
  /** While it is `stored`: how many mailboxes took the letter. */
  readonly mailboxes?: number;
  /** Milliseconds UTC: since when it waits, or when the receipt came. */
  readonly since: number;
  /** Where it was refused: the recipient's code, and why. */
  readonly code?: string;
  readonly reason?: string;
}

export interface StateChange extends SentState {
  readonly id: string;
  readonly to: Uint8Array;
  readonly kind: string;
  readonly about?: string;
}

/** The own receipt for something that came. */
export interface OwnReceipt {
  /** The signed record. */
  readonly bytes: Uint8Array;
  /** Belong into the batch of what is receipted. */
  readonly writes: readonly Write[];
}

/** Something that came from another trader, who has signed the letter that it was in. */
export interface Incoming {
  readonly id: CID;
  readonly kind: ParcelKind;
  /** The sender's root key. */
  readonly from: Uint8Array;
  readonly bytes: Uint8Array;
  /** The trade that it belongs to, by its sender's word. */
  readonly about?: CID | undefined;
  /**
   * The receipt, for kinds that have one: its writes go into the batch that keeps what came. A handler that does not ask for it has
   * that content already: its sender gets a receipt, and nothing of this parcel stays here, so that the same in ever other bytes fills
   * no disk. It names `about`, where the handler does not know better.
   */
  readonly receipt: (about?: CID) => OwnReceipt;
}

/** Something that came in another way than as the parcel that its author sends. */
export interface Acknowledged {
  /** The author's root key. */
  readonly from: Uint8Array;
  readonly id: CID;
  /** As what the author sends it. */
  readonly kind: ParcelKind;
  readonly about?: CID | undefined;
}

/** What is done with one kind of parcel. */
export interface ParcelHandler {
  /**
   * Resolves when the parcel is on disk; the receipt is sent then. A parcel that is on disk already does not come again, one whose
   * handler did not live to the end does.
   * @throws NiagaError where it is not taken: its sender is told code and message, `details.missing` (ids of messages that must come
   *   before it) and `details.retryAt`; anything else: the sender tries again
   */
  take(parcel: Incoming): Promise<void>;
  /** Writes for the batch that notes that the recipient has signed for one that was sent. */
  receipted?(sent: {
    readonly to: Uint8Array;
    readonly id: string;
    readonly about: string | undefined;
    readonly receipt: Uint8Array;
  }): readonly Write[];
  /** The recipient lacks messages that one that was sent builds on. */
  repair?(sent: {
    readonly to: Uint8Array;
    readonly about: string | undefined;
    readonly missing: readonly CID[];
  }): Promise<void>;
  /** Codes of refusals that no further try can change. Default: those about the parcel itself (final-codes.ts). */
  readonly finalCodes?: ReadonlySet<string>;
}

export interface Mail {
  /** Sends what waits, chooses mailboxes, fetches letters, and keeps letters for others from now on. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Before the start. One handler a kind; `receipt` and `refusal` are mail's own. @throws NiagaError INTERNAL for a second one */
  handle(kind: ParcelKind, handler: ParcelHandler): void;
  /** Makes parcels ready; nothing is sent before `send()`. @throws NiagaError RECORD_TOO_LARGE, RECORD_MALFORMED */
  post(parcels: readonly Outgoing[]): Posted;
  /** The receipt for something that came earlier and is only kept now; `send()` brings it to its author. */
  acknowledge(parcel: Acknowledged): OwnReceipt & { send(): void };
  /** Tells their authors that a person has seen these. Nothing where receipts for reading are turned off, or it was told before. */
  read(from: Uint8Array, ids: readonly CID[], about?: CID): Promise<void>;
  /** What still waits of these is not sent any more, and leaves this disk; what is under way, or in mailboxes, may arrive. */
  recall(to: Uint8Array, ids: readonly (CID | string)[]): void;
  /**
   * A person knows that these were refused: they leave {@link Mail.waiting}, and this disk but for the note of it. Nothing where they were
   * not refused.
   */
  dismiss(to: Uint8Array, ids: readonly (CID | string)[]): void;
  /** Undefined for what was never sent to that trader from here. */
  stateOf(to: Uint8Array, id: CID | string): Promise<SentState | undefined>;
  /** What was sent, about a trade or at all, and not receipted yet, refused ones included. */
  waiting(about?: CID | string): readonly StateChange[];
  /** All parcels that wait for a receipt, without refused ones. */
  outboxSize(): number;
  /** A device of that trader was heard of: its peer id is where it is tried first. */
  meet(trader: Uint8Array, peer: string): void;
  /** Peer ids of that trader's devices, the last heard of first. */
  peers(trader: Uint8Array): readonly string[];
  /** The own mailboxes, as the profile names them. */
  mailboxes(): readonly string[];
  /** Letters that this node keeps for others. */
  kept(): { readonly letters: number; readonly bytes: number };
  /** Called after each change of what {@link Mail.stateOf} says. Gives back the end of it. */
  onState(listener: (change: StateChange) => void): () => void;
  /** Called when a node of a trader connects with whom there was mail before. */
  onContact(listener: (trader: Uint8Array) => void): () => void;
}

export interface MailDeps {
  readonly store: Store;
  readonly network: Network;
  readonly networkName: string;
  readonly identity: Identity;
  /** Nothing is taken from a device that was revoked, and nothing sent to it. */
  readonly devices: Pick<DeviceBook, 'isRevoked' | 'devicesOf' | 'writerOf' | 'onLearnt'>;
  readonly traderRecords: TraderRecords;
  /** Where the sealing keys are kept, and what they are sealed with there. */
  readonly home: IdentityHome;
  readonly passphrase?: string | undefined;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
  /** Whether there is neither a trade with that trader nor anything that was written to it. */
  readonly isStranger: (trader: Uint8Array) => Promise<boolean>;
  /** With whom a contract is under way: how they are reached is not forgotten. Default: nobody. */
  readonly partners?: (() => Iterable<Uint8Array>) | undefined;
  /** Tell others that their messages were seen by a person. Default true. */
  readonly readReceipts?: boolean | undefined;
  readonly options?: Partial<MailOptions> | undefined;
}

export function createMail(deps: MailDeps): Mail {
  return new MailService(deps);
}
