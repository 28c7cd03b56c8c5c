import type { Stream } from '@libp2p/interface';
import type { Counters } from './counters.js';
import { FrameError, FrameReader, encodeFrame, type Frame } from './frames.js';
import { spareWindowUpdates } from './window-updates.js';
import { STALL_PROGRESS, STALL_TIME_LIMIT, type Offence } from './limits.js';

/** Small frames that are ready together go out as one piece of about this size: each piece costs an encryption. */
const PIECE_BYTES = 64 * 1024;
/** A graceful close may wait this long for what is still to be written. */
const CLOSE_TIME_LIMIT = 1000;

/** What the owner of a {@link FrameStream} is told. Nothing is called after `onClose`. */
interface FrameStreamEvents {
  onFrame(frame: Frame, size: number): void;
  /** The peer broke the protocol. The stream is aborted right after. */
  onFault(fault: Offence): void;
  /** What was written has been taken; more can be sent. */
  onDrain(): void;
  /** The peer will send nothing more, and everything it sent was handed over. */
  onEnd(): void;
  /** The stream is gone. Always the last call, and always made. */
  onClose(): void;
}

/**
 * Frames over one libp2p stream, with back-pressure both ways: {@link hold} stops reading (and by the muxer's window the
 * peer's writing), {@link congested} says when to stop writing.
 */
export class FrameStream {
  readonly #stream: Stream;
  readonly #events: FrameStreamEvents;
  readonly #counters: Counters;
  readonly #reader = new FrameReader();

  #closed = false;
  #ended = false;
  #held = false;
  #pumping = false;
  #resuming = false;
  #readTimer: NodeJS.Timeout | undefined;
  #readMark = { received: 0, taken: 0 };

  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #flushScheduled = false;
  #draining = false;
  #writeTimer: NodeJS.Timeout | undefined;
  #drains = 0;

