import { isNiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import type { courier } from '../../protocol/mail/index.js';
import { openArrived } from '../identity/index.js';
import { FINAL_CODES } from './final-codes.js';
import type { MailDeps, ParcelHandler } from './index.js';
import type { DeliveryVerdict } from './wire.js';

type Waiting = ReadonlyMap<string, courier.Waiting>;
export type RefusedVerdict = Extract<courier.Verdict, { type: 'refused' }>;

export interface VerdictsDeps extends Pick<MailDeps, 'networkName' | 'devices' | 'verify' | 'now' | 'logger'> {
  readonly handlers: ReadonlyMap<string, ParcelHandler>;
}

/** What recipients say to what they were sent, verified: only a receipt of theirs, for just this, counts as one. */
export class Verdicts {
  readonly #deps: VerdictsDeps;

  constructor(deps: VerdictsDeps) {
    this.#deps = deps;
  }

  /** The answer to a delivery: a verdict for each parcel, and the receipts that hold. */
  read(
    to: Uint8Array,
    waiting: Waiting,
    ids: readonly string[],
    results: readonly DeliveryVerdict[],
  ): { verdicts: Map<string, courier.Verdict>; receipts: Map<string, Uint8Array> } {
    const verdicts = new Map<string, courier.Verdict>();
    const receipts = new Map<string, Uint8Array>();
    for (const [at, id] of ids.entries()) {
      const result = results[at] ?? {};
      if (result.receipt === undefined) {
        const refused = this.refused(waiting.get(id)?.kind ?? '', result);
        verdicts.set(id, result.taken === true ? { type: 'taken' } : refused);
        continue;
      }
      const bytes = result.receipt.slice();
      const genuine = this.#isFor(to, waiting, id, bytes);
      if (genuine) receipts.set(id, bytes);
      const forged = { code: 'PEER_PROTOCOL', message: 'The receipt does not hold.' };
      verdicts.set(id, genuine ? { type: 'receipted' } : { type: 'refused', final: false, ...forged });
    }
    return { verdicts, receipts };
  }

  /**
   * What a receipt is for. Undefined where it is not the recipient's own, or names another trade than what was sent.
   * @param letter the trader in whose letter it came, if in any: it may have lain there until its delegation had ended
   * @throws NiagaError RECORD_…, DELEGATION_…
   */
  receipt(
    from: Uint8Array,
    waiting: Waiting,
    bytes: Uint8Array,
    letter?: Uint8Array,
  ): { of: string; read: boolean } | undefined {
    const { payload } = openArrived(bytes, 'receipt', this.#deps, letter);
    const of = payload.of.toString();
    const sent = waiting.get(of);
    const fits = sent === undefined || sent.about === payload.trade?.toString();
    if (equalBytes(payload.trader, from) && fits) return { of, read: payload.read === true };
    this.#deps.logger.warn({ from: traderToText(from), of }, 'a receipt was for something else');
    return undefined;
  }

  refused(kind: string, { code = 'INTERNAL', message = code, missing, retryAt }: DeliveryVerdict): RefusedVerdict {
    const judged = FINAL_CODES.has(code) || this.#deps.handlers.get(kind)?.finalCodes?.has(code) === true;
    return {
      type: 'refused',
      final: judged && missing === undefined && retryAt === undefined,
      code,
      message,
      ...(missing === undefined ? {} : { missing }),
      ...(retryAt === undefined ? {} : { retryAt }),
    };
  }

  #isFor(to: Uint8Array, waiting: Waiting, id: string, bytes: Uint8Array): boolean {
    try {
      return this.receipt(to, waiting, bytes)?.of === id;
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.logger.warn({ to: traderToText(to), code: error.code }, 'a receipt did not verify');
      return false;
    }
  }
}
