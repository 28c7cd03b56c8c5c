import { NiagaError } from '../errors.js';
import { sha256 } from '../hash.js';
import { concat } from '../ids.js';
import { encodeUtf8 } from '../utf8.js';

/**
 * The code that a buyer shows when picking up goods. The contract commits to it; whoever types it in has met somebody who knew it.
 *
 * It is the only secret: its salt is made from it, so that nothing else has to be carried to the counter. That is why it is so long.
 */

/** Crockford's base 32: no letter looks like a digit (https://www.crockford.com/base32.html). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 100 bits: a seller who has the commitment cannot try them all. */
const LENGTH = 20;
const GROUP = 4;
const SALT_DOMAIN = encodeUtf8('niaga/1 pick-up code');

/** Random bytes that a code is made of. */
export const CODE_BYTES = LENGTH;

/** A code as it is shown, `7KQM-3XWP-…`. @param random {@link CODE_BYTES} random bytes */
export function pickupCode(random: Uint8Array): string {
  // 256 is a multiple of 32: no letter is drawn more often than another.
  const letters = Array.from(random.subarray(0, LENGTH), (byte) => ALPHABET[byte % ALPHABET.length] ?? '').join('');
  return grouped(letters);
}

/**
 * A code as somebody typed it: case, spaces and hyphens do not matter, nor O for 0, I and L for 1.
 * @throws NiagaError INPUT_INVALID
 */
export function readPickupCode(text: string): string {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (letters.length === LENGTH && [...letters].every((letter) => ALPHABET.includes(letter))) return grouped(letters);
  // What was typed is a secret of somebody: it is not repeated.
  throw new NiagaError('INPUT_INVALID', `A pick-up code has ${LENGTH} letters and digits, such as 7KQM-3XWP-….`, {
    where: 'code',
    next: 'Ask the buyer for it: niaga trade show prints it there.',
  });
}

/** The salt of a code's commitment (private.ts). @param code as {@link pickupCode} gives it */
export function saltOfCode(code: string): Uint8Array {
  return sha256(concat(SALT_DOMAIN, encodeUtf8(code)));
}

function grouped(letters: string): string {
  return (letters.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-');
}
