import { call, type OutputOf } from '../api/client.js';

/** As many as the node shows at once. */
const MOST = 200;

type Rating = OutputOf<'trader.ratings'>['ratings'][number];

/** How buyers rated a seller: only those who bought, not those from whom this seller has bought. */
export interface Ratings {
  /** The newest first. */
  readonly list: readonly Rating[];
  /** By so many different keys. */
  readonly buyers: number;
  /** Of the stars, each buyer counting once; undefined: there are none. */
  readonly average: number | undefined;
  /** Whether the seller's own node showed what it has. */
  readonly answered: boolean;
}

export async function ratingsOf(trader: string, signal: AbortSignal): Promise<Ratings> {
  const { ratings, answered } = await call('trader.ratings', { trader, limit: MOST }, signal);
  const list = ratings.filter(({ role }) => role === 'buyer');
  // A buyer who came often has one voice: the average of what that buyer said.
  const buyers = [...new Set(list.map(({ by }) => by))];
  const voices = buyers.map((buyer) => meanOf(list.filter(({ by }) => by === buyer).map(({ stars }) => stars)));
  return { list, buyers: buyers.length, average: voices.length === 0 ? undefined : meanOf(voices), answered };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
