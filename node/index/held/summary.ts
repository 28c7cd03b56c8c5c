import type { Summary } from '../../../protocol/catalog/card.js';

/** What filters, orders and facets look at. */
export type HeldSummary = Pick<
  Summary,
  'kind' | 'category' | 'brand' | 'price' | 'availability' | 'itemCondition' | 'place' | 'shipsTo'
>;

/** Different texts and paths that are kept once for all cards (catalogues have few categories, brands and places); then it begins anew. */
const SHARED = 20_000;

/** Makes the summaries of held cards small: what many cards say alike is kept once. */
export class Summaries {
  #texts = new Map<string, string>();
  #lists = new Map<string, string[]>();

  /** @param summary may have more than is kept */
  of(summary: HeldSummary): HeldSummary {
    const { kind, category, brand, price, availability, itemCondition, place, shipsTo } = summary;
    const kept: { -readonly [K in keyof HeldSummary]: HeldSummary[K] } = {
      kind,
      category: this.#list(category),
      price: price === null ? null : { amount: price.amount, currency: this.#text(price.currency) },
      availability,
    };
    if (brand !== undefined) kept.brand = this.#text(brand);
    if (itemCondition !== undefined) kept.itemCondition = itemCondition;
    if (place !== undefined) kept.place = this.#list(place);
    if (shipsTo !== undefined) kept.shipsTo = this.#list(shipsTo);
    return kept;
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= SHARED) this.#texts = new Map();
    this.#texts.set(text, text);
    return text;
  }

  #list(list: string[]): string[] {
    const name = list.join('\0');
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    if (this.#lists.size >= SHARED) this.#lists = new Map();
    this.#lists.set(name, list);
    return list;
  }
}
