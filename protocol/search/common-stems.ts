import { stem } from './stem.js';

/**
 * Words that descriptions are full of and buyers hardly type: they say how good a thing is, not what it is. They come
 * last when the most telling stems of a description are chosen, since whoever chooses has no statistics that all could
 * agree on, and last among the words that a search asks for where nothing is known of how rare they are. Chosen by hand among what occurs in more than one description in thirty of the ESCI catalogue and seldom in
 * a title, with what Indonesian sellers write in its place.
 */
const COMMON_WORDS = `
add adding addition additional advanced allow allows allowing always amazing amazon anytime anywhere applicable application applied
area around assure assured attention available avoid away bad balanced beautiful beauty become begin best better big bit brand bring bringing
build built buy buyer buying call capable careful carefully cause change check choice choose click close combination combine combined come comfort comfortable common complete completely
confidence confident confirm consider construction contact contain contains convenience convenient conveniently correct create created creating customer damage
daily day days deal delight deliver deliver delivered depending description design designed designs detail details difference different difficult dimension dimensions
directly durable durability due ease easier easily easy effect effective effectively effort elegant enable end enhance enhanced enjoy enough ensure ensures ensuring entire
environment especially essential everyday exactly excellent expect experience extra extremely fast faster favorite favourite feature featured features feedback feel feeling felt fill
find finish first fit fits fitting flexible follow following found free freely friend friendly fully function functional general gentle good great guarantee guaranteed
hand happy hard hear height help helpful helps high higher highest highly hold holding hope hour hours idea ideal image important improve improved include included includes including
increase information ingredient inside inspired instruction instructions item items job keep keeping keeps kind know known large last lasting lasts later layer leave left less level life
lightweight line little long longer look looking looks lot love low main maintain manual manufacturer match matching material materials matter maximum mean means measure measurement meet minute
modern moment month multiple name natural need needed needs never new nice no normal not note number occasion occasions offer offering offers one only open option optional options order
original outside part parts people perfect perfectly perform performance person personal pick picture piece place please plus point popular position possible practical premium prevent
price problem problems process produce product production products professional proper protect protecting protection proud proudly provide provided provides providing pull purchase purchased purpose put quality
question questions quick quickly range reach read ready real reason receive recommend recommended reduce refer refund regular reliable remain remove removed replace replacement request require
required requires resist resistant result results return returns right risk safe safely safety satisfaction satisfied satisfy save second secure securely see select selected sell seller send service set shape ship shipping
show side simple simply single size slight slightly small smooth soft solution solve special specially specific specification stand standard start stay step stop store strong style stylish suitable
super superior support sure surface system take technology test tested thank thanks thing things thick think three time times tip together top total touch traditional turn two type ultimate under unique
unit upper user valid value variety various versatile version want warranty way week weight width work working works world worry year years zero
aman anti asli awet bagus bahan baik banget barang baru bebas berbagai berkualitas bersih bila boleh bonus buka cara catatan cek cepat chat cocok cod cukup detail deskripsi digunakan dikirim dijamin
diskon foto garansi gambar gratis harap hari harga hasil info isi jaminan jenis jumlah kak kami kelebihan keterangan kirim klik kode komplain kondisi kualitas kuat kurang lama langsung lebih lengkap
mahal melindungi membantu membeli membuat memberikan memiliki memudahkan mendapatkan menggunakan menjaga merek mohon mudah murah nyaman ongkir order original packing paket pakai pas pembeli pembelian pemakaian pengiriman penggunaan
penjual perhatian pesan pesanan pilih pilihan praktis produk produksi promo rapi ready resmi retur rusak sebelum sedia sehari serta sesuai siap silahkan silakan spesifikasi stok stock tahan tahun tampilan tanya
tambah tanggal terbaik terbuat terima terjangkau terjamin toko tolong transaksi tersedia ukuran unboxing varian video waktu warna wajib
`;

export const COMMON_STEMS: ReadonlySet<string> = new Set(
  COMMON_WORDS.split(/\s+/)
    .filter((word) => word !== '')
    .map(stem),
);
