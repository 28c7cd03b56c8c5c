import type { ListingItem } from '../../protocol/listing/item.js';
import type { Row, Rows, VariantRow } from './rows.js';
import type { Levels } from './stock.js';

/**
 * The variants of a listing as its seller now states them. What was sold since counts on, unless another number is stated than
 * before.
 * @param before the listing's row, where it stands
 */
export function variantRows({ hasVariant = [] }: ListingItem, before: Row | undefined): VariantRow[] {
  return hasVariant.map(({ sku, inventoryLevel: stated = null }) => {
    const known = before?.variants?.find((one) => one.sku === sku);
    return known !== undefined && known.stated === stated ? known : { sku, stated, level: stated };
  });
}

/** What the stock counts, as it stands in the rows. */
export function levelsOf(rows: Rows): Levels {
  const variants = (slot: string): readonly VariantRow[] => rows.get(slot)?.variants ?? [];
  return {
    get(slot, variant) {
      const row = rows.get(slot);
      if (row === undefined || row.removed) return undefined;
      if (variant === undefined) return row.level;
      return row.variants === undefined ? null : row.variants.find(({ sku }) => sku === variant)?.level;
    },
    set(slot, level, variant) {
      if (variant === undefined) return rows.change(slot, { level });
      return rows.change(slot, {
        variants: variants(slot).map((one) => (one.sku === variant ? { ...one, level } : one)),
      });
    },
    variants,
  };
}
