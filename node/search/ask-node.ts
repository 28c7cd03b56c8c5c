import { ASK_METHOD, askAnswerSchema, type AskAnswer, type AskInput } from '../index/wire.js';
import { readAnswer, writeBody } from '../network/bodies.js';
import type { Network, RequestOptions } from '../network/index.js';
import type { Places } from './places.js';

/** Largest answer in bytes: as many cards as it may have (MAX_ANSWERS) with their delegations and leases, and ids of more. */
export const MAX_RESPONSE = 512 * 1024;
/** By then a dial has ended, and who was named and has not shown itself is not there. */
const NAMED_TIMEOUT = 10_000;

interface Asking {
  /** Milliseconds after which the answer is of no use. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Asks one index node. What becomes of a node that is known by hearsay is held against those who named it.
 * @throws what `network.request` and `readAnswer` throw
 */
export async function askNode(
  { network, places }: { readonly network: Network; readonly places: Places },
  peer: string,
  question: AskInput,
  { timeout, signal }: Asking,
): Promise<AskAnswer> {
  const ask = async (options: RequestOptions): Promise<AskAnswer> => {
    const common = { maxResponse: MAX_RESPONSE, retry: true, ...options };
    const answer = await network.request(peer, ASK_METHOD, writeBody(question), common);
    return readAnswer(
      network,
      { peer, method: ASK_METHOD, schema: askAnswerSchema, fits: answersTo(question) },
      answer,
    );
  };
  if (!places.isHearsay(peer)) return ask({ signal, timeout });
  // Not given up with the search, or those who are slow would count as made up.
  return places.askHearsay(peer, () => ask({ timeout: Math.max(timeout, NAMED_TIMEOUT) }));
}

/** What is said for each key is said for all of them, or for none where an older version does not know of it. */
function answersTo({ keys, limit }: AskInput): (answer: AskAnswer) => boolean {
  return ({ hits, held, matched, facets, bits }) =>
    hits.length <= limit &&
    held.length === keys.length &&
    [matched, facets, bits].every(({ length }) => length === 0 || length === keys.length);
}
