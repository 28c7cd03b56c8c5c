import { words } from './language.js';

export const SHELL_WORDS = words(
  {
    search: 'Search',
    orders: 'Orders',
    sell: 'Sell',
    network: 'Network',
    settings: 'Settings',
    menu: 'Main menu',
    skip: 'Skip to the content',
    language: 'Language',
    offline: 'Your node does not answer. What you see may be old; nothing can be sent until it is back.',
    offlineNext: 'Is the computer on which it runs awake, and “niaga start” running there?',
    nothingHere: 'There is nothing at this address.',
    toSearch: 'Go to search',
    signIn: 'Sign in to your node',
    signInWhy:
      'Only you may use your node. You get in by a link that works once, on the computer where your node runs.',
    signInHow: 'Type “niaga open” in a terminal there, and open the link that it shows.',
    signInByHand:
      'Or paste a token: one that “niaga token create” made, or that of the file api.json in your node’s folder.',
    token: 'Token',
    signInButton: 'Sign in',
    wrongToken: 'That is not the token of this node. It makes a new one at each start: copy it again.',
    signedOut: 'Your node was started anew, so this page has to sign in again.',
    loading: 'One moment…',
    again: 'Try again',
    close: 'Close',
  },
  {
    search: 'Cari',
    orders: 'Pesanan',
    sell: 'Jual',
    network: 'Jaringan',
    settings: 'Pengaturan',
    menu: 'Menu utama',
    skip: 'Langsung ke isi',
    language: 'Bahasa',
    offline:
      'Node Anda tidak menjawab. Yang tampak mungkin sudah lama; tidak ada yang dapat dikirim sampai node kembali.',
    offlineNext: 'Apakah komputernya menyala, dan “niaga start” berjalan di sana?',
    nothingHere: 'Tidak ada apa-apa di alamat ini.',
    toSearch: 'Ke pencarian',
    signIn: 'Masuk ke node Anda',
    signInWhy:
      'Hanya Anda yang boleh memakai node Anda. Anda masuk dengan tautan yang berlaku sekali, di komputer tempat node berjalan.',
    signInHow: 'Ketik “niaga open” di terminal di sana, lalu buka tautan yang ditampilkan.',
    signInByHand:
      'Atau tempelkan token: buatan “niaga token create”, atau yang ada di berkas api.json di folder node Anda.',
    token: 'Token',
    signInButton: 'Masuk',
    wrongToken: 'Itu bukan token node ini. Setiap kali mulai, node membuat yang baru: salin sekali lagi.',
    signedOut: 'Node Anda dimulai ulang, jadi halaman ini harus masuk lagi.',
    loading: 'Sebentar…',
    again: 'Coba lagi',
    close: 'Tutup',
  },
);
