// New listings out of the words of the real ones: as many as wanted, with the vocabulary, lengths, categories and prices
// of the catalogues, none of them a copy. The same seed gives the same listings everywhere.
import { oneOf, random } from './random.mjs';

/** Titles keep the beginning of one real title (what the thing is) and take the rest of another of the same category. */
const HEAD_SHARE = 0.6;
const MAX_TITLE = 180;
const MAX_DESCRIPTION = 1_500;

/**
 * @param {readonly object[]} real listings as the catalogues have them
 * @param {number} count
 * @param {number} [seed]
 * @returns {object[]} listings to publish, each with a `sku` of its own
 */
export function generate(real, count, seed = 1) {
  const next = random(seed);
  const byCategory = new Map();
  for (const listing of real) {
    const name = listing.category.join('>');
    if (!byCategory.has(name)) byCategory.set(name, []);
    byCategory.get(name).push(listing);
  }
  const made = [];
  for (let at = 0; at < count; at++) {
    const base = oneOf(real, next);
    const alike = byCategory.get(base.category.join('>'));
    const other = oneOf(alike.length > 3 ? alike : real, next);
    const branded = oneOf(alike, next).brand ?? base.brand;
    const price = oneOf(alike, next).price ?? base.price;
    made.push({
      sku: `g${seed}-${at}`,
      title: title(base.title, other.title, at, next),
      description: description([base.description, other.description], next),
      category: base.category,
      ...(branded === null || branded === undefined ? {} : { brand: branded }),
      ...(price === null || price === undefined
        ? {}
        : { price: around(price, next), currency: base.currency ?? 'USD' }),
      attributes: { ...other.attributes, ...base.attributes },
      lang: base.lang,
    });
  }
  return made;
}

/** A title like those of the catalogue, and unlike any other of the run: it ends in a model number. */
function title(head, tail, at, next) {
  const first = head.split(/\s+/);
  const second = tail.split(/\s+/);
  const kept = first.slice(0, Math.max(2, Math.ceil(first.length * HEAD_SHARE)));
  const added = second.slice(Math.floor(second.length * next() * HEAD_SHARE));
  return `${cut([...kept, ...added].join(' '), MAX_TITLE)} ${model(at, next)}`;
}

/** Sentences of both descriptions in turn. */
function description(texts, next) {
  const sentences = texts.flatMap((text) => text.split(/(?<=[.!?])\s+/)).filter((sentence) => sentence.length > 0);
  return cut(sentences.filter(() => next() < 0.7).join(' '), MAX_DESCRIPTION);
}

/** No half of a character is left at the end: such a listing would be refused. */
function cut(text, length) {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function model(at, next) {
  const letters = String.fromCharCode(65 + Math.floor(next() * 26), 65 + Math.floor(next() * 26));
  return `${letters}${1_000 + at}`;
}

/** Within a fifth of a real price, and a price that people write. */
function around(price, next) {
  const changed = price * (0.8 + 0.4 * next());
  return changed >= 1_000 ? Math.round(changed / 100) * 100 : Math.round(changed * 100) / 100;
}
