import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../node/api/client.js';
import { writeFileAtomic } from '../../node/home/write-file-atomic.js';
import { isNiagaError } from '../../protocol/errors.js';
import type { Context } from '../context.js';
import { textsIn } from '../export/item.js';
import { fileError } from './evidence-file.js';

const FOLDER = 'pictures';

/** Pictures of own listings as files beside them, each once: `niaga publish` finds them there. */
export class PictureFiles {
  readonly #folder: string;
  readonly #client: Client;
  readonly #context: Context;
  /** Of each picture what a listing is to name: the file, or its id where the node has not got it. */
  readonly #names = new Map<string, string>();
  missing = 0;

  constructor(folder: string, client: Client, context: Context) {
    this.#folder = folder;
    this.#client = client;
    this.#context = context;
  }

  get count(): number {
    return this.#names.size - this.missing;
  }

  /** The listing with the names of files where it has ids of pictures. @throws NiagaError what the node says; INPUT_FILE */
  async of(item: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    if (item['image'] === undefined) return item;
    const image: string[] = [];
    for (const id of textsIn(item['image'])) {
      const name = this.#names.get(id) ?? (await this.#save(id));
      this.#names.set(id, name);
      image.push(name);
    }
    return { ...item, image };
  }

  async #save(picture: string): Promise<string> {
    try {
      const { signal } = this.#context;
      const { type, content } = await this.#client.call('pictureSave', { picture }, { signal });
      const name = `${FOLDER}/${picture}.${type.slice('image/'.length)}`;
      const path = join(this.#folder, name);
      try {
        await mkdir(join(this.#folder, FOLDER), { recursive: true, mode: 0o700 });
        await writeFileAtomic(path, Buffer.from(content, 'base64'));
      } catch (error) {
        throw fileError(error, path);
      }
      return name;
    } catch (error) {
      if (!isNiagaError(error, 'PICTURE_NOT_FOUND') && !isNiagaError(error, 'PICTURE_INVALID')) throw error;
      this.missing++;
      return picture;
    }
  }
}
