import { setMaxListeners } from 'node:events';
import type { Stream } from '@libp2p/interface';
import type { Counters } from './counters.js';
import { FrameStream } from './frame-stream.js';
import { MAX_BODY, type Frame, type Question } from './frames.js';
import {
  BYTES_PER_SECOND,
  BYTE_BURST,
  MAX_IN_FLIGHT,
  MAX_UNSENT_BYTES,
  REQUESTS_PER_SECOND,
  REQUEST_BURST,
  TokenBucket,
  type Offence,
} from './limits.js';
import { publicError, type Methods } from './methods.js';

/** What is shared by all streams on which one peer asks: reopening a stream wins it nothing. */
interface Asker {
  readonly requests: TokenBucket;
  readonly bytes: TokenBucket;
  running: number;
  stream: ServedStream | undefined;
}

interface RequestServerDeps {
  readonly methods: Methods;
  readonly counters: Counters;
  /** The peer broke the protocol on a stream, which is ended already. */
  readonly onOffence: (peer: string, offence: Offence) => void;
}

/** Answers the requests on the streams that others opened. */
export class RequestServer {
  readonly #deps: RequestServerDeps;
  readonly #askers = new Map<string, Asker>();

  constructor(deps: RequestServerDeps) {
    this.#deps = deps;
  }

  /**
   * Answers on `stream` until it ends. A peer has one such stream: a new one takes the place of the old.
   * @param stranger it asks under an id that it throws away; only few methods are for those
   */
  serve(stream: Stream, peer: string, stranger = false): void {
    const asker = this.#asker(peer);
    asker.stream?.abort(new Error('the peer opened another stream'));
    asker.stream = new ServedStream(stream, peer, asker, this.#deps, stranger);
  }

  get streams(): number {
    let count = 0;
    for (const asker of this.#askers.values()) if (asker.stream?.closed === false) count += 1;
    return count;
  }

  get running(): number {
    let count = 0;
    for (const asker of this.#askers.values()) count += asker.running;
    return count;
  }

  /** Closes streams that were idle for `idleTime` ms, and forgets who is gone and would be met with full buckets anyway. */
  sweep(idleTime: number): void {
    const now = performance.now();
    for (const [peer, asker] of this.#askers) {
      if (asker.running === 0) asker.stream?.closeIfIdle(now - idleTime);
      const open = asker.stream?.closed === false;
      if (!open && asker.running === 0 && asker.requests.isFull(now) && asker.bytes.isFull(now))
        this.#askers.delete(peer);
    }
  }

  /** Ends all streams at once. */
  stop(): void {
    for (const asker of this.#askers.values()) asker.stream?.abort(new Error('the node is stopping'));
    this.#askers.clear();
  }

  #asker(peer: string): Asker {
    const known = this.#askers.get(peer);
    if (known !== undefined) return known;
    const now = performance.now();
    const asker: Asker = {
      requests: new TokenBucket(REQUESTS_PER_SECOND, REQUEST_BURST, now),
      bytes: new TokenBucket(BYTES_PER_SECOND, BYTE_BURST, now),
      running: 0,
      stream: undefined,
    };
    this.#askers.set(peer, asker);
    return asker;
  }
}

class ServedStream {
  readonly #peer: string;
  readonly #asker: Asker;
  readonly #stranger: boolean;
  readonly #deps: RequestServerDeps;
  readonly #frames: FrameStream;
  readonly #gone = new AbortController();
  #ended = false;
  #askedAt = performance.now();
  #throttle: NodeJS.Timeout | undefined;

  constructor(stream: Stream, peer: string, asker: Asker, deps: RequestServerDeps, stranger: boolean) {
    this.#stranger = stranger;
    this.#peer = peer;
    this.#asker = asker;
    this.#deps = deps;
    // Each request in flight may listen.
    setMaxListeners(0, this.#gone.signal);
    this.#frames = new FrameStream(
      stream,
      {
        onFrame: (frame, size) => this.#onFrame(frame, size),
        onFault: (fault) => deps.onOffence(peer, fault),
        onDrain: () => this.readOn(),
        onEnd: () => {
          this.#ended = true;
          this.#closeWhenDone();
        },
        onClose: () => {
          clearTimeout(this.#throttle);
          this.#gone.abort();
          if (asker.stream === this) asker.stream = undefined;
        },
      },
      deps.counters,
    );
  }

  get closed(): boolean {
    return this.#frames.closed;
  }

  abort(reason: Error): void {
    this.#frames.abort(reason);
  }

  /** Closes unless something was asked since `time`, of `performance.now()`. */
  closeIfIdle(time: number): void {
    if (this.#askedAt <= time) void this.#frames.close();
  }

  #onFrame(frame: Frame, size: number): void {
    // The peer opened this stream to ask; there is nothing here that it could answer.
    if (frame.t !== 'q') return this.#offence('unknown-id');
    this.#deps.counters.add('requests_in');
    this.#askedAt = performance.now();
    this.#asker.running += 1;
    void this.#answer(frame);
    this.#throttleFor(size);
    if (!this.#mayRead()) this.#frames.hold();
  }

  async #answer(question: Question): Promise<void> {
    const { id, method, body, max = MAX_BODY } = question;
    const context = {
      peer: this.#peer,
      signal: this.#gone.signal,
      maxResponse: Math.min(max, MAX_BODY),
      stranger: this.#stranger,
    };
    try {
      this.#frames.send({ t: 'a', id, body: await this.#deps.methods.answer(method, body, context) });
    } catch (error) {
      this.#frames.send({ t: 'e', id, ...publicError(error) });
    }
    this.#asker.running -= 1;
    // The peer may have opened another stream meanwhile; that one waits for the place that has become free.
    this.#asker.stream?.readOn();
    this.#closeWhenDone();
  }

  #offence(offence: Offence): void {
    this.#deps.onOffence(this.#peer, offence);
    this.#frames.abort(new Error(offence));
  }

  #throttleFor(size: number): void {
    const now = performance.now();
    const wait = Math.max(this.#asker.requests.take(1, now), this.#asker.bytes.take(size, now));
    if (wait === 0 || this.#throttle !== undefined || this.#frames.closed) return;
    this.#deps.counters.add('throttled');
    this.#throttle = setTimeout(() => {
      this.#throttle = undefined;
      this.readOn();
    }, wait);
  }

  #mayRead(): boolean {
    return (
      this.#asker.running < MAX_IN_FLIGHT && this.#throttle === undefined && this.#frames.unsent < MAX_UNSENT_BYTES
    );
  }

  /** Goes on reading if nothing stands against it any more. */
  readOn(): void {
    if (this.#mayRead()) this.#frames.release();
  }

  #closeWhenDone(): void {
    // Answers that belong to an older stream of the peer count too; waiting for those costs nothing.
    if (this.#ended && this.#asker.running === 0) void this.#frames.close();
  }
}
