import { latin1 } from '../../bytes.js';
import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import type { Card } from '../../../protocol/catalog/card.js';
import { decode } from '../../../protocol/cbor.js';
import { NiagaError, type ErrorCode } from '../../../protocol/errors.js';
import { signedBytes, type Verify } from '../../../protocol/record.js';
import { cardContradicts } from '../../../protocol/search/card-contradicts.js';
import type { HeldCard } from './card.js';
import { splitEnvelope } from './reader.js';

/**
 * Signatures that one question may cost: a check takes a tenth of a millisecond. What is not checked by then is left out of the answer, and
 * comes with a later one, checked in idle time.
 */
const CHECKS_A_QUESTION = 200;
/** Devices whose word is not taken any more; they would have to be made and delegated anew for each one. */
const MAX_DISTRUSTED = 10_000;

/**
 * Checks the signatures of cards that their own devices have brought: before they are first handed out, and in idle time. A device that
 * has brought one with a wrong signature is not taken at its word again: its other cards wait until they are checked.
 */
export class Checker {
  readonly #verify: Verify;
  readonly #onBad: (card: HeldCard, code: ErrorCode) => void;
  readonly #distrusted = createBoundedCache<true>(MAX_DISTRUSTED);
  #waiting: HeldCard[] = [];

  /** @param onBad told of each card whose signature does not hold, or whose index is not of its title; it must not be handed out, and is not asked about again */
  constructor(verify: Verify, onBad: (card: HeldCard, code: ErrorCode) => void) {
    this.#verify = verify;
    this.#onBad = onBad;
  }

  /** What is wrong with a card whose form is right: its signature, or an index that is not of its own title. Undefined: nothing. */
  verdict(bytes: Uint8Array, device: Uint8Array): NiagaError | undefined {
    const parts = splitEnvelope(bytes);
    if (parts === undefined || !this.#verify(device, signedBytes(parts.payload), parts.signature))
      return new NiagaError('RECORD_SIGNATURE', 'The signature of the card does not verify.');
    return cardContradicts(decode(parts.payload) as Card)
      ? new NiagaError('INDEX_FALSE', 'The index of the card is not of its title.')
      : undefined;
  }

  /** Whether the device's own cards may be held before they are checked. */
  trusts(device: Uint8Array): boolean {
    return this.#distrusted.get(latin1(device)) === undefined;
  }

  /** The card is held without having been checked. */
  later(card: HeldCard): void {
    this.#waiting.push(card);
  }

  /** Checks a card, once. */
  check(card: HeldCard): boolean {
    if (card.verified) return true;
    const wrong = this.verdict(card.bytes, card.device);
    if (wrong === undefined) return (card.verified = true);
    this.#distrusted.set(latin1(card.device), true);
    this.#onBad(card, wrong.code);
    return false;
  }

  /** For one question: checks what is to be handed out, as far as that costs no more than {@link CHECKS_A_QUESTION}. */
  forQuestion(): (card: HeldCard) => boolean {
    let left = CHECKS_A_QUESTION;
    return (card) => card.verified || (this.trusts(card.device) && left-- > 0 && this.check(card));
  }

  /** How many may wait to be checked; some of them may be gone. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Checks for so long. @param isHeld false for cards that are gone */
  work(milliseconds: number, isHeld: (card: HeldCard) => boolean): void {
    const end = performance.now() + milliseconds;
    while (this.#waiting.length > 0 && performance.now() < end) {
      const card = this.#waiting.pop();
      if (card !== undefined && isHeld(card)) this.check(card);
    }
    // What many cards have left of the array's memory.
    if (this.#waiting.length === 0) this.#waiting = [];
  }
}
