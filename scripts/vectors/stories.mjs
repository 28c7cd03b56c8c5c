import { apply, nextHeads, recordId, signRecord } from '../../dist/protocol/index.js';
import { budi, CREATED, delegate, KEYS, NETWORK, sari, signerOf } from './keys.mjs';
import { TERMS } from './trade-samples.mjs';

/** Logs of trades, told step by step. */

const minute = 60 * 1000;
/** A third trader: no party of the trade, or the arbiter of its contract. */
export const third = signerOf(KEYS.stranger, KEYS.strangerDevice, delegate(KEYS.stranger, KEYS.strangerDevice));
export const SIGNERS = { buyer: budi, seller: sari, arbiter: third };

/** The terms as a side would propose them: a seller says what it promises of its stock. */
export function termsBy(role, more = {}) {
  return { ...TERMS, ...(role === 'seller' ? { stock: 'reserved' } : {}), ...more };
}

/**
 * A log in the making. Each message is signed for real and carries its author's delegation; it takes the heads of what
 * the story knows so far, unless said otherwise. Nothing is checked: a message may be wrong.
 */
export class Story {
  constructor() {
    this.records = [];
    this.state = undefined;
  }

  /** What one more would have in its header: a minute later each. */
  get created() {
    return CREATED + this.records.length * minute;
  }

  /**
   * @param options `fields` of the message; `signer`, `created`, `heads`, `answers` and `network` where they are other
   *   than usual; `seen`: an earlier state that the author takes for the present one
   */
  step(
    role,
    kind,
    {
      fields = {},
      signer = SIGNERS[role],
      created = this.created,
      seen = this.state,
      network = NETWORK,
      ...other
    } = {},
  ) {
    const draft = kind === 'offer' ? this.#offer(role, fields) : { ...this.#step(role, kind, seen, other), ...fields };
    const record = signRecord(kind, draft, signer, { network, created, inlineDelegation: true });
    this.records.push(record);
    const outcome = apply(this.state, record);
    if (outcome.ok) this.state = outcome.state;
    return record;
  }

  #offer(role, fields) {
    const parties = { buyer: budi.trader, seller: sari.trader };
    return { heads: [], ...parties, terms: termsBy(role), ...fields };
  }

  #step(role, kind, seen, { heads, answers }) {
    const answered = answers ?? answerable(seen, kind);
    const base = { trade: seen.trade, heads: heads ?? nextHeads(seen, role, answered) };
    switch (kind) {
      case 'counter':
        return { ...base, answers: answered, terms: termsBy(role) };
      case 'accept':
      case 'decline':
      case 'withdraw':
        return { ...base, answers: answered };
      case 'remedy-accept':
      case 'remedy-decline':
        return { ...base, answers: seen.remedies[0]?.id ?? seen.trade };
      case 'paid':
      case 'payment-seen':
        return { ...base, amount: seen.total };
      case 'refunded':
      case 'refund-seen':
        return { ...base, amount: seen.payment.owed ?? seen.total };
      case 'remedy':
      case 'dispute':
      case 'ruling':
        return { ...base, reason: 'Satu bungkus sobek.' };
      case 'statement':
      case 'reply':
        return { ...base, text: 'Sudah dikirim.' };
      case 'rating':
        return { ...base, stars: 5 };
      case 'timeout':
        return { ...base, deadline: seen.deadlines[0]?.deadline ?? 'offer-expiry' };
      default:
        return base;
    }
  }

  /** Both told in one: offer and accept. */
  agree() {
    this.step('buyer', 'offer');
    this.step('seller', 'accept');
    return this;
  }
}

function answerable(state, kind) {
  if (!['counter', 'accept', 'decline', 'withdraw'].includes(kind)) return undefined;
  const { contract } = state;
  return contract.status === 'open' ? contract.open[0].id : (state.agreement?.proposal ?? state.trade);
}

export const nobody = recordId(Uint8Array.of(0x80));
