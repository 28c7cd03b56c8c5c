import { words } from '../shell/language.js';

export const PICTURE_WORDS = words(
  {
    title: 'Pictures',
    of: (title: string, place: number, count: number) =>
      count === 1 ? title : `${title}, picture ${place} of ${count}`,
    show: (count: number) => (count === 1 ? 'Show the picture' : `Show the ${count} pictures`),
    why: 'Pictures of other people are fetched only when you ask for them: from the seller, or from a node that keeps them, who see that somebody looks at this listing.',
    fetching: 'Pictures are being fetched …',
    missing: (count: number) =>
      count === 1 ? 'One picture cannot be had now.' : `${count} pictures cannot be had now.`,
    failed: 'No picture',
    choose: (place: number) => `Show picture ${place}`,
    add: 'Pictures',
    hint: (most: number) =>
      `Up to ${most}. Each is made smaller here, and where, when and with what it was taken is taken out of it.`,
    shrinking: (name: string) => `“${name}” is being made smaller …`,
    unreadable: (name: string) => `This browser cannot read “${name}” as a picture. Choose a JPEG, PNG or WebP file.`,
    tooMany: (most: number) => `A listing has ${most} pictures at most; the others were left out.`,
    earlier: (place: number) => `Move picture ${place} forward`,
    later: (place: number) => `Move picture ${place} back`,
    remove: (place: number) => `Remove picture ${place}`,
    first: 'The first is the one that people see first.',
    always: 'Fetch pictures of listings as soon as I open them',
    alwaysHint:
      'Off: you are asked at each listing. To keep them on this node for others, too, start it with “niaga config set keep-media true”.',
  },
  {
    title: 'Gambar',
    of: (title, place, count) => (count === 1 ? title : `${title}, gambar ${place} dari ${count}`),
    show: (count) => (count === 1 ? 'Tampilkan gambarnya' : `Tampilkan ${count} gambar`),
    why: 'Gambar orang lain hanya diambil bila Anda memintanya: dari penjual, atau dari node yang menyimpannya, yang melihat bahwa ada yang membuka barang ini.',
    fetching: 'Gambar sedang diambil …',
    missing: (count) => `${count} gambar tidak dapat diperoleh sekarang.`,
    failed: 'Tidak ada gambar',
    choose: (place) => `Tampilkan gambar ${place}`,
    add: 'Gambar',
    hint: (most) =>
      `Paling banyak ${most}. Masing-masing diperkecil di sini; tempat, waktu dan alat pengambilannya dibuang.`,
    shrinking: (name) => `“${name}” sedang diperkecil …`,
    unreadable: (name) =>
      `Peramban ini tidak dapat membaca “${name}” sebagai gambar. Pilih berkas JPEG, PNG atau WebP.`,
    tooMany: (most) => `Satu barang paling banyak ${most} gambar; selebihnya tidak disertakan.`,
    earlier: (place) => `Majukan gambar ${place}`,
    later: (place) => `Mundurkan gambar ${place}`,
    remove: (place) => `Hapus gambar ${place}`,
    first: 'Yang pertama dilihat orang lebih dulu.',
    always: 'Ambil gambar barang begitu saya membukanya',
    alwaysHint:
      'Mati: Anda ditanya di setiap barang. Untuk menyimpannya di node ini juga bagi orang lain, jalankan dengan “niaga config set keep-media true”.',
  },
);
