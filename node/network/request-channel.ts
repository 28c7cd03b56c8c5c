import type { Stream } from '@libp2p/interface';
import { ERRORS, NiagaError, isNiagaError, type ErrorCode } from '../../protocol/errors.js';
import type { Counters } from './counters.js';
import { FrameStream, afterPendingInput } from './frame-stream.js';
import { MAX_BODY, type Frame } from './frames.js';
import { MAX_ABANDONED, MAX_IN_FLIGHT, MAX_WAITING, MAX_WAITING_BYTES, type Offence } from './limits.js';

/** A peer that took a request and sent not one byte for so long counts as failed. */
const SILENCE_LIMIT = 1000;
/**
 * After so much of it the connection is given up. Much longer, because a peer whose event loop is full is silent too and
 * comes back; but a host that lost its power never closes, and libp2p, with its monitor off, would keep it for a quarter of an hour.
 */
const DEAD_LIMIT = 30_000;

/** What a channel needs of its surroundings. */
interface ChannelDeps {
  /** Opens a stream to the peer; `insist` is whether to look for it elsewhere. @throws NiagaError PEER_UNREACHABLE, PEER_REFUSED */
  readonly open: (insist: boolean) => Promise<Stream>;
  readonly counters: Counters;
  /** The peer answered, `took` ms after it was asked. */
  readonly onAnswer: (took: number) => void;
  /** The peer was asked and has said nothing since. */
  readonly onSilence: () => void;
  /** A connection to the peer is still being opened, and whoever asked has given up. */
  readonly onSlow: () => void;
  /** It has said nothing for so long that the connection must be dead. */
  readonly onDead: () => void;
  readonly onOffence: (offence: Offence) => void;
}

export interface ChannelRequest {
  readonly method: string;
  readonly body: Uint8Array;
  /** Milliseconds, for everything together: waiting, connecting, asking, the answer. */
  readonly timeout: number;
  readonly maxResponse: number;
  readonly signal?: AbortSignal | undefined;
  readonly force: boolean;
}

interface Pending extends ChannelRequest {
  readonly id: number;
  readonly settle: (outcome: Uint8Array | Error) => void;
  /** When it was sent, and how much the peer had sent on the stream by then. */
  sentAt: number;
  receivedBefore: number;
}

/** The error of a request that was sent on a stream that then died: nobody knows whether it was carried out. */
export class StreamLostError extends NiagaError {
  constructor(peer: string) {
    super('PEER_UNREACHABLE', 'The connection to the other node was lost before it answered.', { details: { peer } });
  }
}

/**
 * The requests to one peer, over one stream that is opened when the first is made and kept. {@link MAX_IN_FLIGHT} are under way
 * at a time and more wait; answers come in any order.
 */
export class RequestChannel {
  readonly #peer: string;
  readonly #deps: ChannelDeps;
  #frames: FrameStream | undefined;
  /** Since when a stream is being opened. */
  #openingSince: number | undefined;
  #stopped: Error | undefined;
  #nextId = 1;
  readonly #waiting = new Map<number, Pending>();
  #waitingBytes = 0;
  readonly #inFlight = new Map<number, Pending>();
  /** Ids of requests that were given up: their late answers are no offence. */
  readonly #abandoned = new Set<number>();
  #usedAt = performance.now();
  /** When the oldest request was sent that ran out of time with not a byte from the peer since. */
  #silentSince: number | undefined;
  /** Runs while it is open whether a peer says anything after a request to it was given up. */
  #listening: NodeJS.Timeout | undefined;
  /** The stream is being ended because of what the peer sent on it. */
  #faulted = false;

  constructor(peer: string, deps: ChannelDeps) {
    this.#peer = peer;
    this.#deps = deps;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get open(): boolean {
    return this.#frames !== undefined;
  }

  /** Milliseconds since the last request was made or ended; 0 while there is one. @param now of `performance.now()` */
  idle(now: number): number {
    return this.#inFlight.size + this.#waiting.size > 0 ? 0 : now - this.#usedAt;
  }

