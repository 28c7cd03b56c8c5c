const MiB = 1024 * 1024;
/** The pictures of some hundred listings as a page shows them. */
const MAX_BYTES = 32 * MiB;

/**
 * Pictures of others that somebody here wanted to see: in memory alone, for nobody else, and gone with the node. To keep strangers'
 * pictures on the disk, and to give them to others, is for the owner to say (`--keep-media`).
 */
export class SeenPictures {
  readonly #max: number;
  /** Those seen longest ago first. */
  readonly #pictures = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(max = MAX_BYTES) {
    this.#max = max;
  }

  get(id: string): Uint8Array | undefined {
    return this.#pictures.get(id);
  }

  add(id: string, bytes: Uint8Array): void {
    if (this.#pictures.has(id)) return;
    this.#pictures.set(id, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#pictures) {
      if (this.#bytes <= this.#max || oldest === id) return;
      this.#pictures.delete(oldest);
      this.#bytes -= length;
    }
  }
}
