/**
 * Words that the two stemmers would merge with a different thing, found by reading what they merge in the titles of
 * both catalogues and in the Indonesian taxonomy: a list for shopping, not a grammar. Each word is its own stem.
 */
const WHOLE = `
overall coverall wholesale nightingale thermos lens canvas species series bermuda perfume terrain peroxide percussion
battery bakery gallery factory
tas gas jas vas pas kas les bus jus sus gelas beras panas kertas kipas kulkas emas alas batas atas bawas tuas bilas adas talas nanas kapas
hias rias luas cemas deras keras waras jenis garis tulis lapis habis tipis manis gratis kumis iris baris kaos saos termos polos lepas
kukus halus lurus bungkus kardus infus kasus virus kamus tikus lotus kaktus khusus oles spons
kuning kering piring kucing daging dinding kambing anting guling gunting kancing pancing saring jaring samping
perhiasan perahu permata pelampung peluru perisa perisai perapian terapi teratai teras terali rambutan dalaman kuningan mainan
bangunan jaringan tangkai makanan minuman tulangan kemasan pelangi berlian beruang berenda merica mentega menara
mekanik peniti bayi
`;

/**
 * Derived words whose root the Indonesian stemmer misses (it cannot know a first letter that the prefix swallowed) or
 * the English one breaks.
 */
const IRREGULAR = `
overalls overall, coveralls coverall, batteries battery, bakeries bakery, galleries gallery, factories factory,
perfumes perfume, lenses lens, blus blouse, canvases canvas,
pemanas panas, pemanasan panas, pengering kering, pengeringan kering, penghias hias, pembungkus bungkus, pembungkusan bungkus, penggaris garis,
pelapis lapis, pelapisan lapis, pengiris iris, penghalus halus, pelurus lurus, pengeras keras, pengukus kukus, pembatas batas,
penulis tulis, penutup tutup, penerang terang, penerangan terang, pengocok kocok, pengupas kupas, penahan tahan, penampung tampung,
penampungan tampung, penimbang timbang, penusuk tusuk, pengiring iring, penanam tanam, penanaman tanam, pengampelas ampelas,
pengendali kendali, pengendalian kendali, penangkap tangkap, penyaring saring, penyaringan saring, pengaring jaring,
pembilas bilas, pemangkas pangkas, pemangkasan pangkas, pelepas lepas, beralas alas, berlapis lapis, berkualitas kualitas, pemancing pancing
`;

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** Folded word → its stem. */
export const STEM_EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ...words(WHOLE).map((word) => [word, word] as const),
  ...IRREGULAR.split(',').map((pair) => {
    const [word = '', stem = ''] = words(pair);
    return [word, stem] as const;
  }),
]);