  constructor(stream: Stream, events: FrameStreamEvents, counters: Counters) {
    this.#stream = stream;
    this.#events = events;
    this.#counters = counters;
    spareWindowUpdates(stream);
    stream.addEventListener('message', (event) => this.#onMessage(event.data));
    // 'end' and not 'remoteCloseWrite': it waits until a paused stream has delivered what it holds.
    stream.addEventListener('end', () => this.#onEnd());
    stream.addEventListener('close', () => this.#finish());
    stream.addEventListener('drain', () => this.#onStreamDrain());
    if (stream.status !== 'open') queueMicrotask(() => this.#finish());
    else if (stream.readableEnded) queueMicrotask(() => this.#onEnd());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that the peer ever sent. */
  get received(): number {
    return this.#reader.received;
  }

  /** Bytes that were sent and the muxer has not taken yet. */
  get unsent(): number {
    return this.#partBytes + this.#stream.writeBufferLength;
  }

  /** The peer or the way to it takes no more at the moment: send on only after `onDrain`. */
  get congested(): boolean {
    return this.#draining;
  }

  /** Hands no more frames over until {@link release}. */
  hold(): void {
    if (this.#held || this.#closed) return;
    this.#held = true;
    clearTimeout(this.#readTimer);
    this.#readTimer = undefined;
    // Not from inside resume(): libp2p would undo the pause when it comes back there, and the peer would go on sending.
    if (!this.#resuming) this.#pause();
  }

  release(): void {
    if (!this.#held || this.#closed) return;
    this.#held = false;
    this.#pump();
    if (this.#held || this.#closed || this.#stream.readStatus !== 'paused') return;
    this.#resuming = true;
    try {
      this.#stream.resume();
    } finally {
      this.#resuming = false;
    }
    this.#pump();
    if (this.#held) this.#pause();
  }

  #pause(): void {
    if (this.#stream.readStatus === 'readable') this.#stream.pause();
  }

  /** Sends a frame; does nothing on a closed stream. @throws NiagaError RECORD_TOO_LARGE, RECORD_ENCODING */
  send(frame: Frame): void {
    if (this.#closed) return;
    for (const part of encodeFrame(frame)) {
      this.#parts.push(part);
      this.#partBytes += part.length;
    }
    this.#counters.add('frames_out');
    this.#scheduleFlush();
  }

  /** Ends the stream after what was sent has gone out. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    try {
      await this.#stream.close({ signal: AbortSignal.timeout(CLOSE_TIME_LIMIT) });
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error('closing failed'));
    }
  }

  /** Ends the stream at once; the peer sees a reset. */
  abort(reason: Error): void {
    if (this.#closed) return;
    this.#finish();
    // Not from inside one of its own events, where libp2p goes on to touch the stream afterwards.
    queueMicrotask(() => this.#stream.abort(reason));
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#readTimer);
    clearTimeout(this.#writeTimer);
    this.#parts = [];
    this.#partBytes = 0;
    this.#events.onClose();
  }

  // Reading

  #onMessage(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#closed) return;
    const before = this.#reader.received;
    if (data instanceof Uint8Array) this.#reader.push(data);
    else for (const chunk of data) this.#reader.push(chunk);
    this.#counters.add('bytes_in', this.#reader.received - before);
    if (!this.#resuming) this.#pump();
  }

  #onEnd(): void {
    // 'end' also comes before the 'close' of a stream that was reset or whose connection broke, which is nobody's fault.
    if (this.#closed || (this.#stream.status !== 'open' && this.#stream.status !== 'closing')) return;
    this.#ended = true;
    this.#pump();
  }

  #pump(): void {
    // A frame's receiver may release() from inside; the outer loop then goes on anyway.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#held && !this.#closed) {
        const next = this.#reader.next();
        if (next === undefined) break;
        this.#counters.add('frames_in');
        this.#events.onFrame(next.frame, next.size);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#fault(error.fault, error);
    } finally {
      this.#pumping = false;
    }
    if (this.#held || this.#closed) return;
    this.#watchReading();
    if (!this.#ended) return;
    // The connection was up when the end came, so a frame without its end was cut by the peer and not by an accident.
    if (this.#reader.buffered > 0) this.#fault('truncated', new Error('the stream ended inside a frame'));
    else this.#events.onEnd();
  }

  #fault(fault: Offence, error: Error): void {
    this.#events.onFault(fault);
    this.abort(error);
  }

  /** Starts, keeps or ends the time that the frame which has begun has left. */
  #watchReading(): void {
    if (this.#reader.buffered === 0) {
      clearTimeout(this.#readTimer);
      this.#readTimer = undefined;
    } else if (this.#readTimer === undefined || this.#readMark.taken !== this.#reader.taken) {
      clearTimeout(this.#readTimer);
      this.#readMark = { received: this.#reader.received, taken: this.#reader.taken };
      this.#readTimer = setTimeout(() => afterPendingInput(() => this.#checkReading()), STALL_TIME_LIMIT);
    }
  }

  #checkReading(): void {
    if (this.#closed || this.#held || this.#readTimer === undefined) return;
    const { received, taken } = this.#readMark;
    const moved = this.#reader.taken !== taken || this.#reader.received - received >= STALL_PROGRESS;
    if (!moved) return this.#fault('stalled', new Error('a frame did not go on'));
    this.#readTimer = undefined;
    this.#watchReading();
  }

  // Writing

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#draining) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#closed && !this.#draining && this.#parts.length > 0) {
      const piece = this.#takePiece();
      this.#counters.add('bytes_out', piece.length);
      try {
        if (!this.#stream.send(piece)) this.#waitForDrain();
      } catch (error) {
        this.abort(error instanceof Error ? error : new Error('writing failed'));
      }
    }
  }

  #takePiece(): Uint8Array {
    let length = 0;
    let count = 0;
    for (const part of this.#parts) {
      if (count > 0 && length + part.length > PIECE_BYTES) break;
      length += part.length;
      count += 1;
    }
    const taken = this.#parts.splice(0, count);
    this.#partBytes -= length;
    const [only] = taken;
    if (count === 1 && only !== undefined) return only;
    const piece = new Uint8Array(length);
    let offset = 0;
    for (const part of taken) {
      piece.set(part, offset);
      offset += part.length;
    }
    return piece;
  }

  // The stream's own onDrain() cannot be used: libp2p 3.3 keeps the promise of the first drain, so that from the second
  // time on it is resolved already while the stream is still full.
  #waitForDrain(): void {
    this.#draining = true;
    const drains = this.#drains;
    this.#writeTimer = setTimeout(() => afterPendingInput(() => this.#checkWriting(drains)), STALL_TIME_LIMIT);
  }

  #checkWriting(drains: number): void {
    if (this.#closed || !this.#draining || this.#drains !== drains) return;
    this.#counters.add('streams_not_read');
    this.abort(new Error('the peer does not read'));
  }

  #onStreamDrain(): void {
    if (!this.#draining || this.#closed) return;
    this.#drains += 1;
    clearTimeout(this.#writeTimer);
    // libp2p writes what it had buffered in a microtask of its own, queued before this one; only then is it known.
    queueMicrotask(() => {
      if (this.#closed || !this.#draining) return;
      if (this.#stream.writableNeedsDrain) return this.#waitForDrain();
      this.#draining = false;
      this.#flush();
      if (!this.#draining && !this.#closed) this.#events.onDrain();
    });
  }
}

/**
 * Calls back after input that the process could not look at in time, because it was busy, has been delivered: a peer must not
 * pay for our being slow.
 */
export function afterPendingInput(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}
