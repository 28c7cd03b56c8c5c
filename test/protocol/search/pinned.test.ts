import { expect, it } from 'vitest';
import { encodeUtf8 } from '../../../protocol/utf8.js';
import { sha256 } from '../../../protocol/hash.js';
import { ANALYSIS_VERSION, termsOfText } from '../../../protocol/search/analysis.js';
import { COMMON_STEMS } from '../../../protocol/search/common-stems.js';
import { fold } from '../../../protocol/search/fold.js';
import { naturalLog } from '../../../protocol/search/logarithm.js';
import { stem } from '../../../protocol/search/stem.js';
import { STOP_WORDS } from '../../../protocol/search/stop-words.js';

const digest = (lines: Iterable<string>) =>
  Buffer.from(sha256(encodeUtf8([...lines].join('\n'))))
    .toString('hex')
    .slice(0, 16);

/*
 * Terms are keys in the network: the same text must give them on every platform, with every version of Node and of the
 * stemmers. If one of these fails, ANALYSIS_VERSION must count up, and UPGRADING.md must say so.
 */
it('folds every code point as published', () => {
  const folds = function* () {
    for (let code = 0; code <= 0x3ffff; code++) yield fold(String.fromCodePoint(code));
  };
  expect([ANALYSIS_VERSION, digest(folds())]).toEqual([1, '5906c8d39b2652af']);
});

it('stems every pattern of letters as published', () => {
  const beginnings = [
    '',
    'me',
    'mem',
    'men',
    'meng',
    'meny',
    'pe',
    'pem',
    'pen',
    'peng',
    'peny',
    'ber',
    'ter',
    'per',
    'di',
    'ke',
    'se',
    'un',
    're',
  ];
  const roots = [
    'baca',
    'tulis',
    'ajar',
    'sapu',
    'pakai',
    'minum',
    'garis',
    'walk',
    'happ',
    'gener',
    'relat',
    'hop',
    'agre',
    'condi',
    'nation',
    'quil',
  ];
  const endings = [
    '',
    's',
    'es',
    'ed',
    'ing',
    'ly',
    'y',
    'er',
    'ers',
    'ness',
    'ful',
    'ation',
    'ational',
    'izer',
    'ment',
    'able',
    'ous',
    'ive',
    'i',
    'an',
    'kan',
    'nya',
    'ku',
    'mu',
    'lah',
    'kah',
    'pun',
    'annya',
    'kannya',
  ];
  const words = beginnings.flatMap((beginning) =>
    roots.flatMap((root) => endings.map((ending) => beginning + root + ending)),
  );
  expect(digest(words.map(stem))).toBe('985f91d209ac49b2');
});

it('holds the published tables', () => {
  expect(digest([...STOP_WORDS, '', ...COMMON_STEMS])).toBe('eeb7175bfa17c1e3');
});

it('analyses titles as published', () => {
  const titles = [
    'Sony WH-1000XM4 Wireless Noise Cancelling Headphones, 30 hours, Black',
    'PowerBank ROBOT 10000mAh RT180 Dual Input Port Type C & Micro USB - Hijau',
    'Jedai Jepit Rambut 5 Cm Ufa Thailand 2 warna 6 pcs - PAKET 26',
    'Kopi Gayo Arabika 250 gr, tanpa gula, giling halus',
    'Crème brûlée set 1.5 L × 2, 5½" ramekins – dishwasher-safe, BPA-free',
    '日本製 抹茶 100g 緑茶',
  ];
  expect(titles.map((title) => termsOfText(title).join(' '))).toMatchInlineSnapshot(`
    [
      "soni wh1000xm4 wh 1000xm4 wireless noise cancel headphon 30 hour black",
      "powerbank robot 10000mah 10000 rt180 dual input port type c micro usb hijau",
      "jedai jepit rambut 5cm 5 ufa thailand 2 warna 6pcs 6 paket 26",
      "kopi gayo arabika 250g 250 tanpa gula ¬gula gile halus",
      "creme brule set 1.5liter 1.5 x 2 5 1 2inch 2 ramekin dishwash safe bpa ¬bpa free",
      "日本 本製 抹茶 100g 100 緑茶",
    ]
  `);
});

it('has a logarithm of its own, as good as a double can be', () => {
  for (const value of [1e-9, 0.001, 0.5, 0.75, 1, 1.0001, 1.5, 2, Math.E, 10, 6764, 1e6, 123456789.5, 1e15]) {
    expect(Math.abs(naturalLog(value) - Math.log(value))).toBeLessThanOrEqual(
      4e-16 * Math.max(1, Math.abs(Math.log(value))),
    );
  }
  expect(naturalLog(1)).toBe(0);
});
