/** What a node tells as events. A word, once used, keeps its meaning: programs switch on it. */
export const EVENT_TYPES = [
  /** A message of either side changed a trade. */
  'trade-changed',
  /** A message between traders came, or was written here. */
  'chat-message',
  /** An own message is farther on its way: stored in mailboxes, delivered, read, or refused. */
  'chat-delivery',
  /** What a trade keeps private came from the other side. */
  'private-value',
  /** Somebody signed two messages of a trade that contradict each other; the proof is kept. */
  'equivocation',
  /** A watch was asked for the first time: how many listings match already. */
  'watch-began',
  /** A listing matches a watch that did not before. */
  'watch-match',
  /** More listings came to match a watch at once than are told one by one; `truncated`: index nodes have more yet than they say. */
  'watch-more',
  /** So many listings match a watch that the oldest are forgotten from now on; told once. */
  'watch-full',
  /** A listing that matches a watch costs less than before. */
  'price-drop',
  /** A listing that matches a watch was sold out and is no longer. */
  'back-in-stock',
  /** A listing turned out to be another thing than its card says. */
  'false-index',
  /** What is known of the own devices changed: one was added, renewed or revoked, or another one writes. `writes`: whether this one does. */
  'devices-changed',
  /** The permission of this device ends soon, and the root key to renew it is not on this machine. */
  'device-expiring',
  /** Events were removed before they were read; the reader cannot have them any more. */
  'gap',
] as const;

export type NodeEventType = (typeof EVENT_TYPES)[number];

export interface NodeEvent {
  /** Counts up from 1 over the life of a home, restarts included. */
  readonly seq: number;
  /** By this node's clock, milliseconds UTC. */
  readonly time: number;
  readonly type: NodeEventType;
  readonly data: Readonly<Record<string, unknown>>;
}
