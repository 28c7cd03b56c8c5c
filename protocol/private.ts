import { varint } from 'multiformats';
import { z } from 'zod';
import { NiagaError } from './errors.js';
import { sha256 } from './hash.js';
import { concat, equalBytes } from './ids.js';
import { bytesSchema } from './schema.js';
import { encodeUtf8 } from './utf8.js';

/**
 * Personal data (an address, a phone number, a proof of payment, a key of digital goods) never stands in a log. The log has
 * its salted commitment; the value goes sealed to the one who needs it, and can be deleted later: the log still verifies.
 */

const DOMAIN = encodeUtf8('niaga/1 private');
/** Without a salt that nobody can guess, an address could be found by trying all addresses. */
export const MIN_SALT = 16;
export const MAX_SALT = 32;

/** A commitment: 32 bytes that say nothing to those who do not know salt and value. */
export const commitmentSchema = bytesSchema(32);

/** 16 to 32 random bytes. */
export const saltSchema = z
  .custom<Uint8Array>((value) => value instanceof Uint8Array && isSalt(value), `not ${MIN_SALT} to ${MAX_SALT} bytes`)
  .meta({ id: 'salt' });

/**
 * `sha256(length-prefixed "niaga/1 private" ‖ length-prefixed salt ‖ length-prefixed value)`, lengths as unsigned varints.
 * @param salt 16 to 32 random bytes, never used for another value
 * @param value the data itself, up to the caller: text as UTF-8, a file as it is
 * @throws NiagaError INPUT_INVALID where the salt has another length
 */
export function commit(salt: Uint8Array, value: Uint8Array): Uint8Array {
  if (!isSalt(salt)) {
    const message = `A salt has ${MIN_SALT} to ${MAX_SALT} bytes, not ${salt.length}.`;
    throw new NiagaError('INPUT_INVALID', message, { where: 'salt' });
  }
  return sha256(concat(...[DOMAIN, salt, value].flatMap((part) => [lengthOf(part), part])));
}

/** Whether a commitment is of this value under this salt. */
export function opens(commitment: Uint8Array, salt: Uint8Array, value: Uint8Array): boolean {
  return isSalt(salt) && equalBytes(commit(salt, value), commitment);
}

function isSalt(salt: Uint8Array): boolean {
  return salt.length >= MIN_SALT && salt.length <= MAX_SALT;
}

function lengthOf(part: Uint8Array): Uint8Array {
  return varint.encodeTo(part.length, new Uint8Array(varint.encodingLength(part.length)));
}
