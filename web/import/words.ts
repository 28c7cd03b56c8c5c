import { words } from '../shell/language.js';

export const IMPORT_WORDS = words(
  {
    back: 'Back to what you sell',
    title: 'Many at once',
    what: 'A spreadsheet saved as CSV: the first line names the columns, then one listing a line. “sku” and “title” are needed; a line with a number that is there already changes that listing.',
    example: 'Save an example',
    file: 'The file (CSV)',
    pictures: 'The pictures that it names',
    picturesHint:
      'Where a column “image” has names such as kopi.jpg: choose all of these files at once. They are made smaller here.',
    missing: (count: number, names: string) =>
      `${count === 1 ? 'A picture is' : `${count} pictures are`} named in the file and not chosen: ${names}`,
    shrinking: (name: string) => `“${name}” is being made smaller …`,
    preview: 'What it would put up',
    counts: (good: number, faulty: number) =>
      faulty === 0 ? `All ${good} lines are fine.` : `${good} lines are fine; ${faulty} have a fault and are left out.`,
    line: (line: number) => `Line ${line}`,
    fine: 'Fine',
    faulty: 'Fault',
    status: { published: 'Put up', updated: 'Changed', unchanged: 'As before', invalid: 'Fault' },
    publish: (count: number) => `Put up ${count}`,
    sent: (done: number, all: number) => `${done} of ${all} are up.`,
    more: (left: number) => `Show more (${left} left)`,
    link: 'Many at once, from a file',
  },
  {
    back: 'Kembali ke yang Anda jual',
    title: 'Banyak sekaligus',
    what: 'Lembar kerja yang disimpan sebagai CSV: baris pertama menamai kolom, lalu satu barang tiap baris. “sku” dan “title” harus ada; baris dengan nomor yang sudah ada mengubah barang itu.',
    example: 'Simpan contoh',
    file: 'Berkas (CSV)',
    pictures: 'Gambar yang disebut di dalamnya',
    picturesHint:
      'Bila kolom “image” berisi nama seperti kopi.jpg: pilih semua berkas itu sekaligus. Gambar diperkecil di sini.',
    missing: (count, names) => `${count} gambar disebut di berkas tetapi belum dipilih: ${names}`,
    shrinking: (name) => `“${name}” sedang diperkecil …`,
    preview: 'Yang akan dipasang',
    counts: (good, faulty) =>
      faulty === 0 ? `Semua ${good} baris beres.` : `${good} baris beres; ${faulty} bermasalah dan dilewati.`,
    line: (line) => `Baris ${line}`,
    fine: 'Beres',
    faulty: 'Bermasalah',
    status: { published: 'Terpasang', updated: 'Diubah', unchanged: 'Seperti semula', invalid: 'Bermasalah' },
    publish: (count) => `Pasang ${count}`,
    sent: (done, all) => `${done} dari ${all} terpasang.`,
    more: (left) => `Tampilkan lagi (sisa ${left})`,
    link: 'Banyak sekaligus, dari berkas',
  },
);
