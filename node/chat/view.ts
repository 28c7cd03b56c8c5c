import type { Chat } from '../../protocol/chat/message.js';
import type { FileRef } from '../../protocol/chat/file-part.js';
import { traderToText } from '../../protocol/ids.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { ChatMessageView, ConversationView } from '../api/rows/chat.js';
import type { SentState } from '../mail/index.js';
import type { MessageRow, ThreadRow } from './threads.js';

/** The least of these is how far the whole is. */
const ORDER = ['refused', 'queued', 'stored', 'delivered', 'read'] as const;

/** How far a message is with its files: the message's own state first. What is read is so when its files are there. */
export function deliveryOf([message, ...parts]: readonly (SentState | undefined)[]): SentState {
  const known = message ?? { state: 'delivered' as const, since: 0 };
  const rank = ({ state }: SentState): number => ORDER.indexOf(state);
  const arrived = ORDER.indexOf('delivered');
  const behind = parts
    .filter((part) => part !== undefined)
    .filter((part) => rank(part) < Math.min(arrived, rank(known)))
    .sort((a, b) => rank(a) - rank(b));
  return behind[0] ?? known;
}

export function messageToView(
  { id, payload }: SignedRecord<Chat>,
  trader: Uint8Array,
  row: MessageRow,
  files: readonly { ref: FileRef; here: boolean }[],
  sent: SentState | undefined,
): ChatMessageView {
  return {
    id: id.toString(),
    with: traderToText(trader),
    own: row.own,
    time: payload.created,
    ...(payload.trade === undefined ? {} : { trade: payload.trade.toString() }),
    text: payload.text,
    ...(files.length === 0
      ? {}
      : { files: files.map(({ ref, here }) => ({ file: ref.cid.toString(), name: ref.name, size: ref.size, here })) }),
    ...(row.unread === true ? { unread: true } : {}),
    ...(sent === undefined ? {} : { delivery: sent.state }),
    ...(sent?.reason === undefined ? {} : { reason: sent.reason }),
  };
}

export function conversationToView(
  name: string,
  { unread, messages, updated, text, trade }: ThreadRow,
): ConversationView {
  return { with: name, unread, messages, updated, ...(trade === undefined ? {} : { trade }), text };
}
