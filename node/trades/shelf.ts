import type { Effect, Line } from '../../protocol/trade/index.js';
import type { Logger } from '../logger.js';
import type { Catalog, StockLine } from '../catalog/index.js';
import type { Write } from '../store/index.js';

/** What a trade does to the seller's stock. */
type Shelf = Pick<Catalog, 'reserve' | 'release' | 'sold' | 'mustHave'>;

interface ShelfOptions {
  readonly trade: string;
  /** Whether this node makes the step now: then it can still be refused. */
  readonly own: boolean;
  readonly shelf: Shelf;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * What the effects of a message change of the seller's stock. What the other side signed within an own promise stands whatever the
 * shelf says; an own step is refused where it promises or sends what is not there.
 * @throws NiagaError STOCK_SHORT, LISTING_REMOVED
 */
export function stockWrites(effects: readonly Effect[], { trade, own, shelf, logger }: ShelfOptions): Write[] {
  const sells = effects.some(({ kind }) => kind === 'stock-sold');
  return effects.flatMap((effect): Write[] => {
    switch (effect.kind) {
      case 'reserve-stock':
        try {
          return shelf.reserve(trade, stockLines(effect.lines));
        } catch (error) {
          // What is left of a contract when a part of it is sold stands likewise.
          if (own && !sells) throw error;
          logger.warn({ trade, error: String(error) }, 'a contract stands for which there is not enough stock');
          return [];
        }
      case 'release-stock':
        return shelf.release(trade);
      case 'stock-sold': {
        const lines = stockLines(effect.lines);
        if (own) shelf.mustHave(trade, lines);
        return shelf.sold(trade, lines);
      }
      case 'watch-deadline':
      case 'forget-deadline':
      case 'refund-due':
      case 'return-due':
      case 'release-content':
      case 'equivocation':
      case 'notify':
        return [];
    }
  });
}

function stockLines(lines: readonly Line[]): StockLine[] {
  return lines.map(({ slot, variant, quantity }) => ({
    slot,
    ...(variant === undefined ? {} : { variant }),
    quantity,
  }));
}
