import { CUT } from '../catalog/summary.js';
import { CLAUSE_END } from './fold.js';
import { splitWords } from './words.js';

/**
 * Places as people write them: folded words, without a gazetteer. Only countries have other names (a seller writes `ID`,
 * a buyer `Indonesia`), since a listing's country is a code as often as a name.
 */

/**
 * ISO 3166-1 alpha-2 code, then its names in English and Indonesian, words joined by `-`: facts of the standard, for the
 * countries that sellers in the two languages name. A country that is missing still matches by its own words.
 */
const COUNTRIES = `
ae uae united-arab-emirates uni-emirat-arab, ar argentina, at austria, au australia, bd bangladesh, be belgium belgia,
bg bulgaria, bn brunei brunei-darussalam, br brazil brasil, ca canada kanada, ch switzerland swiss, cl chile, cn china cina tiongkok,
co colombia kolombia, cz czechia czech-republic ceko, de germany jerman, dk denmark, dz algeria aljazair, eg egypt mesir,
es spain spanyol, et ethiopia etiopia, fi finland finlandia, fr france prancis, gb uk united-kingdom great-britain britain inggris inggris-raya,
gh ghana, gr greece yunani, hk hong-kong hongkong, hr croatia kroasia, hu hungary hungaria, id indonesia, ie ireland irlandia,
il israel, in india, iq iraq irak, ir iran, it italy italia, jo jordan yordania, jp japan jepang, ke kenya, kh cambodia kamboja,
kr south-korea korea-selatan republic-of-korea, kw kuwait, la laos, lb lebanon lebanon, lk sri-lanka, ma morocco maroko, mm myanmar,
mo macau makau, mx mexico meksiko, my malaysia, ng nigeria, nl netherlands the-netherlands holland belanda, no norway norwegia,
np nepal, nz new-zealand selandia-baru, om oman, pe peru, pg papua-new-guinea papua-nugini, ph philippines filipina, pk pakistan,
pl poland polandia, pt portugal, qa qatar, ro romania rumania, rs serbia, ru russia rusia, sa saudi-arabia arab-saudi, se sweden swedia,
sg singapore singapura, si slovenia, sk slovakia, th thailand, tl timor-leste east-timor, tn tunisia, tr turkey turkiye turki,
tw taiwan, tz tanzania, ua ukraine ukraina, us usa united-states united-states-of-america america amerika amerika-serikat,
vn vietnam viet-nam, ye yemen yaman, za south-africa afrika-selatan, zw zimbabwe
`;

/** Destinations that leave nobody out. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  'worldwide',
  'world wide',
  'world',
  'global',
  'international',
  'internasional',
  'everywhere',
  'anywhere',
  'seluruh dunia',
  'ke seluruh dunia',
]);

/** All names of a country by each of them, folded, one space between words. */
const COUNTRY_NAMES: ReadonlyMap<string, readonly string[]> = new Map(
  COUNTRIES.split(',').flatMap((line) => {
    const names = line
      .trim()
      .split(/\s+/)
      .map((name) => name.replaceAll('-', ' '));
    return names.map((name) => [name, names] as const);
  }),
);

/** The codes of the countries that have a word in one of their names, by word. */
const CODES_BY_WORD: ReadonlyMap<string, ReadonlySet<string>> = codesByWord();

function codesByWord(): Map<string, Set<string>> {
  const codes = new Map<string, Set<string>>();
  for (const [name, [code = name]] of COUNTRY_NAMES)
    for (const word of name.split(' ')) codes.set(word, (codes.get(word) ?? new Set()).add(code));
  return codes;
}

/**
 * Terms of one card's place: with all else that a card may stand under these are the 128 keys that index nodes take of one. Real names of
 * country, region and town have ten words at most together; the three may have 120 characters each.
 */
export const MAX_PLACE_TERMS = 16;

/** The folded words of a place; empty for symbols alone. */
export function placeWords(text: string): string[] {
  return splitWords(text)
    .filter((word) => word !== CLAUSE_END)
    .flatMap((word) => word.split(/[-&]+/))
    .filter((word) => word !== '');
}

/** All names of a country by any of them, folded; nothing for what is no country. */
export function countryNames(text: string): readonly string[] {
  return COUNTRY_NAMES.get(placeWords(text).join(' ')) ?? [];
}

/** A place as a card states it, with the other names of its country: each name a list of words. */
function namesOf(text: string): readonly (readonly string[])[] {
  const country = countryNames(text);
  return country.length === 0 ? [placeWords(text)] : country.map((name) => name.split(' '));
}

/**
 * True for a place (country, region, town in any number of texts) that has every word wanted: "bandung", "Jawa Barat",
 * "Bandung, Indonesia".
 */
export function placeMatcher(wanted: string): (place: readonly string[]) => boolean {
  const words = placeWords(wanted);
  return (place) => {
    const present = new Set(place.flatMap(namesOf).flat());
    return words.every((word) => present.has(word));
  };
}

/**
 * The terms under which a place is found: the words of its names, and of a country its code alone, whatever it is called. Of each
 * name a word in turn, {@link MAX_PLACE_TERMS} at most: a long name loses its last words, and none of another's.
 */
export function placeTerms(place: readonly string[]): string[] {
  const names = place.map((text) => {
    const [code] = countryNames(text);
    return code === undefined ? [...new Set(placeWords(text))] : [code];
  });
  const turns = Array.from({ length: MAX_PLACE_TERMS }, (_, turn) => names.flatMap((name) => name[turn] ?? []));
  return [...new Set(turns.flat())].slice(0, MAX_PLACE_TERMS);
}

/**
 * Terms of which every place that {@link placeMatcher} finds has one at least. It must have all words that are wanted, so one of them is
 * enough: the one that fewest countries share, for a country is where most things are, and then the longest.
 */
export function placeAlternatives(wanted: string): string[] {
  const [fewest = []] = placeWords(wanted)
    .map((word) => [...new Set([word, ...(CODES_BY_WORD.get(word) ?? [])])])
    .sort((a, b) => a.length - b.length || (b[0]?.length ?? 0) - (a[0]?.length ?? 0));
  return fewest;
}

/**
 * True if goods are shipped to a place: one of the destinations has all its words, is named in it ("Bandung,
 * Indonesia" lies in a destination `Indonesia`), or is everywhere. Where a card had no room for all of them, one of the others may be
 * it. That Bandung lies in Indonesia is for the buyer to write: there is no gazetteer.
 */
export function shipsToMatcher(wanted: string): (destinations: readonly string[]) => boolean {
  const inside = placeMatcher(wanted);
  const words = new Set(placeWords(wanted));
  return (destinations) =>
    destinations.some(
      (destination) =>
        destination === CUT ||
        EVERYWHERE.has(placeWords(destination).join(' ')) ||
        inside([destination]) ||
        namesOf(destination).some((name) => name.length > 0 && name.every((word) => words.has(word))),
    );
}
