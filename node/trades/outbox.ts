import type { Logger } from '../logger.js';
import type { Delivery } from './courier.js';

const second = 1000;
/** Waiting times between tries to reach a peer; the last goes on. A peer that connects is tried at once. */
const RETRY_DELAYS = [1, 2, 5, 10, 30, 60, 300].map((seconds) => seconds * second);

export interface OutboxDeps {
  /** Delivers everything that waits for this peer. */
  readonly deliver: (peer: string, signal: AbortSignal) => Promise<Delivery>;
  readonly logger: Logger;
}

interface Queue {
  tries: number;
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Something was added while a delivery ran. */
  again: boolean;
}

/** When to try which peer: one delivery at a time a peer, with growing pauses while it cannot be reached. */
export class OutboxScheduler {
  readonly #deps: OutboxDeps;
  readonly #queues = new Map<string, Queue>();
  readonly #running = new Set<Promise<void>>();
  #stopping = new AbortController();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#stopping.signal.aborted) this.#stopping = new AbortController();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const queue of this.#queues.values()) clearTimeout(queue.timer);
    this.#queues.clear();
    await Promise.all(this.#running);
  }

  /** There is something for this peer, or it has just appeared: try now. */
  wake(peer: string): void {
    if (this.#stopping.signal.aborted) return;
    const queue = this.#queues.get(peer) ?? { tries: 0, timer: undefined, running: false, again: false };
    this.#queues.set(peer, queue);
    if (queue.running) {
      queue.again = true;
      return;
    }
    clearTimeout(queue.timer);
    queue.timer = undefined;
    this.#track(this.#run(peer, queue));
  }

  /** Whether anything waits for this peer. */
  waiting(peer: string): boolean {
    return this.#queues.has(peer);
  }

  async #run(peer: string, queue: Queue): Promise<void> {
    queue.running = true;
    let done = false;
    do {
      queue.again = false;
      try {
        const delivery = await this.#deps.deliver(peer, this.#stopping.signal);
        done = delivery.done;
        // Only progress makes the pauses short again: a peer that refuses every time is not asked every second.
        if (delivery.progressed) queue.tries = 0;
      } catch (error) {
        done = false;
        this.#deps.logger.debug(
          { peer, tries: queue.tries, error: String(error) },
          'messages could not be delivered yet',
        );
      }
    } while (queue.again && !this.#stopping.signal.aborted);
    queue.running = false;
    if (this.#stopping.signal.aborted) return;
    if (done) this.#queues.delete(peer);
    else {
      const delay = RETRY_DELAYS[Math.min(queue.tries, RETRY_DELAYS.length - 1)];
      queue.tries++;
      queue.timer = setTimeout(() => this.wake(peer), delay).unref();
    }
  }

  #track(run: Promise<void>): void {
    const tracked: Promise<void> = run.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}
