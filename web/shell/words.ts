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
      'Only you may use your node. It makes a new key at each start, and keeps it on the computer where it runs.',
    signInHow:
      'Open the file api.json in your node’s folder (“niaga status” shows the folder), and copy the value of “token”.',
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
      'Hanya Anda yang boleh memakai node Anda. Setiap kali mulai, node membuat kunci baru dan menyimpannya di komputernya.',
    signInHow:
      'Buka berkas api.json di folder node Anda (“niaga status” menunjukkan foldernya), lalu salin nilai “token”.',
    token: 'Token',
    signInButton: 'Masuk',
    wrongToken: 'Itu bukan token node ini. Setiap kali mulai, node membuat yang baru: salin sekali lagi.',
    signedOut: 'Node Anda dimulai ulang, jadi halaman ini harus masuk lagi.',
    loading: 'Sebentar…',
    again: 'Coba lagi',
    close: 'Tutup',
  },
);
