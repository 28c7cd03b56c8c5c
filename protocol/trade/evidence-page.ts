import type { CID } from 'multiformats/cid';
import { formatMoney, multiplyMoney, type Money } from '../money.js';
import { equalBytes, traderToText } from '../ids.js';
import { decodeUtf8 } from '../utf8.js';
import type { EvidenceReport } from './evidence.js';
import { PAGE_WORDS, type PageLanguage, type PageWords } from './evidence-words.js';
import { agreementIn } from './regions.js';
import { TRADE_SCHEMAS, type TradePayload } from './schema.js';
import type { Role } from './roles.js';
import { roleOf, type TradeState } from './state.js';

/**
 * The page for people of an evidence file: made from what was verified, and from nothing else, so that whoever has the bytes can
 * make it again and see that nobody changed it. It loads nothing and runs nothing.
 */
export function evidencePage(report: EvidenceReport, language: PageLanguage): string {
  const words = PAGE_WORDS[language];
  const { evidence, state, messages, chat, values, revoked } = report;
  const who = (key: Uint8Array): string => personOf(key, report, words);
  if (evidence === undefined || state === undefined) return '';
  const { created, trader, trade } = evidence.payload;
  const time: Column = { name: words.time, kind: 'time' };
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
      [words.asOf, `${timeOf(created)} UTC`],
      [words.exportedBy, who(trader)],
      [words.trade, `<code>${trade.toString()}</code>`],
      ...peopleIn(state).map(([role, key]): [string, string] => [
        words.roles[role],
        [nameOf(key, report), `<code>${traderToText(key)}</code>`].filter((part) => part !== '').join('<br>'),
      ]),
      ...state.equivocations.map(({ role, device, messages: pair }): [string, string] => [
        words.contradiction,
        `${words.roles[role]}: ${kindsOf(pair, report, words)}<br><code>${traderToText(device)}</code>`,
      ]),
      ...revocations(revoked, words, created),
    ]),
    contractOf(state, words),
    `<h2>${words.log}</h2>`,
    table([time, { name: words.who }, { name: words.what }, { name: words.receipted }], rows),
    chat.length === 0 ? '' : `<h2>${words.chat}</h2>`,
    chat.length === 0
      ? ''
      : table(
          [time, { name: words.who }, { name: words.what }],
          chat.map(({ payload: { created: at, trader: by, text, files = [] } }) => [
            timeOf(at),
            who(by),
            [escaped(text), ...files.map(({ name }) => `${words.file}: ${escaped(name)}`)].join('<br>'),
          ]),
        ),
    values.length === 0 ? '' : `<h2>${words.values}</h2>`,
    values.length === 0
      ? ''
      : table(
          [{ name: words.what }, { name: words.value }],
          values.map(({ message, what, value, name }) => [
            what === undefined ? words.kinds[message.payload.kind] : words.privates[what],
            name === undefined ? escaped(textIn(value)) : `${escaped(name)}, ${value.length} ${words.bytes}`,
          ]),
        ),
    `<p class="check">${words.check}</p>`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function peopleIn({ parties, agreement }: TradeState): [Role, Uint8Array][] {
  const arbiter = agreement?.terms.arbiter?.trader;
  const sides: [Role, Uint8Array][] = [
    ['buyer', parties.buyer],
    ['seller', parties.seller],
  ];
  return arbiter === undefined ? sides : [...sides, ['arbiter', arbiter]];
}

/** What somebody calls itself, as text of the page; nothing where no profile says it. */
function nameOf(key: Uint8Array, { profiles }: EvidenceReport): string {
  const name = profiles.find(({ record }) => equalBytes(record.payload.trader, key))?.record.payload.item.name ?? '';
  return name === '' ? '' : `<b>${escaped(name)}</b>`;
}

/** Somebody in the trade by role and name; anybody else by key. */
function personOf(key: Uint8Array, report: EvidenceReport, words: PageWords): string {
  const role = report.state === undefined ? undefined : roleOf(report.state, key);
  if (role === undefined) return `<code>${traderToText(key)}</code>`;
  const name = nameOf(key, report);
  return name === '' ? words.roles[role] : `${words.roles[role]}, ${name}`;
}

/** What two messages of a device are that contradict each other. */
function kindsOf(pair: readonly CID[], { messages }: EvidenceReport, words: PageWords): string {
  const kinds = pair.flatMap((id) => messages.find(({ record }) => record.id.equals(id))?.record.payload.kind ?? []);
  return kinds.map((kind) => words.kinds[kind]).join(' / ');
}

function revocations(revoked: EvidenceReport['revoked'], words: PageWords, created: number): [string, string][] {
  if (revoked.length === 0) return [[words.devices, `${words.notRevoked} ${timeOf(created)} UTC.`]];
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
    escaped(moneyOf(price)),
    escaped(moneyOf(multiplyMoney(price, quantity))),
  ]);
  const shipping = terms.shipping === undefined ? [] : [[words.shipping, '', '', escaped(moneyOf(terms.shipping))]];
  return [
    `<h2>${agreement === undefined ? words.proposal : words.contract}</h2>`,
    table(
      [
        { name: words.item },
        { name: words.quantity, kind: 'number' },
        { name: words.price, kind: 'number' },
        { name: words.sum, kind: 'number' },
      ],
      [...lines, ...shipping, [`<b>${words.total}</b>`, '', '', `<b>${escaped(moneyOf(terms.total))}</b>`]],
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
    add(moneyOf(payload.amount));
  if (kind === 'offer' || kind === 'counter') add(moneyOf(payload.terms.total));
  if (kind === 'remedy' || kind === 'ruling') add(payload.refund === undefined ? '' : moneyOf(payload.refund));
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

interface Column {
  readonly name: string;
  readonly kind?: 'number' | 'time';
}

/** Each cell carries the name of its column, which a narrow screen shows in place of the head. */
function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const classOf = (at: number): string => {
    const kind = columns[at]?.kind;
    return kind === undefined ? '' : ` class="${kind}"`;
  };
  const head = columns.map(({ name }, at) => `<th${classOf(at)}>${name}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((cell, at) => `<td${classOf(at)} data-name="${columns[at]?.name ?? ''}">${cell}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>`;
}

/** `85 000.50 IDR`: digits in groups that no line breaks, the same in both languages. */
function moneyOf(money: Money): string {
  const grouped = formatMoney(money).replace(/^\d+/, (whole) => whole.replaceAll(/\B(?=(?:\d{3})+$)/g, NO_BREAK_SPACE));
  return grouped.replace(' ', NO_BREAK_SPACE);
}

const NO_BREAK_SPACE = '\u00a0';

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
