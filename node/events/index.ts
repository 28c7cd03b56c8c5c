/**
 * What happened at this node, in one numbered log on disk: programs and pages follow it, and one that was away goes on after
 * the last number that it saw and misses nothing.
 *
 * ```ts
 * const events = createEvents({ store, now: Date.now, logger });
 * await events.start();
 * await events.record([{ type: 'trade-changed', data: { trade, state: 'accepted' } }], [trades.put(trade, row)]);
 * for await (const { seq, type, data } of events.read({ after: 41, follow: true })) console.log(seq, type, data);
 * ```
 */
import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import type { Logger } from '../logger.js';
import type { Store, Write } from '../store/index.js';
import { EventLog } from './event-log.js';
import { EVENT_TYPES, type NodeEvent, type NodeEventType } from './types.js';

export type { NodeEvent, NodeEventType } from './types.js';

/** An event before it has its number. `data` is JSON: texts, whole numbers, lists and objects of them. */
export interface NewEvent {
  readonly type: Exclude<NodeEventType, 'gap'>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events that have their numbers and wait to be written with what they tell. */
export interface StagedEvents {
  /** Belong into the batch of what is told. */
  readonly writes: readonly Write[];
  /** To be called once that batch is on disk: listeners and readers learn of the events then. */
  tell(): void;
}

export interface ReadEvents {
  /**
   * Only events with a higher number; 0: all that are kept. Left out: all that are kept or, with `follow`, only those to come.
   * Where some of them are gone, a `gap` comes first.
   */
  readonly after?: number | undefined;
  /** Go on with those to come, until the signal ends it. Default false. */
  readonly follow?: boolean | undefined;
  /** Only these types, and gaps in which one of them may have been. Default: all. */
  readonly types?: readonly NodeEventType[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Events {
  /** The number of the newest event that is on disk; 0: there was none yet. */
  readonly newest: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Numbers events at once. What is staged must be written in the order of staging: write it in the same turn. */
  stage(events: readonly NewEvent[]): StagedEvents;
  /** Writes events in one batch with what they tell, and tells them. @throws what the store throws; nothing is told then */
  record(events: readonly NewEvent[], writes?: readonly Write[]): Promise<void>;
  /**
   * Changes what kept events tell, for what is to be forgotten: in memory at once.
   * @param change gives what an event tells from now on; undefined: it stays
   * @returns writes that belong into the batch of what forgets
   */
  rewrite(change: (event: NodeEvent) => NewEvent['data'] | undefined): Promise<Write[]>;
  /**
   * Events in the order of their numbers. Ends with the newest or, following, when the signal is aborted or the log stops:
   * it does not throw then. A slow reader is not waited for: it reads on from disk.
   */
  read(options?: ReadEvents): AsyncIterable<NodeEvent>;
  /** Calls the listener with each event once it is on disk. Gives back the end of it. */
  on(listener: (event: NodeEvent) => void): () => void;
}

export interface EventsDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly logger: Logger;
  /** How many events are kept. Default `MAX_EVENTS` (event-log.ts). */
  readonly maxEvents?: number | undefined;
}

/**
 * The types that a caller names; undefined for none: all of them.
 * @throws NiagaError USAGE for a type that there is not
 */
export function eventTypes(names: readonly string[]): readonly NodeEventType[] | undefined {
  const types = names.map((name) => {
    const type = EVENT_TYPES.find((each) => each === name);
    if (type !== undefined) return type;
    throw new NiagaError('USAGE', `There are no events of the type ${quote(name)}.`, {
      where: 'type',
      next: `There are: ${EVENT_TYPES.join(', ')}`,
    });
  });
  return types.length === 0 ? undefined : types;
}

export function createEvents(deps: EventsDeps): Events {
  return new EventLog(deps);
}