  /**
   * Asks, and gives the body of the answer.
   * @throws NiagaError RATE_LIMITED (too many wait), TIMED_OUT, PEER_UNREACHABLE, PEER_PROTOCOL, STOPPED, what the peer
   *   answered with; the signal's reason when it was aborted
   */
  request(request: ChannelRequest): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) return reject(this.#stopped);
      if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes + request.body.length > MAX_WAITING_BYTES) {
        this.#deps.counters.add('requests_out_overflow');
        return reject(new NiagaError('RATE_LIMITED', 'Too many requests to that node wait already.'));
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => afterPendingInput(() => this.#onTimeout(id)), request.timeout);
      const onAbort = (): void => this.#giveUp(id, abortReason(request.signal));
      request.signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (outcome: Uint8Array | Error): void => {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', onAbort);
        this.#usedAt = performance.now();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      this.#waiting.set(id, { ...request, id, settle, sentAt: 0, receivedBefore: 0 });
      this.#waitingBytes += request.body.length;
      this.#advance();
    });
  }

  /** Closes the stream when there is nothing under way; the next request opens another. */
  rest(): void {
    if (this.#inFlight.size + this.#waiting.size > 0) return;
    const frames = this.#frames;
    // Let go of first, so that a request made while it closes opens a new one and is not lost with it.
    this.#frames = undefined;
    void frames?.close();
  }

  /** Fails everything with `reason`, now and later. */
  stop(reason: Error): void {
    this.#stopped = reason;
    clearTimeout(this.#listening);
    this.#failAll(reason);
    this.#frames?.abort(reason);
  }

  /** Sends what may be sent, opening the stream where there is none. */
  #advance(): void {
    const frames = this.#frames;
    if (frames === undefined) return void this.#open();
    while (this.#inFlight.size < MAX_IN_FLIGHT && !frames.congested && !frames.closed) {
      const [first] = this.#waiting.values();
      if (first === undefined) return;
      this.#unqueue(first);
      this.#inFlight.set(first.id, first);
      first.sentAt = performance.now();
      first.receivedBefore = frames.received;
      const { id, method, body, maxResponse } = first;
      try {
        frames.send({ t: 'q', id, method, body, ...(maxResponse < MAX_BODY ? { max: maxResponse } : {}) });
      } catch (error) {
        this.#inFlight.delete(id);
        first.settle(error instanceof Error ? error : new NiagaError('INTERNAL', 'A request could not be encoded.'));
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#openingSince !== undefined || this.#waiting.size === 0) return;
    this.#openingSince = performance.now();
    try {
      const insist = [...this.#waiting.values()].some(({ force }) => force);
      this.#attach(await this.#deps.open(insist));
    } catch (error) {
      const known = isNiagaError(error);
      const unreachable = new NiagaError('PEER_UNREACHABLE', 'The other node cannot be reached.', {
        cause: error,
        details: { peer: this.#peer },
      });
      this.#failAll(known ? error : unreachable);
    } finally {
      this.#openingSince = undefined;
    }
    if (this.#frames !== undefined) this.#advance();
  }

  #attach(stream: Stream): void {
    if (this.#stopped !== undefined) return stream.abort(this.#stopped);
    const frames: FrameStream = new FrameStream(
      stream,
      {
        onFrame: (frame) => this.#onFrame(frame, frames),
        onFault: (fault) => this.#offence(fault),
        onDrain: () => this.#advance(),
        onEnd: () => frames.abort(new Error('the peer ended the stream')),
        onClose: () => this.#onClose(frames),
      },
      this.#deps.counters,
    );
    this.#frames = frames;
  }

  #onFrame(frame: Frame, frames: FrameStream): void {
    this.#silentSince = undefined;
    const pending = frame.t === 'q' ? undefined : this.#inFlight.get(frame.id);
    if (pending === undefined || frame.t === 'q') {
      if (frame.t !== 'q' && this.#abandoned.delete(frame.id)) return;
      this.#offence('unknown-id');
      return frames.abort(new Error('an answer to nothing'));
    }
    this.#inFlight.delete(frame.id);
    this.#deps.onAnswer(performance.now() - pending.sentAt);
    if (frame.t === 'e') {
      pending.settle(fromPeer(frame.code, frame.message, this.#peer));
    } else if (frame.body.length > pending.maxResponse) {
      this.#offence('oversize');
      pending.settle(this.#brokeProtocol());
      return frames.abort(new Error('an answer larger than asked for'));
    } else {
      pending.settle(frame.body);
    }
    this.#advance();
  }

  #offence(offence: Offence): void {
    this.#faulted = true;
    this.#deps.onOffence(offence);
  }

  #brokeProtocol(): NiagaError {
    return new NiagaError('PEER_PROTOCOL', 'The other node sent something that is not the protocol.', {
      details: { peer: this.#peer },
    });
  }

  #onClose(frames: FrameStream): void {
    if (this.#frames !== frames) return;
    this.#frames = undefined;
    this.#silentSince = undefined;
    const lost = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#abandoned.clear();
    const reason = this.#stopped ?? (this.#faulted ? this.#brokeProtocol() : new StreamLostError(this.#peer));
    this.#faulted = false;
    for (const pending of lost) pending.settle(reason);
    // What was never sent can be sent on a new stream without any doubt.
    if (this.#stopped === undefined) this.#advance();
  }

  #onTimeout(id: number): void {
    this.#giveUp(
      id,
      new NiagaError('TIMED_OUT', 'The other node did not answer in time.', { details: { peer: this.#peer } }),
      true,
    );
  }

  /** @param isHeardOut whether what the peer may have sent meanwhile has been delivered, however busy this process was */
  #giveUp(id: number, reason: Error, isHeardOut = false): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      this.#unqueue(waiting);
      waiting.settle(reason);
      return this.#listenForOpening();
    }
    const pending = this.#inFlight.get(id);
    if (pending === undefined) return;
    this.#inFlight.delete(id);
    this.#abandoned.add(id);
    pending.settle(reason);
    this.#listen(pending, isHeardOut);
    if (this.#abandoned.size > MAX_ABANDONED) this.#frames?.abort(new Error('too many requests stay unanswered'));
    this.#advance();
  }

  /**
   * A request was given up, by its time limit or by a caller who has enough from others (a search does not wait for the slowest). The
   * peer is judged once it had {@link SILENCE_LIMIT}, or it would be asked again and again and cost each caller its patience.
   */
  #listen(pending: Pending, isHeardOut: boolean): void {
    const frames = this.#frames;
    if (frames === undefined || this.#listening !== undefined) return;
    const judge = (): void => {
      this.#listening = undefined;
      if (this.#frames !== frames || frames.received !== pending.receivedBefore) return;
      this.#silentSince ??= pending.sentAt;
      this.#deps.onSilence();
      if (performance.now() - this.#silentSince >= DEAD_LIMIT) this.#deps.onDead();
    };
    const left = SILENCE_LIMIT - (performance.now() - pending.sentAt);
    if (left <= 0 && isHeardOut) return judge();
    this.#listening = setTimeout(() => afterPendingInput(judge), Math.max(0, left)).unref();
  }

  /** The same where it was not even sent: the dial to a frozen peer hangs for seconds, and each search would wait for it anew. */
  #listenForOpening(): void {
    const since = this.#openingSince;
    if (since === undefined || this.#listening !== undefined) return;
    const judge = (): void => {
      this.#listening = undefined;
      if (this.#openingSince === since) this.#deps.onSlow();
    };
    const left = SILENCE_LIMIT - (performance.now() - since);
    this.#listening = setTimeout(() => afterPendingInput(judge), Math.max(0, left)).unref();
  }

  #unqueue(pending: Pending): void {
    this.#waiting.delete(pending.id);
    this.#waitingBytes -= pending.body.length;
  }

  #failAll(reason: Error): void {
    const all = [...this.#inFlight.values(), ...this.#waiting.values()];
    this.#inFlight.clear();
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const pending of all) pending.settle(reason);
  }
}

/** The peer's own words, with what could disturb a terminal taken out; an unknown code is a refusal like any other. */
function fromPeer(code: string, message: string, peer: string): NiagaError {
  const known = Object.hasOwn(ERRORS, code);
  const text = message.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
  return new NiagaError(known ? (code as ErrorCode) : 'PEER_REFUSED', text, { details: { peer, remote: true } });
}

/** What a request that was given up by its caller fails with. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new NiagaError('TIMED_OUT', 'It took longer than the caller waits.', { cause: reason });
  return reason instanceof Error ? reason : new DOMException('The request was given up.', 'AbortError');
}
