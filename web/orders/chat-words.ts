import { words } from '../shell/language.js';

export const CHAT_WORDS = words(
  {
    title: 'Chat',
    who: 'With the other side of this order. Sealed: nobody else can read it.',
    whom: 'With whom (sealed: nobody else can read it)',
    none: 'Nothing was written yet.',
    write: 'Your message',
    send: 'Send',
    save: (name: string) => `Save ${name}`,
    older: 'Older messages',
  },
  {
    title: 'Obrolan',
    who: 'Dengan pihak lain pesanan ini. Tersegel: tidak ada orang lain yang dapat membacanya.',
    whom: 'Dengan siapa (tersegel: tidak ada orang lain yang dapat membacanya)',
    none: 'Belum ada yang ditulis.',
    write: 'Pesan Anda',
    send: 'Kirim',
    save: (name) => `Simpan ${name}`,
    older: 'Pesan lebih lama',
  },
);
