/**
 * Units of measure, each by the one form that terms use and the other ways in which sellers write it: `500 GB`, `500gb`
 * and `500 gigabyte` are the term `500gb`.
 */
const ANYWHERE = `
kb, mb, gb gigabyte gigabytes gig, tb terabyte terabytes, mbps, gbps
mah, wh, watt watts w, kw, volt volts v, amp amps, hz, khz, mhz, ghz, btu, lm lumen lumens, rpm, psi, dpi, mp megapixel megapixels
mm, cm, meter meters metre metres, km, inch inches inci, ft foot feet, yd yard yards
mcg, mg, g gr gram grams, kg kilo kilos kilogram kilograms, oz ounce ounces, lb lbs pound pounds, iu
ml, cc, liter liters litre litres ltr l, gal gallon gallons galon, qt quart quarts
pcs pc piece pieces, pack packs pk, ct count, ply
`;

/**
 * Count only right behind the digits (`5m`): elsewhere they are words, sizes or letters of their own ("5 in 1", "size 8
 * M").
 */
const ATTACHED_ONLY = `
inch in, meter m, amp a, k
`;

function table(text: string): [spelling: string, unit: string][] {
  return text
    .split(/[,\n]/)
    .map((line) => line.trim().split(' '))
    .filter(([unit]) => unit !== '')
    .flatMap((spellings) => spellings.map((spelling): [string, string] => [spelling, spellings[0] ?? '']));
}

const UNITS: ReadonlyMap<string, string> = new Map(table(ANYWHERE));
const ATTACHED: ReadonlyMap<string, string> = new Map(table(ANYWHERE + ATTACHED_ONLY));

/** The unit's form in terms; undefined where `word` is none. */
export function unitOf(word: string, attached: boolean): string | undefined {
  return (attached ? ATTACHED : UNITS).get(word);
}
