import type { PeerRow, PeerStore } from './index.js';

interface SavedPeersDeps {
  readonly store: PeerStore | undefined;
  /** The rows as they are now. */
  readonly rows: () => PeerRow[];
  readonly onError: (error: unknown, what: string) => void;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
}

/** Keeps the rows of known peers in a store: read once, then written a while after they change, many changes at once. */
export class SavedPeers {
  readonly #deps: SavedPeersDeps;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #saving: Promise<void> = Promise.resolve();
  #dirty = false;
  #persisting = false;

  constructor(deps: SavedPeersDeps) {
    this.#deps = deps;
  }

  /** Hands over what was saved; from then on changes are saved. Without a store nothing is. */
  async load(take: (rows: readonly PeerRow[]) => void): Promise<void> {
    const { store, onError } = this.#deps;
    if (store === undefined) return;
    try {
      take(await store.load());
    } catch (error) {
      // A node without its old peers still has its bootstrap addresses: worth a warning and not a failed start.
      onError(error, 'the saved peers could not be read');
    }
    this.#persisting = true;
  }

  /** The rows have changed and are to be written within so many milliseconds. */
  changed(delay: number): void {
    if (!this.#persisting) return;
    this.#dirty = true;
    const due = this.#deps.monotonic() + delay;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, delay).unref();
  }

  /** Writes what has changed, now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#save();
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (!this.#dirty || !this.#persisting) return;
      this.#dirty = false;
      try {
        await this.#deps.store?.save(this.#deps.rows());
      } catch (error) {
        this.#deps.onError(error, 'the known peers could not be saved');
      }
    });
    return this.#saving;
  }
}
