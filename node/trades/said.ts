import { moneyToJson, type Money } from '../../protocol/money.js';
import type { Said } from '../../protocol/trade/message-words.js';
import type { Remedy, TradePayload } from '../../protocol/trade/index.js';
import { partsInWords } from './parts.js';

/** What a message says beside its kind (the words for it stand in protocol/trade/message-words.ts). */
export function saidBy(payload: TradePayload): Said[] {
  switch (payload.kind) {
    case 'offer':
    case 'counter':
      return [money('total', payload.terms.total), ...text('words', payload.terms.note)];
    case 'decline':
    case 'cancel':
    case 'remedy-decline':
    case 'dispute-withdrawn':
      return text('words', payload.reason);
    case 'paid':
    case 'refunded':
      return [money('amount', payload.amount), ...text('reference', payload.reference)];
    case 'payment-seen':
    case 'refund-seen':
      return [money('amount', payload.amount)];
    case 'shipped':
      return [
        ...(payload.code === undefined ? [] : [{ code: 'by-code' } as const]),
        ...(payload.content ?? []).flatMap(({ name }) => text('file', name)),
        ...parts('parts', payload.parts),
        ...text('tracking', payload.tracking),
        ...text('words', payload.note),
      ];
    case 'returned':
      return [...parts('parts', payload.parts), ...text('tracking', payload.tracking), ...text('words', payload.note)];
    case 'received':
    case 'return-seen':
      return [...parts('parts', payload.parts), ...text('words', payload.note)];
    case 'approved':
    case 'consent':
      return text('words', payload.note);
    case 'remedy':
    case 'ruling':
      return [...remedy(payload), ...text('words', payload.reason)];
    case 'dispute':
      return [...remedy(payload.wants ?? {}), ...text('words', payload.reason)];
    case 'statement':
    case 'reply':
      return text('words', payload.text);
    case 'rating':
      return [{ code: 'stars', stars: payload.stars }, ...text('words', payload.text)];
    case 'timeout':
      return text('deadline', payload.deadline);
    case 'accept':
    case 'withdraw':
    case 'remedy-accept':
      return [];
  }
}

function remedy({ refund, return: back, replace, omit }: Remedy): Said[] {
  return [
    ...(refund === undefined ? [] : [money('refund', refund)]),
    ...parts('return', back),
    ...parts('replace', replace),
    ...parts('omit', omit),
  ];
}

function money(code: 'total' | 'amount' | 'refund', amount: Money): Said {
  return { code, amount: moneyToJson(amount) };
}

function parts(code: 'parts' | 'return' | 'replace' | 'omit', some: Remedy['return']): Said[] {
  return some === undefined ? [] : [{ code, parts: partsInWords(some) }];
}

function text(code: 'words' | 'reference' | 'file' | 'tracking' | 'deadline', said: string | undefined): Said[] {
  return said === undefined || said === '' ? [] : [{ code, text: said }];
}
