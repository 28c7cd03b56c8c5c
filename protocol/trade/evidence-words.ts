import type { PrivateKind } from './commitments.js';
import type { Role } from './roles.js';
import type { MessageKind } from './schema.js';
import type { Word } from './words.js';

/** Languages of the page for people. */
export const PAGE_LANGUAGES = ['en', 'id'] as const;
export type PageLanguage = (typeof PAGE_LANGUAGES)[number];

export interface PageWords {
  readonly title: string;
  readonly state: string;
  readonly asOf: string;
  readonly exportedBy: string;
  readonly trade: string;
  readonly contract: string;
  readonly proposal: string;
  readonly item: string;
  readonly quantity: string;
  readonly price: string;
  readonly shipping: string;
  readonly sum: string;
  readonly total: string;
  readonly log: string;
  readonly time: string;
  readonly who: string;
  readonly what: string;
  readonly receipted: string;
  readonly yes: string;
  readonly no: string;
  readonly ruling: string;
  readonly chat: string;
  readonly values: string;
  readonly value: string;
  readonly devices: string;
  readonly contradiction: string;
  readonly revoked: string;
  readonly notRevoked: string;
  readonly stand: string;
  readonly fall: string;
  readonly file: string;
  readonly bytes: string;
  readonly check: string;
  readonly roles: Readonly<Record<Role, string>>;
  readonly privates: Readonly<Record<PrivateKind, string>>;
  readonly kinds: Readonly<Record<MessageKind, string>>;
  readonly states: Readonly<Record<Word, string>>;
}

