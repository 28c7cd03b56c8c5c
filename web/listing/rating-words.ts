import { words } from '../shell/language.js';

export const RATING_WORDS = words(
  {
    asking: 'Asking how buyers rated this seller…',
    none: 'This seller shows no ratings by buyers yet.',
    noneHere: 'Your node knows no rating of this seller.',
    summary: (average: string, count: number, buyers: number) =>
      `${average} of 5: ${count === 1 ? 'one rating' : `${count} ratings`} by ${buyers === 1 ? 'one buyer' : `${buyers} buyers`}.`,
    notAnswered:
      'No node answered that keeps this seller’s ratings: these are only ratings of trades that your own node knows.',
    stars: (count: number) => `${count} of 5 stars`,
    paid: (money: string) => `paid ${money}`,
    reply: 'The seller replies',
    all: (count: number) => `Show all ${count}`,
    limits:
      'Each stands for a trade that both sides have signed. A seller can hide ratings, and can make keys to rate itself with.',
  },
  {
    asking: 'Menanyakan penilaian pembeli tentang penjual ini…',
    none: 'Penjual ini belum menunjukkan penilaian pembeli.',
    noneHere: 'Node Anda tidak mengetahui penilaian tentang penjual ini.',
    summary: (average, count, buyers) => `${average} dari 5: ${count} penilaian oleh ${buyers} pembeli.`,
    notAnswered:
      'Node yang menyimpan penilaian penjual ini tidak menjawab: ini hanya penilaian transaksi yang diketahui node Anda sendiri.',
    stars: (count) => `${count} dari 5 bintang`,
    paid: (money) => `dibayar ${money}`,
    reply: 'Balasan penjual',
    all: (count) => `Tampilkan semua ${count}`,
    limits:
      'Masing-masing berasal dari transaksi yang ditandatangani kedua pihak. Penjual dapat menyembunyikan penilaian, dan dapat membuat kunci untuk menilai dirinya sendiri.',
  },
);
