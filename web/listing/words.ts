import { named, words } from '../shell/language.js';

export const LISTING_WORDS = words(
  {
    back: 'Back to search',
    onRequest: 'The price is to be agreed on: name yours in the offer.',
    partial:
      'Only a summary of this listing can be reached now. Its full text and terms are missing: wait for them before you decide.',
    textsMissing: 'Some of the seller’s terms cannot be reached now: wait for them before you decide.',
    asking: 'Your node is asking for the rest…',
    askAgain: 'Ask again for the rest',
    blocked: (list: string): string =>
      list === 'own' ? 'You have blocked this seller.' : 'A block list that you use names this seller.',
    removed: 'The seller has removed this listing.',
    own: 'This is your own listing.',
    facts: 'Facts',
    description: 'Description',
    category: 'Category',
    brand: 'Brand',
    condition: 'Condition',
    place: 'Where it is',
    left: 'Left',
    published: 'Listed',
    validUntil: 'Valid until',
    seller: 'Seller',
    sellerNoName: 'This seller has published no name.',
    sellerName: 'Calls itself',
    anyName: 'Anybody may take any name. Compare the key with one that you got from the seller in another way.',
    sellerKey: 'Key',
    othersOf: 'All of this seller',
    before: (count: number) =>
      count === 0
        ? 'You have not traded with this seller yet.'
        : `You have completed ${count === 1 ? 'one trade' : `${count} trades`} with this seller.`,
    ratings: 'Ratings by other buyers are not shown yet: this version cannot tell which of them are by real buyers.',
    terms: 'Before you buy',
    buying: 'How buying works',
    buyingSteps: [
      'You make an offer. It costs nothing and binds you only once the seller accepts it; until then you can take it back.',
      'When the seller accepts, there is a contract that both have signed.',
      'You pay the seller directly, in the way that you agree on. Nobody holds the money in between.',
      'The seller confirms the money and sends the goods. You say when they came and whether they are as agreed.',
    ],
    paying: 'Paying',
    payingBy: 'The seller takes',
    payingNone: 'The seller does not say how to pay. Ask in the offer’s note, before you pay anything.',
    payWithin: 'You have 3 days to pay after the seller has accepted, unless you agree on another time.',
    delivery: 'Delivery',
    shippingFree: 'rate to be agreed on',
    days: (from: number | undefined, to: number | undefined) =>
      from === undefined && to === undefined ? 'time not said' : `${from ?? 0}–${to ?? '?'} days`,
    pickup: 'You may pick it up.',
    deliveryNone: 'The seller does not say how it comes. Ask in the offer’s note.',
    guarantee: 'Guarantee',
    refund: 'Refund and return',
    none: 'The seller promises nothing here.',
    missing:
      'The seller names terms for this, but their text cannot be reached now. Come back later before you decide.',
    inspect: 'After delivery you have 3 days to look at it and to ask for a refund, a return or a replacement.',
    privacy: 'Your address and phone number are sealed: only the seller gets them, and only once there is a contract.',
    payment: named({
      'bank-transfer': 'Bank transfer',
      qris: 'QRIS',
      'cash-on-delivery': 'Cash on delivery',
      'e-wallet': 'E-wallet',
      cash: 'Cash',
    }),
  },
  {
    back: 'Kembali ke pencarian',
    onRequest: 'Harga dirundingkan: sebutkan harga Anda dalam tawaran.',
    partial:
      'Sekarang hanya ringkasan barang ini yang terjangkau. Keterangan lengkap dan syaratnya belum ada: tunggulah dulu sebelum memutuskan.',
    textsMissing: 'Sebagian syarat penjual belum terjangkau: tunggulah dulu sebelum memutuskan.',
    asking: 'Node Anda sedang meminta sisanya…',
    askAgain: 'Minta lagi sisanya',
    blocked: (list) =>
      list === 'own' ? 'Anda telah memblokir penjual ini.' : 'Daftar blokir yang Anda pakai memuat penjual ini.',
    removed: 'Penjual telah menghapus barang ini.',
    own: 'Ini barang Anda sendiri.',
    facts: 'Keterangan',
    description: 'Penjelasan',
    category: 'Kategori',
    brand: 'Merek',
    condition: 'Keadaan',
    place: 'Berada di',
    left: 'Sisa',
    published: 'Dipasang',
    validUntil: 'Berlaku sampai',
    seller: 'Penjual',
    sellerNoName: 'Penjual ini tidak mengumumkan nama.',
    sellerName: 'Menyebut dirinya',
    anyName:
      'Siapa pun boleh memakai nama apa pun. Bandingkan kuncinya dengan yang Anda terima dari penjual lewat jalan lain.',
    sellerKey: 'Kunci',
    othersOf: 'Semua dari penjual ini',
    before: (count) =>
      count === 0
        ? 'Anda belum pernah berdagang dengan penjual ini.'
        : `Anda sudah menyelesaikan ${count} transaksi dengan penjual ini.`,
    ratings:
      'Penilaian pembeli lain belum ditampilkan: versi ini belum dapat memastikan mana yang dari pembeli sungguhan.',
    terms: 'Sebelum membeli',
    buying: 'Cara membeli',
    buyingSteps: [
      'Anda membuat tawaran. Gratis, dan baru mengikat bila penjual menerimanya; sebelum itu Anda dapat menariknya.',
      'Bila penjual menerima, ada kontrak yang ditandatangani kedua pihak.',
      'Anda membayar langsung kepada penjual dengan cara yang disepakati. Tidak ada yang menahan uang di tengah.',
      'Penjual memastikan uang masuk lalu mengirim barang. Anda menyatakan kapan tiba dan apakah sesuai.',
    ],
    paying: 'Pembayaran',
    payingBy: 'Penjual menerima',
    payingNone: 'Penjual tidak menyebut cara membayar. Tanyakan dalam catatan tawaran sebelum membayar apa pun.',
    payWithin: 'Anda punya 3 hari untuk membayar setelah penjual menerima, kecuali disepakati lain.',
    delivery: 'Pengiriman',
    shippingFree: 'ongkos disepakati nanti',
    days: (from, to) =>
      from === undefined && to === undefined ? 'waktu tidak disebut' : `${from ?? 0}–${to ?? '?'} hari`,
    pickup: 'Anda boleh mengambilnya sendiri.',
    deliveryNone: 'Penjual tidak menyebut cara pengiriman. Tanyakan dalam catatan tawaran.',
    guarantee: 'Jaminan',
    refund: 'Uang kembali dan pengembalian',
    none: 'Penjual tidak menjanjikan apa pun di sini.',
    missing:
      'Penjual menyebut syarat untuk ini, tetapi teksnya tidak terjangkau sekarang. Kembalilah nanti sebelum memutuskan.',
    inspect:
      'Setelah barang tiba Anda punya 3 hari untuk memeriksa dan meminta uang kembali, pengembalian atau penggantian.',
    privacy: 'Alamat dan nomor telepon Anda tersegel: hanya penjual yang menerimanya, dan hanya setelah ada kontrak.',
    payment: named({
      'bank-transfer': 'Transfer bank',
      qris: 'QRIS',
      'cash-on-delivery': 'Bayar di tempat',
      'e-wallet': 'Dompet elektronik',
      cash: 'Tunai',
    }),
  },
);
