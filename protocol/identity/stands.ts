import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { cidSchema } from '../schema.js';

/** Entries in a list of what stands. */
export const MAX_STANDS = 1_000;

/**
 * For each trade the last messages that count of a device that signs no more; of trades that ended too, for what closed one may still be
 * on its way. A trade may stand there twice.
 */
export const standsSchema = z.array(z.looseObject({ trade: cidSchema, last: cidSchema })).max(MAX_STANDS);
export type Stands = z.infer<typeof standsSchema>;

/** What is asked of a log to know what came before a message: the heads that it names; undefined where it is not there. */
type HeadsOf = (message: string) => readonly CID[] | undefined;

/**
 * Whether a message of a device that signs no more counts: it is one of the last that stand, or one of them comes after it.
 * @param lists the lists of all statements about the device: what any of them lets stand stands
 */
export function standsIn(
  message: CID,
  { trade, lists, headsOf }: { readonly trade: CID; readonly lists: readonly Stands[]; readonly headsOf: HeadsOf },
): boolean {
  const wanted = message.toString();
  const name = trade.toString();
  // The offer that opens a trade comes before everything in it.
  if (wanted === name) return lists.some((list) => list.some((one) => one.trade.toString() === name));
  const open = lists.flatMap((list) =>
    list.flatMap((one) => (one.trade.toString() === name ? [one.last.toString()] : [])),
  );
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === wanted) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const head of headsOf(next) ?? []) open.push(head.toString());
  }
  return false;
}