export const PAGE_WORDS: Readonly<Record<PageLanguage, PageWords>> = {
  en: {
    title: 'Evidence of a trade',
    state: 'State according to this file',
    asOf: 'Written',
    exportedBy: 'Written by',
    trade: 'Trade',
    contract: 'Contract',
    proposal: 'Last proposal; there is no contract',
    item: 'Item',
    quantity: 'Quantity',
    price: 'Price',
    shipping: 'Shipping',
    sum: 'Sum',
    total: 'Total',
    log: 'What was said, as signed',
    time: 'Time (UTC)',
    who: 'Who',
    what: 'What',
    receipted: 'Receipt',
    yes: 'yes',
    no: 'no',
    ruling: 'Ruling',
    chat: 'Chat disclosed by the writer of this file',
    values: 'Values disclosed by the writer of this file',
    value: 'Value',
    devices: 'Devices',
    contradiction: 'Contradicts itself',
    revoked: 'Revoked device',
    notRevoked: 'No revocation of a signing device is known to the writer of this file as of',
    stand: 'messages stand',
    fall: 'messages do not stand',
    file: 'file',
    bytes: 'bytes',
    check: 'This page is for reading. Whether it is true is checked by: niaga verify FILE',
    privates: {
      address: 'Address',
      phone: 'Phone number',
      code: 'Pick-up code',
      proof: 'Proof of payment',
      attachment: 'Attachment',
      key: 'Key of the content',
    },
    roles: { buyer: 'Buyer', seller: 'Seller', arbiter: 'Arbiter' },
    kinds: {
      offer: 'offers',
      counter: 'makes a counter-offer',
      accept: 'accepts',
      decline: 'declines',
      withdraw: 'withdraws the proposal',
      cancel: 'cancels, or proposes to',
      timeout: 'says that a deadline has passed',
      paid: 'says to have paid',
      'payment-seen': 'has seen the money',
      refunded: 'says to have sent money back',
      'refund-seen': 'has seen the money come back',
      shipped: 'says to have delivered',
      received: 'has received',
      approved: 'approves',
      returned: 'says to have sent goods back',
      'return-seen': 'has seen goods come back',
      consent: 'consents to be the arbiter',
      remedy: 'proposes a remedy',
      'remedy-accept': 'agrees to the remedy',
      'remedy-decline': 'declines the remedy',
      dispute: 'disputes',
      'dispute-withdrawn': 'withdraws the dispute',
      statement: 'states',
      ruling: 'rules',
      rating: 'rates',
      reply: 'replies to the rating',
    },
    states: {
      offered: 'offered',
      countered: 'countered',
      unconfirmed: 'waiting for the seller’s confirmation',
      accepted: 'agreed',
      paid: 'paid, says the buyer',
      'payment-confirmed': 'paid, and seen by the seller',
      'partly-shipped': 'delivered in part',
      shipped: 'delivered, says the seller',
      received: 'received by the buyer',
      completed: 'completed',
      declined: 'declined',
      withdrawn: 'withdrawn',
      expired: 'expired',
      lapsed: 'lapsed, not paid in time',
      cancelled: 'cancelled',
      'refund-due': 'money has to go back to the buyer',
      'return-due': 'goods have to go back to the seller',
      disputed: 'disputed',
      unresolved: 'ended without agreement or ruling',
    },
  },
  id: {
    title: 'Bukti transaksi',
    state: 'Keadaan menurut berkas ini',
    asOf: 'Ditulis',
    exportedBy: 'Ditulis oleh',
    trade: 'Transaksi',
    contract: 'Kontrak',
    proposal: 'Tawaran terakhir; belum ada kontrak',
    item: 'Barang',
    quantity: 'Jumlah',
    price: 'Harga',
    shipping: 'Ongkos kirim',
    sum: 'Subtotal',
    total: 'Total',
    log: 'Yang dinyatakan dan ditandatangani',
    time: 'Waktu (UTC)',
    who: 'Siapa',
    what: 'Apa',
    receipted: 'Tanda terima',
    yes: 'ada',
    no: 'tidak ada',
    ruling: 'Putusan',
    chat: 'Percakapan yang dibuka oleh penulis berkas ini',
    values: 'Data yang dibuka oleh penulis berkas ini',
    value: 'Isi',
    devices: 'Perangkat',
    contradiction: 'Bertentangan sendiri',
    revoked: 'Perangkat dicabut',
    notRevoked: 'Penulis berkas ini tidak mengetahui pencabutan perangkat penanda tangan sampai',
    stand: 'pesan tetap berlaku',
    fall: 'pesan tidak berlaku',
    file: 'berkas',
    bytes: 'bita',
    check: 'Halaman ini untuk dibaca. Kebenarannya diperiksa dengan: niaga verify BERKAS',
    privates: {
      address: 'Alamat',
      phone: 'Nomor telepon',
      code: 'Kode pengambilan',
      proof: 'Bukti pembayaran',
      attachment: 'Lampiran',
      key: 'Kunci isi',
    },
    roles: { buyer: 'Pembeli', seller: 'Penjual', arbiter: 'Penengah' },
    kinds: {
      offer: 'menawarkan',
      counter: 'menawar balik',
      accept: 'menyetujui',
      decline: 'menolak',
      withdraw: 'menarik tawaran',
      cancel: 'membatalkan, atau mengusulkannya',
      timeout: 'menyatakan tenggat telah lewat',
      paid: 'menyatakan sudah membayar',
      'payment-seen': 'sudah melihat uangnya masuk',
      refunded: 'menyatakan sudah mengembalikan uang',
      'refund-seen': 'sudah menerima uang kembali',
      shipped: 'menyatakan sudah menyerahkan atau mengirim',
      received: 'sudah menerima',
      approved: 'menyetujui barangnya',
      returned: 'menyatakan sudah mengirim balik barang',
      'return-seen': 'sudah menerima barang kembali',
      consent: 'bersedia menjadi penengah',
      remedy: 'mengusulkan penyelesaian',
      'remedy-accept': 'menyetujui penyelesaian',
      'remedy-decline': 'menolak penyelesaian',
      dispute: 'mengajukan sengketa',
      'dispute-withdrawn': 'mencabut sengketa',
      statement: 'menyatakan',
      ruling: 'memutuskan',
      rating: 'menilai',
      reply: 'menanggapi penilaian',
    },
    states: {
      offered: 'ditawarkan',
      countered: 'ditawar balik',
      unconfirmed: 'menunggu konfirmasi penjual',
      accepted: 'disepakati',
      paid: 'sudah dibayar, kata pembeli',
      'payment-confirmed': 'sudah dibayar, dan dilihat penjual',
      'partly-shipped': 'dikirim sebagian',
      shipped: 'sudah dikirim, kata penjual',
      received: 'sudah diterima pembeli',
      completed: 'selesai',
      declined: 'ditolak',
      withdrawn: 'ditarik',
      expired: 'kedaluwarsa',
      lapsed: 'gugur, tidak dibayar tepat waktu',
      cancelled: 'dibatalkan',
      'refund-due': 'uang harus dikembalikan kepada pembeli',
      'return-due': 'barang harus dikembalikan kepada penjual',
      disputed: 'disengketakan',
      unresolved: 'berakhir tanpa kesepakatan atau putusan',
    },
  },
};
