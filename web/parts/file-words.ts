import { words } from '../shell/language.js';

export const FILE_WORDS = words(
  {
    label: 'Files as evidence (if you like)',
    hint: (most: number) =>
      `Pictures, a bill: up to ${most}, 1 MiB together. Sealed: only those in this order get them.`,
    tooMuch: (most: number) => `Choose ${most} files at most, 1 MiB together.`,
  },
  {
    label: 'Berkas sebagai bukti (bila mau)',
    hint: (most) =>
      `Foto, tagihan: paling banyak ${most}, seluruhnya 1 MiB. Tersegel: hanya pihak pesanan ini yang mendapatnya.`,
    tooMuch: (most) => `Pilih paling banyak ${most} berkas, seluruhnya 1 MiB.`,
  },
);
