import { NiagaError } from '../../protocol/errors.js';
import type { Variant } from '../../protocol/listing/item.js';
import { quote } from '../../protocol/quote.js';

/** Variants that an error names; a listing may have a hundred. */
const MAX_NAMED = 10;

/**
 * The variant that an order is of. A listing that comes in variants is ordered by one of them: each has a price and pieces of its
 * own, or at least a shape of its own, and the seller could not know which to send.
 * @throws NiagaError TRADE_TERMS with the skus that there are in `details.variants`
 */
export function chosenVariant<One extends Pick<Variant, 'sku'>>(
  variants: readonly One[],
  sku: string | undefined,
): One | undefined {
  const variant = variants.find((one) => one.sku === sku);
  if (variant !== undefined || (sku === undefined && variants.length === 0)) return variant;
  if (sku !== undefined && variants.length === 0)
    throw new NiagaError('TRADE_TERMS', `The listing has no variants, and ${quote(sku)} was asked for.`, {
      where: 'variant',
      next: 'Leave the variant out: niaga offer LISTING',
      details: { variants: [] },
    });
  const skus = variants.map((one) => one.sku);
  const named = skus.slice(0, MAX_NAMED).map((one) => quote(one));
  const there = skus.length > MAX_NAMED ? `${named.join(', ')} and ${skus.length - MAX_NAMED} more` : named.join(', ');
  throw new NiagaError(
    'TRADE_TERMS',
    `${sku === undefined ? 'The listing comes in variants, and none is named.' : `The listing has no variant ${quote(sku)}.`} There are: ${there}.`,
    {
      where: 'variant',
      next: 'Name one: niaga offer LISTING --variant SKU',
      details: { variants: skus },
    },
  );
}
