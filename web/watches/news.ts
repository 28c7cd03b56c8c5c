import type { MoneyView } from '../../node/api/views.js';
import type { OutputOf } from '../api/client.js';

/** The events that tell of a listing that a watch matches. */
export const NEWS_TYPES = ['watch-match', 'price-drop', 'back-in-stock'] as const;

/** Of one listing, as an event tells it (node/watch/service.ts). */
export interface News {
  readonly seq: number;
  readonly time: number;
  readonly type: string;
  readonly listing: string;
  readonly title: string;
  readonly price: MoneyView | undefined;
  /** What it cost before. */
  readonly was: MoneyView | undefined;
}

/** What a watch told, the newest first. Titles are of strangers. */
export function newsIn(events: readonly OutputOf<'events'>[], watch: string): readonly News[] {
  return events
    .flatMap(({ seq, time, type, data }): News[] => {
      const { listing, title } = data;
      if (data['watch'] !== watch || typeof listing !== 'string' || typeof title !== 'string') return [];
      return [{ seq, time, type, listing, title, price: moneyIn(data['price']), was: moneyIn(data['was']) }];
    })
    .reverse();
}

function moneyIn(value: unknown): MoneyView | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { amount, currency } = value as Record<string, unknown>;
  return typeof amount === 'string' && typeof currency === 'string' ? { amount, currency } : undefined;
}
