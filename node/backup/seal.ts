import { createCipheriv, createDecipheriv, hkdfSync, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';
import { canStretch, SCRYPT, stretch } from '../identity/key-file.js';

/**
 * The outside of a backup: one line of text, then the content in chunks.
 *
 *     niaga-backup 1 <N> <r> <p> <salt> <check> <sum>\n
 *
 * `salt` and `check` in base64url, `sum` the first half of SHA-256 of the line before it: with it a damaged line is told from a
 * wrong passphrase. The key is HKDF-SHA256 of scrypt(passphrase, salt), another for each file since the salt is. The chunks are those
 * of the STREAM construction as age writes it (C2SP age, "Payload"): ChaCha20-Poly1305 over 64 KiB each, nonce = number of the chunk
 * (11 bytes) ‖ 1 for the last one, else 0; the line is the associated data of each. So chunks cannot be changed, left out, moved,
 * or cut off at the end.
 */
const MAGIC = 'niaga-backup';
const FORMAT = 1;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const CHECK_BYTES = 16;
const SUM_HEX = 32;
const TAG_BYTES = 16;
const CHUNK = 64 * 1024;
const SEALED_CHUNK = CHUNK + TAG_BYTES;
/** The line has some 130 characters. */
const MAX_LINE = 512;
/** No header makes a reader take more time for a guess than four times what this version writes. */
const MOST_WORK = 4 * SCRYPT.N * SCRYPT.r * SCRYPT.p;
const CIPHER = 'chacha20-poly1305';

const HEADER = /^niaga-backup (\d{1,9}) (\d{1,9}) (\d{1,3}) (\d{1,3}) ([\w-]{43}) ([\w-]{22}) ([0-9a-f]{32})$/;

interface Keys {
  readonly content: Uint8Array;
  readonly check: Uint8Array;
}

async function keysOf(passphrase: string, salt: Uint8Array, cost: { N: number; r: number; p: number }): Promise<Keys> {
  const secret = await stretch(passphrase, salt, cost);
  const derive = (purpose: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', secret, salt, `niaga/1 backup ${purpose}`, bytes));
  return { content: derive('content', KEY_BYTES), check: derive('check', CHECK_BYTES) };
}

/**
 * Seals a stream under a passphrase; holds no more than a chunk of it.
 * @param cost of each guess; it stands in the file
 */
export async function* seal(
  plain: AsyncIterable<Uint8Array>,
  passphrase: string,
  cost: { readonly N: number; readonly r: number; readonly p: number } = SCRYPT,
): AsyncGenerator<Uint8Array> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const { N, r, p } = cost;
  const keys = await keysOf(passphrase, salt, cost);
  const line = withSum(`${MAGIC} ${FORMAT} ${N} ${r} ${p} ${base64url(salt)} ${base64url(keys.check)}`);
  yield Buffer.from(`${line}\n`);
  let number = 0;
  for await (const { chunk, last } of chunked(plain, CHUNK)) {
    const cipher = createCipheriv(CIPHER, keys.content, nonceOf(number++, last), { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(line), { plaintextLength: chunk.length });
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  }
}

/**
 * Opens what {@link seal} made; each chunk is handed out once it is known to be what was written.
 * @throws NiagaError BACKUP_SEALED: another passphrase; BACKUP_INVALID: cut, changed or no backup; HOME_NEWER
 */
export async function* unseal(sealed: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Uint8Array> {
  const source = sealed[Symbol.asyncIterator]();
  const { line, rest } = await readLine(source);
  const keys = await openLine(line, passphrase);
  let number = 0;
  for await (const { chunk, last } of chunked(after(rest, source), SEALED_CHUNK)) {
    const at = chunk.length - TAG_BYTES;
    if (at < 0) throw damaged('ends in the middle');
    const decipher = createDecipheriv(CIPHER, keys.content, nonceOf(number++, last), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(line), { plaintextLength: at });
    decipher.setAuthTag(chunk.subarray(at));
    const plain = decipher.update(chunk.subarray(0, at));
    try {
      decipher.final();
    } catch (error) {
      throw damaged(last ? 'was changed at its end, or cut off' : `was changed in its part ${number}`, error);
    }
    yield plain;
  }
}

async function openLine(line: string, passphrase: string): Promise<Keys> {
  const [, format, N, r, p, salt = '', check = '', sum = ''] = HEADER.exec(line) ?? [];
  if (format !== undefined && Number(format) > FORMAT) {
    throw new NiagaError('HOME_NEWER', `The backup has format ${format}; this version knows up to ${FORMAT}.`, {
      next: 'Update Niaga (npm install -g niaga@latest).',
    });
  }
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (withSum(line.slice(0, -SUM_HEX - 1)) !== `${line.slice(0, -SUM_HEX)}${sum}`) {
    throw damaged(line.startsWith(`${MAGIC} `) ? 'was changed in its first line' : 'does not begin as one');
  }
  if (!canStretch(cost)) throw damaged('has a cost of guessing that there is not');
  if (cost.N * cost.r * cost.p > MOST_WORK) throw damaged('asks for more work than allowed');
  const keys = await keysOf(passphrase, Buffer.from(salt, 'base64url'), cost);
  if (!timingSafeEqual(keys.check, Buffer.from(check, 'base64url'))) {
    throw new NiagaError('BACKUP_SEALED', 'The passphrase does not open the backup.', {
      next: 'Give the passphrase that was chosen when the backup was made: --passphrase-file FILE, or type it.',
    });
  }
  return keys;
}

function withSum(line: string): string {
  return `${line} ${hash('sha256', line).slice(0, SUM_HEX)}`;
}

async function readLine(source: AsyncIterator<Uint8Array>): Promise<{ line: string; rest: Uint8Array }> {
  let head = Buffer.alloc(0);
  for (;;) {
    const end = head.indexOf('\n');
    if (end !== -1 && end <= MAX_LINE) return { line: head.toString('latin1', 0, end), rest: head.subarray(end + 1) };
    const next = head.length > MAX_LINE ? undefined : await source.next();
    if (next === undefined || next.done === true) throw damaged('does not begin as one');
    head = Buffer.concat([head, next.value]);
  }
}

async function* after(rest: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield rest;
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  } finally {
    await source.return?.();
  }
}

/** The bytes in pieces of one size, the last one shorter; at least one, if empty. */
async function* chunked(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ chunk: Uint8Array; last: boolean }> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of source) {
    held.push(bytes);
    length += bytes.length;
    if (length <= size) continue;
    const all = Buffer.concat(held, length);
    let at = 0;
    // What may be the last one waits until more has come.
    for (; length - at > size; at += size) yield { chunk: all.subarray(at, at + size), last: false };
    held = [all.subarray(at)];
    length -= at;
  }
  yield { chunk: Buffer.concat(held, length), last: true };
}

function nonceOf(number: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

export function damaged(how: string, cause?: unknown): NiagaError {
  return new NiagaError('BACKUP_INVALID', `The file is not a whole backup: it ${how}.`, {
    next: 'Use another copy of it. Nothing was changed here.',
    ...(cause === undefined ? {} : { cause }),
  });
}
