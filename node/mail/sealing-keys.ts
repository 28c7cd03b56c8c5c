import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { decode, encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { LETTER_LIFETIME, sealingKey } from '../../protocol/mail/index.js';
import { bytesSchema, timeSchema } from '../../protocol/schema.js';
import { writeFileAtomic } from '../home/index.js';
import type { IdentityHome } from '../identity/index.js';
import { readSecret, secretSchema, storeSecret } from '../identity/key-file.js';

const DAY = 24 * 60 * 60 * 1000;
/** A machine that is taken opens the letters of so long at most, and of the lifetime of letters before. */
export const ROTATION = 30 * DAY;
/** Letters are sealed to a key as long as somebody believes in an old profile: a day longer than it is brought out. */
const KEPT = LETTER_LIFETIME + 2 * DAY;
const FILE = 'sealing.json';
const PRIVATE_FILE = 0o600;
const SECRET_BYTES = 32;

/** The newest first. `until`: when the next one took its place. */
const keysSchema = z.array(
  z.object({ secret: bytesSchema(SECRET_BYTES), created: timeSchema, until: timeSchema.optional() }),
);
type Keys = z.infer<typeof keysSchema>;

/** The X25519 keys that letters to this trader are sealed to: sealed at rest like the device's own, a new one every month. */
export class SealingKeys {
  readonly #home: IdentityHome;
  readonly #passphrase: string | undefined;
  #keys: Keys = [];

  constructor(home: IdentityHome, passphrase: string | undefined) {
    this.#home = home;
    this.#passphrase = passphrase;
  }

  /** @throws NiagaError IDENTITY_SEALED, HOME_UNUSABLE */
  async load(now: number): Promise<void> {
    this.#keys = (await this.#read()) ?? [];
    await this.rotate(now);
  }

  /** The public key that others are to use now. */
  get current(): Uint8Array {
    const newest = this.#keys[0];
    if (newest === undefined) throw new NiagaError('INTERNAL', 'The sealing keys were not loaded.');
    return sealingKey(newest.secret);
  }

  /** All that may still open something, the newest first. */
  get secrets(): readonly Uint8Array[] {
    return this.#keys.map(({ secret }) => secret);
  }

  /** Makes a new key where the newest is old, and deletes those that nothing can be sealed to any more. True when there is a new one. */
  async rotate(now: number): Promise<boolean> {
    const newest = this.#keys[0];
    // One that a clock gone wrong dated ahead would never be old.
    const due = newest === undefined || Math.abs(now - newest.created) >= ROTATION;
    const kept = this.#keys
      .map((key, at) => (at === 0 && due ? { ...key, until: now } : key))
      .filter(({ until }) => until === undefined || now - until < KEPT);
    if (!due && kept.length === this.#keys.length) return false;
    const fresh = due ? [{ secret: new Uint8Array(randomBytes(SECRET_BYTES)), created: now }] : [];
    this.#keys = [...fresh, ...kept];
    const stored = await storeSecret(encode(this.#keys), this.#passphrase);
    await writeFileAtomic(this.#path, `${JSON.stringify({ keys: stored })}\n`, PRIVATE_FILE);
    return due;
  }

  get #path(): string {
    return join(this.#home.identityFolder, FILE);
  }

  async #read(): Promise<Keys | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new NiagaError('HOME_UNUSABLE', `The key file ${this.#path} cannot be read.`, { cause: error });
    }
    let stored;
    try {
      stored = z.object({ keys: secretSchema }).parse(JSON.parse(text)).keys;
    } catch {
      // The parse error is not kept: it could quote the secret.
      throw new NiagaError('HOME_UNUSABLE', `The key file ${this.#path} is damaged.`, {
        next: 'Restore it from a backup, or remove it: letters under way to you are then sent again.',
      });
    }
    return keysSchema.parse(decode(await readSecret(stored, this.#passphrase)));
  }
}
