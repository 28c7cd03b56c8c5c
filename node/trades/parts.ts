import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import type { Parts } from '../../protocol/trade/index.js';

const PART = /^(\d{1,3})=(\d{1,9})$/;

/**
 * Parts of an order as people type them, `1=2` for two pieces of the first line; undefined where none are named.
 * @throws NiagaError INPUT_INVALID
 */
export function parseParts(typed: readonly string[] | undefined, where: string): Parts | undefined {
  if (typed === undefined || typed.length === 0) return undefined;
  return typed.map((text) => {
    const [, line = '0', quantity = '0'] = PART.exec(text) ?? [];
    if (Number(line) < 1 || Number(quantity) < 1) {
      throw new NiagaError('INPUT_INVALID', `${quote(text)} names no part of an order.`, {
        where,
        next: 'Write the number of the line and how many pieces: 1=2',
      });
    }
    return { line: Number(line) - 1, quantity: Number(quantity) };
  });
}

/** The same the other way round, as it is shown. */
export function partsInWords(parts: Parts): string[] {
  return parts.map(({ line, quantity }) => `${line + 1}=${quantity}`);
}
