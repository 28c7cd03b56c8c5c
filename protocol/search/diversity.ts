/** Hits that people look at: one screen and a little. The cap holds among these. */
export const DIVERSITY_WINDOW = 20;
/** Hits of one seller among them, unless said otherwise. */
export const PER_SELLER = 3;

/**
 * At most `perSeller` hits of one seller among the first `among`; those beyond it come right behind the window. The
 * order is kept otherwise, and no hit is lost. Where other sellers have too few hits to fill the window, it ends early
 * and the rest follows.
 * @param perSeller whole number; 0: no cap
 */
export function capPerSeller<T>(
  hits: readonly T[],
  sellerOf: (hit: T) => string,
  perSeller: number = PER_SELLER,
  among: number = DIVERSITY_WINDOW,
): T[] {
  if (perSeller === 0) return [...hits];
  const shown = new Map<string, number>();
  const first: T[] = [];
  const rest: T[] = [];
  for (const hit of hits) {
    const seller = sellerOf(hit);
    const count = shown.get(seller) ?? 0;
    if (first.length < among && count < perSeller) {
      shown.set(seller, count + 1);
      first.push(hit);
    } else rest.push(hit);
  }
  return [...first, ...rest];
}
