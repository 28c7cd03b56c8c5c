import type { CID } from 'multiformats/cid';
import { compareIds } from './log.js';
import { isSide, SIDES, type Side } from './roles.js';
import type { Steps } from './steps.js';

/** What a side says of the other after the end, and the rated side's one reply. */
export interface Rating {
  readonly message: CID;
  /** 1 to 5. */
  readonly stars: number;
  readonly reply?: CID;
}

/** By the side that rates. */
export type Ratings = Readonly<Partial<Record<Side, Rating>>>;

/** Of two ratings that crossed, of two devices of one side, that with the smaller id counts. */
export function ratingsIn(steps: Steps): Ratings {
  const ratings: Partial<Record<Side, Rating>> = {};
  for (const side of SIDES) {
    const [first] = ofSide(steps.of('rating'), side);
    if (first === undefined) continue;
    const [reply] = ofSide(steps.of('reply'), side === 'buyer' ? 'seller' : 'buyer');
    const { id, payload } = first.message;
    ratings[side] = { message: id, stars: payload.stars, ...(reply === undefined ? {} : { reply: reply.message.id }) };
  }
  return ratings;
}

function ofSide<E extends { role: Parameters<typeof isSide>[0]; message: { id: CID } }>(
  entries: readonly E[],
  side: Side,
): readonly E[] {
  return entries.filter(({ role }) => role === side).sort((a, b) => compareIds(a.message.id, b.message.id));
}
