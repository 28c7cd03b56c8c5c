import { formatMoney } from '../money.js';
import { traderToText } from '../ids.js';
import { decodeUtf8 } from '../utf8.js';
import type { EvidenceReport } from './evidence.js';
import { PAGE_WORDS, type PageLanguage, type PageWords } from './evidence-words.js';
import { agreementIn } from './regions.js';
import { TRADE_SCHEMAS, type TradePayload } from './schema.js';
import type { TradeState } from './state.js';

/**
 * The page for people of an evidence file: made from what was verified, and from nothing else, so that whoever has the bytes can
 * make it again and see that nobody changed it. It loads nothing and runs nothing.
 */
export function evidencePage(report: EvidenceReport, language: PageLanguage): string {
  const words = PAGE_WORDS[language];
  const { evidence, state, messages, chat, values, revoked } = report;
  if (evidence === undefined || state === undefined) return '';
  const { created, trader, trade } = evidence.payload;
  const rows = messages.map(({ record: { payload }, role, receipted }) => [
    timeOf(payload.created),
    words.roles[role],
    `<b>${escaped(words.kinds[payload.kind])}</b>${detailsOf(payload)}`,
    receipted ? words.yes : words.no,
  ]);
  const parts = [
    `<h1>${words.title}</h1>`,
    facts([
      [words.state, `<strong>${escaped(words.states[state.word])}</strong>`],
      [words.asOf, timeOf(created)],
      [words.exportedBy, `<code>${traderToText(trader)}</code>`],
      [words.trade, `<code>${trade.toString()}</code>`],
      [words.roles.buyer, `<code>${traderToText(state.parties.buyer)}</code>`],
      [words.roles.seller, `<code>${traderToText(state.parties.seller)}</code>`],
      ...revocations(revoked, words, created),
    ]),
    contractOf(state, words),
    `<h2>${words.log}</h2>`,
    table([words.time, words.who, words.what, words.receipted], rows),
    chat.length === 0 ? '' : `<h2>${words.chat}</h2>`,
    chat.length === 0
      ? ''
      : table(
          [words.time, words.who, words.what],
          chat.map(({ payload: { created: at, trader: by, text, files = [] } }) => [
            timeOf(at),
            `<code>${traderToText(by)}</code>`,
            [escaped(text), ...files.map(({ name }) => `${words.file}: ${escaped(name)}`)].join('<br>'),
          ]),
        ),
    values.length === 0 ? '' : `<h2>${words.values}</h2>`,
    values.length === 0
      ? ''
      : table(
          [words.what, words.values],
          values.map(({ message, value, name }) => [
            escaped(words.kinds[message.payload.kind]),
            name === undefined ? escaped(textIn(value)) : `${escaped(name)}, ${value.length} ${words.bytes}`,
          ]),
        ),
    `<p class="check">${words.check}</p>`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function revocations(revoked: EvidenceReport['revoked'], words: PageWords, created: number): [string, string][] {
  if (revoked.length === 0) return [['', `${words.notRevoked} ${timeOf(created)}.`]];
  return revoked.map(({ device, since, stand, fall }) => [
    words.revoked,
    `<code>${traderToText(device)}</code> ${timeOf(since)}: ${stand} ${words.stand}, ${fall} ${words.fall}`,
  ]);
}

function contractOf(state: TradeState, words: PageWords): string {
  const agreement = agreementIn(state.contract);
  const terms = agreement?.terms ?? ('last' in state.contract ? state.contract.last.terms : undefined);
  if (terms === undefined) return '';
  const lines = terms.lines.map(({ title, variant, quantity, price }) => [
    escaped(variant === undefined ? title : `${title} (${variant})`),
    String(quantity),
    escaped(formatMoney(price)),
  ]);
  const shipping = terms.shipping === undefined ? [] : [[words.shipping, '', escaped(formatMoney(terms.shipping))]];
  return [
    `<h2>${agreement === undefined ? words.proposal : words.contract}</h2>`,
    table(
      [words.item, words.quantity, words.price],
      [...lines, ...shipping, [`<b>${words.total}</b>`, '', `<b>${escaped(formatMoney(terms.total))}</b>`]],
    ),
  ].join('\n');
}

/** Fields of words that the page prints, in this order. */
const WORD_FIELDS = ['deadline', 'carrier', 'tracking', 'method', 'reference', 'reason', 'text', 'note'] as const;

/** What a message says beside its kind: its own words and amounts. What its kind does not define, its author only wrote beside it. */
function detailsOf(payload: TradePayload): string {
  const said: string[] = [];
  const add = (value: unknown): void => {
    if (typeof value === 'string' && value !== '') said.push(escaped(value));
  };
  const { kind } = payload;
  if (kind === 'paid' || kind === 'payment-seen' || kind === 'refunded' || kind === 'refund-seen')
    add(formatMoney(payload.amount));
  if (kind === 'offer' || kind === 'counter') add(formatMoney(payload.terms.total));
  if (kind === 'remedy' || kind === 'ruling') add(payload.refund === undefined ? '' : formatMoney(payload.refund));
  if (kind === 'rating') add(`${payload.stars}/5`);
  const { shape } = TRADE_SCHEMAS[kind];
  for (const field of WORD_FIELDS) {
    if (Object.hasOwn(shape, field)) add((payload as Readonly<Record<string, unknown>>)[field]);
  }
  return said.length === 0 ? '' : `<br>${said.join('<br>')}`;
}

function facts(rows: readonly (readonly [string, string])[]): string {
  return `<table class="facts">\n${rows.map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`).join('\n')}\n</table>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>\n<thead>${cells('th', head)}</thead>\n<tbody>\n${rows.map((row) => cells('td', row)).join('\n')}\n</tbody>\n</table>`;
}

/** `2026-11-22 08:00:00`, without a table of time zones or a locale: the same everywhere. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** What is no text is shown as bytes. */
function textIn(value: Uint8Array): string {
  try {
    return decodeUtf8(value);
  } catch {
    return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Controls, and characters that turn the reading direction so that text looks like other text. */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of strangers as it may stand in the page: no tag, no entity, no control of direction; it turns nothing around it. */
function escaped(text: string): string {
  const safe = text.replace(UNSAFE, '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return `<bdi>${safe.replaceAll('\n', '<br>')}</bdi>`;
}
