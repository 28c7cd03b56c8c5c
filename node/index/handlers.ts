import { readBody, writeBody } from '../network/bodies.js';
import type { HandleOptions, Network } from '../network/index.js';
import type { CloserNodes } from './held/closer.js';
import { declinedOf } from './handover-delivery.js';
import { AskBudget } from './held/quotas.js';
import { readPut } from './held/put-bytes.js';
import type { Holder } from './holder.js';
import {
  ASK_METHOD,
  askSchema,
  CARDS_METHOD,
  cardsSchema,
  LEASE_METHOD,
  leaseRequestSchema,
  MAX_PUT_BYTES,
  OFFER_METHOD,
  offerSchema,
  PUT_METHOD,
  type Offer,
} from './wire.js';

/** Batches taken side by side, of all peers together: each is a megabyte until it is done, and more at once are no faster. */
const CONCURRENT_BATCHES = 8;

export interface ServeOptions {
  readonly network: Pick<Network, 'answered' | 'handle' | 'peerId'>;
  readonly holder: Holder;
  readonly closer: CloserNodes;
  /** Told of each offer, after it was answered. */
  readonly onOffer?: ((peer: string, offer: Offer) => void) | undefined;
}

/** Answers what other nodes ask of an index node. */
export function serveIndex({ network, holder, closer, onOffer }: ServeOptions): void {
  const batches: HandleOptions = {
    maxRequest: 2 * MAX_PUT_BYTES,
    maxConcurrent: CONCURRENT_BATCHES,
    // Before it waits, and before anything is read: who brings too much must cost neither the memory nor the reading.
    admit: (peer, bytes) => holder.admit(peer, { bytes }),
  };
  network.handle(PUT_METHOD, async (body, { peer }) => writeBody(await holder.put(readPut(body), peer)), batches);
  network.handle(
    LEASE_METHOD,
    async (body, { peer }) => writeBody(await holder.refresh(readBody(leaseRequestSchema, body, 'index.lease'), peer)),
    batches,
  );
  network.handle(
    OFFER_METHOD,
    async (body, { peer }) => {
      const offer = readBody(offerSchema, body, 'index.offer');
      const wanted = holder.wanted(offer);
      const answer = writeBody({ wanted, declined: declinedOf(offer, wanted, holder) });
      onOffer?.(peer, offer);
      return answer;
    },
    batches,
  );
  const budget = new AskBudget();
  const charged = <T>(peer: string, answer: () => T): T => {
    // What this node asks itself is its user's own time.
    if (peer === network.peerId) return answer();
    const answered = budget.charge(peer, answer);
    network.answered();
    return answered;
  };
  network.handle(ASK_METHOD, async (body, { peer }) =>
    charged(peer, () => {
      const question = readBody(askSchema, body, 'index.ask');
      return writeBody({ ...holder.ask(question), closer: closer.of(question.keys) });
    }),
  );
  network.handle(CARDS_METHOD, async (body, { peer }) =>
    charged(peer, () => writeBody(holder.cards(readBody(cardsSchema, body, 'index.cards').listings))),
  );
}
