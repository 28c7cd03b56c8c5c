import { z } from 'zod';
import type { Terms } from './terms.js';

/** Lines of an order at most, and so of what is said about them. */
export const MAX_LINES = 100;

/** Part of an order: of some of its lines so many pieces. */
export const partsSchema = z
  .array(
    z.looseObject({
      /** Place of the line in the contract's terms, from 0; where they have milestones, that of the milestone. */
      line: z
        .int()
        .min(0)
        .max(MAX_LINES - 1),
      quantity: z.int().min(1),
    }),
  )
  .min(1)
  .max(MAX_LINES);
export type Parts = z.infer<typeof partsSchema>;

/** Pieces of each unit of a contract: of its lines or, where it has them, of its milestones, each of which is one piece. */
export type Amounts = readonly number[];

/** What a contract says is to be delivered. */
export function orderedIn({ lines, delivery }: Terms): Amounts {
  return delivery?.milestones === undefined ? lines.map(({ quantity }) => quantity) : delivery.milestones.map(() => 1);
}

/** Undefined where a unit does not exist or stands there twice. */
export function amountsOf(parts: Parts, units: number): Amounts | undefined {
  const amounts = Array<number>(units).fill(0);
  for (const { line, quantity } of parts) {
    if (amounts[line] !== 0) return undefined;
    amounts[line] = quantity;
  }
  return amounts;
}

export function partsOf(amounts: Amounts): Parts {
  return amounts.flatMap((quantity, line) => (quantity > 0 ? [{ line, quantity }] : []));
}

export function none(units: number): Amounts {
  return Array<number>(units).fill(0);
}

function combined(a: Amounts, b: Amounts, by: (a: number, b: number) => number): Amounts {
  return a.map((amount, unit) => by(amount, b[unit] ?? 0));
}

// Forks can claim more than there is, as often as they like: no sum goes beyond what can be counted exactly.
export function plus(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (one, other) => Math.min(one + other, Number.MAX_SAFE_INTEGER));
}

/** Never below zero. */
export function minus(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (one, other) => Math.max(0, one - other));
}

export function least(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, Math.min);
}

export function most(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, Math.max);
}

export function isNone(amounts: Amounts): boolean {
  return amounts.every((amount) => amount === 0);
}

/** Whether `a` has of each unit as many as `b`, or more. */
export function covers(a: Amounts, b: Amounts): boolean {
  return isNone(minus(b, a));
}
