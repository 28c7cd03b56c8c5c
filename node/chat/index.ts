/**
 * Chat: messages between this trader and others, beside their trades or before there is one. Signed, sealed on the way by the mail,
 * kept here; no part of any trade's log. What a party discloses verifies by its signature.
 *
 * ```ts
 * const chat = createChat({ store, identity, devices, mail, files, trades, blocks, events, networkName, verify, now: Date.now, logger, onRefused });
 * await chat.start();
 * const { id, delivery } = await chat.send({ with: trade, text: 'Is it still there?' });
 * for (const { text, own } of await chat.show({ with: trade, limit: 20 })) console.log(own, text);
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { Verify } from '../../protocol/record.js';
import type { Role } from '../../protocol/trade/index.js';
import type { ChatMessageView, ConversationView } from '../api/rows/chat.js';
import type { Blocks } from '../blocks/index.js';
import type { Events } from '../events/index.js';
import type { Files } from '../files/index.js';
import type { DeviceBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Mail } from '../mail/index.js';
import type { Store } from '../store/index.js';
import type { Trades } from '../trades/index.js';
import { ChatService } from './service.js';

/** Whom a conversation is with: a trade, or the beginning of its id, stands for the other side of it. */
export interface Address {
  readonly with: string;
  /** Of a trade: whom of its parties. Default: the other side; for its arbiter there is none. */
  readonly to?: Role | undefined;
}

export interface NewMessage extends Address {
  readonly text: string;
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[] | undefined;
}

export interface Addressed {
  readonly trader: Uint8Array;
  readonly trade?: CID;
}

export interface Chat {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Writes to another trader. When it returns, the message is on disk and will be delivered.
   * @throws NiagaError TRADE_NOT_FOUND, ID_INVALID, TRADE_ROLE for a party that the trade has not, TRADER_BLOCKED, INPUT_INVALID,
   *   INPUT_MISSING for one that says nothing, INPUT_TOO_LARGE
   */
  send(message: NewMessage): Promise<ChatMessageView>;
  /** The newest first. Those that are shown count as read, and their authors are told. @throws NiagaError as {@link Chat.send}; USAGE */
  show(page: Address & { limit: number; after?: string | undefined }): Promise<ChatMessageView[]>;
  /** @throws NiagaError USAGE for an `after` that is no conversation */
  list(page: { limit: number; after?: string | undefined }): Promise<ConversationView[]>;
  /** Conversations with messages that nobody has seen here. */
  unread(): Promise<ConversationView[]>;
  /** Whether there is neither a trade with that trader nor anything that was written to it. */
  isStranger(trader: Uint8Array): Promise<boolean>;
  /** The signed messages about a trade, own and others', in the order in which they came here: for a party to disclose (protocol/chat). */
  records(trade: CID): Promise<{ readonly id: string; readonly bytes: Uint8Array }[]>;
  /** Deletes what was written about a trade, with its files, and tells how many messages that were. */
  forget(trade: CID): Promise<number>;
  /** @throws NiagaError TRADE_NOT_FOUND, ID_INVALID, TRADE_ROLE */
  address(address: Address): Promise<Addressed>;
}

export interface ChatDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly devices: Pick<DeviceBook, 'isRevoked'>;
  readonly mail: Pick<Mail, 'handle' | 'post' | 'recall' | 'read' | 'stateOf' | 'onState'>;
  readonly files: Files;
  readonly trades: Pick<Trades, 'idOf' | 'open' | 'isPartner'>;
  readonly blocks: Pick<Blocks, 'check' | 'isBlocked'>;
  readonly events: Pick<Events, 'stage' | 'record' | 'rewrite'>;
  readonly networkName: string;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Takes messages from now on: before the mail starts. */
export function createChat(deps: ChatDeps): Chat {
  return new ChatService(deps);
}
