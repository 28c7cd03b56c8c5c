import type { MoneyJson } from '../money.js';
import type { DeadlineName } from './deadlines.js';
import type { PageLanguage } from './evidence-words.js';

/** The words for one thing that a message says; `value` is what stands in it: an amount, parts, somebody's own words. */
type Say = (value: string) => string;

const DEADLINES_IN_WORDS: Readonly<Record<PageLanguage, Readonly<Record<DeadlineName, string>>>> = {
  en: {
    'offer-expiry': 'an answer to the offer',
    confirmation: 'the seller’s confirmation',
    payment: 'payment',
    delivery: 'delivery',
    inspection: 'inspection',
    answer: 'an answer to the remedy',
    refund: 'the buyer’s word that the refund came',
    return: 'the seller’s word that the goods came back',
    ruling: 'the ruling',
    fulfilment: 'what was ruled',
  },
  id: {
    'offer-expiry': 'jawaban atas tawaran',
    confirmation: 'konfirmasi penjual',
    payment: 'pembayaran',
    delivery: 'pengiriman',
    inspection: 'pemeriksaan',
    answer: 'jawaban atas usul penyelesaian',
    refund: 'pernyataan pembeli bahwa uangnya kembali',
    return: 'pernyataan penjual bahwa barangnya kembali',
    ruling: 'putusan',
    fulfilment: 'pelaksanaan putusan',
  },
};

/** A deadline that a newer version has is named as it is. */
const deadlineIn =
  (language: PageLanguage): Say =>
  (name) =>
    Object.hasOwn(DEADLINES_IN_WORDS.en, name) ? DEADLINES_IN_WORDS[language][name as DeadlineName] : name;

const EN = {
  total: (value) => `${value} in all`,
  amount: (value) => value,
  reference: (value) => `reference ${value}`,
  'by-code': () => 'handed over for the code',
  file: (value) => `file ${value}`,
  parts: (value) => `parts ${value}`,
  tracking: (value) => `tracking ${value}`,
  refund: (value) => `refund ${value}`,
  return: (value) => `return ${value}`,
  replace: (value) => `replace ${value}`,
  omit: (value) => `leave out ${value}`,
  stars: (value) => `${value} of 5`,
  deadline: deadlineIn('en'),
  refused: (value) => `not taken by the other side: ${value}`,
  words: (value) => value,
} as const satisfies Record<string, Say>;

export type SaidCode = keyof typeof EN;

const ID: Readonly<Record<SaidCode, Say>> = {
  total: (value) => `${value} seluruhnya`,
  amount: (value) => value,
  reference: (value) => `referensi ${value}`,
  'by-code': () => 'diserahkan dengan kode',
  file: (value) => `berkas ${value}`,
  parts: (value) => `bagian ${value}`,
  tracking: (value) => `resi ${value}`,
  refund: (value) => `uang kembali ${value}`,
  return: (value) => `kirim balik ${value}`,
  replace: (value) => `ganti ${value}`,
  omit: (value) => `tanpa ${value}`,
  stars: (value) => `${value} dari 5`,
  deadline: deadlineIn('id'),
  refused: (value) => `tidak diterima pihak lain: ${value}`,
  words: (value) => value,
};

const SAYS: Readonly<Record<PageLanguage, Readonly<Record<SaidCode, Say>>>> = { en: EN, id: ID };

/** One thing that a message says beside its kind: what, and with it what the code calls for. */
export interface Said {
  readonly code: SaidCode;
  readonly amount?: MoneyJson | undefined;
  /** Goods, as line=pieces. */
  readonly parts?: string[] | undefined;
  readonly stars?: number | undefined;
  /** Its author’s own words, a name, or a number of a parcel: a stranger’s text. */
  readonly text?: string | undefined;
}

/**
 * What a message says, on one line in one language: `refund 80000 IDR, return 1=2: It came wet`.
 * @param money how amounts are written
 */
export function saidInWords(
  said: readonly Said[],
  language: PageLanguage,
  money: (amount: MoneyJson) => string,
): string {
  const words = (some: readonly Said[]): string =>
    some
      .map(({ code, amount, parts, stars, text }) => {
        const value = amount === undefined ? (parts?.join(' ') ?? stars?.toString() ?? text ?? '') : money(amount);
        // What a newer node says is shown without its name.
        return Object.hasOwn(EN, code) ? SAYS[language][code](value) : value;
      })
      .join(', ');
  const own = said.filter(({ code }) => code === 'words');
  return [words(said.filter(({ code }) => code !== 'words')), words(own)].filter((part) => part !== '').join(': ');
}
