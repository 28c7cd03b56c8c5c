import { z } from 'zod';
import { keyPairFromSeed, sign } from '../ed25519.js';
import { headerShape } from '../header.js';
import { concat } from '../ids.js';
import { sha256 } from '../hash.js';
import { bytesSchema, keySchema, textSchema, timeSchema } from '../schema.js';
import type { Verify } from '../record.js';
import { encodeUtf8 } from '../utf8.js';
import { SEALED_SIZES } from './sealing.js';

/** How whoever leaves a letter at a mailbox shows that it may: with a token of the recipient's, or with work. */

const DAY = 24 * 60 * 60 * 1000;
/** Letters that one request names in each of its lists. */
const MAX_HASHES = 1_000;

/**
 * A trader's permission to leave letters for it: kept by a counterparty, shown to the mailboxes. It names a key whose seed only the
 * counterparty got, so that a mailbox that saw the token cannot use it elsewhere.
 */
export const mailboxTokenSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('mailbox-token'),
  /** Tells the trader's tokens from each other. */
  id: bytesSchema(16),
  /** Signs the deposits. */
  key: keySchema,
  expires: timeSchema,
  /** Bytes of letters that may lie under it in one mailbox. */
  quota: z.int().min(0),
});
export type MailboxToken = z.infer<typeof mailboxTokenSchema>;

/** A trader's request to one of its mailboxes: lists what lies there, and deletes what it has. */
export const mailboxRequestSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('mailbox-request'),
  /** Peer id of the node that it is for: at no other does it count. */
  mailbox: textSchema(1, 128),
  /** Hashes of letters that are not needed any more. */
  drop: z.array(bytesSchema(32)).max(MAX_HASHES),
  /** Hashes of letters that this device cannot open and another device of the trader may: they stay, and are not told of here. */
  leave: z.array(bytesSchema(32)).max(MAX_HASHES).optional(),
  /** Milliseconds to wait for a letter where none is there. */
  wait: z.int().min(0).max(60_000),
});

/** A request counts while its `created` lies no farther from the mailbox's clock: phones are minutes off. */
export const REQUEST_FRESH = 10 * 60 * 1000;

/** Identifies a sealed letter. */
export function letterHash(sealed: Uint8Array): Uint8Array {
  return sha256(sealed);
}

const DEPOSIT_DOMAIN = encodeUtf8('niaga/1 deposit\0');
const WORK_DOMAIN = encodeUtf8('niaga/1 work\0');

/** Signed by the token's key: this letter, at this mailbox. */
export function depositBytes(mailbox: string, hash: Uint8Array): Uint8Array {
  return concat(DEPOSIT_DOMAIN, hash, encodeUtf8(mailbox));
}

export function signDeposit(seed: Uint8Array, mailbox: string, hash: Uint8Array): Uint8Array {
  return sign(depositBytes(mailbox, hash), keyPairFromSeed(seed).secretKey);
}

export function isDepositSigned(
  token: Pick<MailboxToken, 'key'>,
  mailbox: string,
  hash: Uint8Array,
  signature: Uint8Array,
  verify: Verify,
): boolean {
  return verify(token.key, depositBytes(mailbox, hash), signature);
}

/**
 * For the smallest letter 16,384 hashes on average, for the usual one twice that: some hundredths of a second, times six mailboxes, once
 * for each new counterparty; a quarter of an hour for the 16,000 letters that would fill the strangers' share of one node.
 */
const WORK_BITS = 14;
export const NONCE_BYTES = 8;

/** Days since 1970 UTC. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY);
}

/** Leading zero bits that the work for a sealed letter must show: one more for each larger size. */
export function workBits(sealedBytes: number): number {
  return WORK_BITS + Math.max(0, SEALED_SIZES.indexOf(sealedBytes));
}

/** What the work is for, without the nonce: it counts for one letter, at one mailbox, on one day. */
export function workPrefix(mailbox: string, hash: Uint8Array, day: number): Uint8Array {
  const days = new Uint8Array(4);
  new DataView(days.buffer).setUint32(0, day);
  return concat(WORK_DOMAIN, hash, days, encodeUtf8(mailbox));
}

/** Leading zero bits of SHA-256 over the prefix and the nonce. */
export function isWork(prefix: Uint8Array, nonce: Uint8Array, bits: number): boolean {
  return nonce.length === NONCE_BYTES && leadingZeros(sha256(concat(prefix, nonce))) >= bits;
}

function leadingZeros(digest: Uint8Array): number {
  let zeros = 0;
  for (const byte of digest) {
    if (byte > 0) return zeros + Math.clz32(byte) - 24;
    zeros += 8;
  }
  return zeros;
}

/**
 * Looks for a nonce, a piece at a time, so that nothing else has to wait.
 * @param from where to begin; each piece tries `count` nonces from there
 * @returns the nonce, or undefined where none of them will do
 */
export function findWork(prefix: Uint8Array, bits: number, from: number, count: number): Uint8Array | undefined {
  const hashed = concat(prefix, new Uint8Array(NONCE_BYTES));
  const view = new DataView(hashed.buffer, prefix.length);
  for (let tried = from; tried < from + count; tried++) {
    view.setUint32(0, Math.floor(tried / 2 ** 32));
    view.setUint32(4, tried >>> 0);
    if (leadingZeros(sha256(hashed)) >= bits) return hashed.slice(prefix.length);
  }
  return undefined;
}

/** Work of yesterday counts too: midnight is somewhere, and clocks differ. */
export function isWorkDay(day: number, now: number): boolean {
  return Math.abs(dayOf(now) - day) <= 1;
}
