const KiB = 1024;
/** Large enough that what is lost at their ends does not matter, small enough to be given back one by one. */
const SLAB_BYTES = 256 * KiB;

interface Slab {
  readonly bytes: Uint8Array;
  end: number;
  /** Bytes of slices that are not freed. */
  live: number;
}

/** Bytes in an {@link Arena}. */
export interface Slice {
  /** A view, not to be changed. */
  readonly bytes: Uint8Array;
}

class ArenaSlice implements Slice {
  constructor(
    readonly slab: Slab,
    readonly start: number,
    readonly length: number,
  ) {}

  get bytes(): Uint8Array {
    return this.slab.bytes.subarray(this.start, this.start + this.length);
  }
}

/**
 * Many small pieces of bytes in few large ones: an array object for each takes some 200 bytes besides its own and keeps the garbage
 * collector busy.
 */
export class Arena {
  #slab: Slab | undefined;

  /** Keeps a copy. */
  add(bytes: Uint8Array): Slice {
    let slab = this.#slab;
    if (slab === undefined || slab.end + bytes.length > slab.bytes.length) {
      slab = { bytes: new Uint8Array(Math.max(SLAB_BYTES, bytes.length)), end: 0, live: 0 };
      this.#slab = slab;
    }
    const start = slab.end;
    slab.bytes.set(bytes, start);
    slab.end += bytes.length;
    slab.live += bytes.length;
    return new ArenaSlice(slab, start, bytes.length);
  }

  free(slice: Slice): void {
    if (slice instanceof ArenaSlice) slice.slab.live -= slice.length;
  }

  /** Gives the slice a new place where most around it is freed, so that its slab can go; to be called for all, now and then. */
  settle(slice: Slice): Slice {
    if (!(slice instanceof ArenaSlice) || slice.slab === this.#slab) return slice;
    if (2 * slice.slab.live > slice.slab.bytes.length) return slice;
    this.free(slice);
    return this.add(slice.bytes);
  }
}
