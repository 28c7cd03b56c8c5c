import { words } from './language.js';

/** What the codes of refusals that people meet mean to them, each with what to do. All others are shown as the node says them. */
const en: Record<string, string> = {
  OFFLINE: 'Your node does not answer. Try again when it is back: the same thing is never done twice.',
  IDEMPOTENCY_UNKNOWN:
    'This was sent before, and your node cannot say how it ended. Look whether it was done; if not, send it again.',
  IDEMPOTENCY_BUSY: 'Your node is still working on it. Wait a moment, then look whether it was done.',
  STOPPED: 'Your node is stopping. Try again when it is back.',
  API_TOKEN: 'Your node was started anew. Sign in again.',
  API_CODE: 'This link does not work any more: each works once, for ten minutes. Make another one with “niaga open”.',
  API_SCOPE: 'The token of this page does not allow that. Sign in with one that does.',
  RATE_LIMITED: 'That was too much at once. Wait a moment and try again.',
  TIMED_OUT: 'It took too long. Try again; the others may be asleep.',
  PEER_UNREACHABLE: 'The other side cannot be reached now. Try again later.',
  LISTING_NOT_FOUND: 'Nobody who can be reached has this listing. It may have been removed, or its keepers are asleep.',
  TRADE_NOT_FOUND: 'Your node does not know this order.',
  TRADER_NOT_FOUND: 'Nobody who can be reached knows anything about this trader.',
  QUERY_EMPTY: 'These words alone tell nothing apart. Write what the thing is called, or choose a place.',
  CURSOR_EXPIRED: 'This search is some minutes old. Search again.',
  LISTING_REMOVED: 'The seller has removed this listing.',
  LISTING_CHANGED: 'The seller has changed this listing. Look at it again before you offer.',
  TRADE_STATE: 'That is not possible any more: the order has moved on. Look at it again.',
  TRADE_TURN: 'The other side has to answer first.',
  TRADE_EXPIRED: 'The offer has expired.',
  TRADER_BLOCKED: 'You have blocked this trader. Unblock it in the settings first.',
  MONEY_INVALID: 'Your node did not understand the amount. Write it with digits only, such as 85000.',
  CURRENCY_UNKNOWN: 'This currency is not known. Use its code of three letters, such as IDR.',
  INPUT_MISSING: 'Something that is needed was left out.',
  INPUT_INVALID: 'Something that was filled in cannot be right.',
  INPUT_SYNTAX: 'This is not written as a table has to be.',
  INPUT_TOO_LARGE: 'That is too much at once.',
  STOCK_SHORT: 'There is not that much left.',
  WRITER_OTHER: 'Another device of yours signs for you now. Do this there, or take over in its settings.',
  INTERNAL: 'Something went wrong inside your node. Its log says more.',
};
const id: Record<string, string> = {
  OFFLINE: 'Node Anda tidak menjawab. Coba lagi bila sudah kembali: hal yang sama tidak pernah dilakukan dua kali.',
  IDEMPOTENCY_UNKNOWN:
    'Ini sudah pernah dikirim, dan node Anda tidak tahu akhirnya. Periksa apakah sudah terjadi; bila belum, kirim lagi.',
  IDEMPOTENCY_BUSY: 'Node Anda masih mengerjakannya. Tunggu sebentar, lalu periksa apakah sudah terjadi.',
  STOPPED: 'Node Anda sedang berhenti. Coba lagi bila sudah kembali.',
  API_TOKEN: 'Node Anda dimulai ulang. Masuklah lagi.',
  API_CODE:
    'Tautan ini tidak berlaku lagi: masing-masing berlaku sekali, selama sepuluh menit. Buat lagi dengan “niaga open”.',
  API_SCOPE: 'Token halaman ini tidak mengizinkannya. Masuklah dengan yang mengizinkan.',
  RATE_LIMITED: 'Terlalu banyak sekaligus. Tunggu sebentar, lalu coba lagi.',
  TIMED_OUT: 'Terlalu lama. Coba lagi; mungkin yang lain sedang tidur.',
  PEER_UNREACHABLE: 'Pihak lain tidak dapat dihubungi sekarang. Coba lagi nanti.',
  LISTING_NOT_FOUND:
    'Tidak ada yang terjangkau memiliki barang ini. Mungkin sudah dihapus, atau penyimpannya sedang tidur.',
  TRADE_NOT_FOUND: 'Node Anda tidak mengenal pesanan ini.',
  TRADER_NOT_FOUND: 'Tidak ada yang terjangkau mengetahui apa pun tentang pedagang ini.',
  QUERY_EMPTY: 'Kata-kata ini saja belum membedakan apa pun. Tulis nama barangnya, atau pilih tempat.',
  CURSOR_EXPIRED: 'Pencarian ini sudah beberapa menit. Cari lagi.',
  LISTING_REMOVED: 'Penjual telah menghapus barang ini.',
  LISTING_CHANGED: 'Penjual mengubah barang ini. Lihat lagi sebelum menawar.',
  TRADE_STATE: 'Tidak mungkin lagi: pesanan sudah berlanjut. Lihat lagi.',
  TRADE_TURN: 'Pihak lain harus menjawab dulu.',
  TRADE_EXPIRED: 'Tawaran sudah lewat waktu.',
  TRADER_BLOCKED: 'Anda memblokir pedagang ini. Buka dulu blokirnya di pengaturan.',
  MONEY_INVALID: 'Node Anda tidak memahami jumlah itu. Tulis angka saja, misalnya 85000.',
  CURRENCY_UNKNOWN: 'Mata uang ini tidak dikenal. Pakai kode tiga hurufnya, misalnya IDR.',
  INPUT_MISSING: 'Ada yang perlu diisi tetapi masih kosong.',
  INPUT_INVALID: 'Ada isian yang tidak mungkin benar.',
  INPUT_SYNTAX: 'Ini tidak ditulis seperti tabel seharusnya.',
  INPUT_TOO_LARGE: 'Terlalu banyak sekaligus.',
  STOCK_SHORT: 'Sisanya tidak sebanyak itu.',
  WRITER_OTHER:
    'Perangkat Anda yang lain sedang menandatangani untuk Anda. Lakukan ini di sana, atau ambil alih di pengaturannya.',
  INTERNAL: 'Ada yang salah di dalam node Anda. Catatannya menjelaskan lebih banyak.',
};

export const REFUSAL_WORDS = words(
  { known: en, refused: 'Your node did not do it:', details: 'What the node said', next: 'Next' },
  { known: id, refused: 'Node Anda tidak melakukannya:', details: 'Kata node', next: 'Berikutnya' },
);
