/**
 * Function words, which say nothing about what is for sale: our own choice in the spirit of the stopwords-iso lists,
 * which hold many content words besides ("new", "help", "baru", "besar"). Left out on purpose, since buyers mean
 * something by them: sizes, ages and states (new, old, used, big, small, baru, bekas, lama, besar, kecil, kuat),
 * numbers (one, two, satu, dua), "free", "no", "not", "without", "tanpa", "bukan" (they negate), "full", "long", "set",
 * "system", "home", "up" and "off" (parts of names), and words of one language that are things in the other ("agar",
 * "pun", "air"). One list serves both languages: a term depends on its word alone (see analysis.ts).
 */
const STOP_WORDS_EN = `
a about after again also although am among an and any anyone anything are as at be became because been being
between both but by came can cannot come comes could couldnt did didnt do does doesnt doing done dont during each either else
etc even ever every everyone everything for from get gets getting give given gives go goes going gone got had has have havent
having he hence her hers herself him himself his how however i if im in indeed instead into is isnt it its itself ive just
let lets like made make makes making many may maybe me might mine moreover most much must my myself namely
neither nevertheless nor now of often on onto or other others otherwise our ours ourselves own per perhaps
please quite rather really same seem seemed seems several shall she should shouldnt since so some someone something
such than that thats the their theirs them themselves then there thereby therefore these they this those though thus
to too toward towards try upon us use used uses using very via was we well went were what whatever when whenever where
whereas wherever whether which while who whoever whole whom whose why will wish with within wont would wouldnt yet you your youre yours
yourself yourselves
`;

const STOP_WORDS_ID = `
ada adalah adanya adapun akan akankah aku amat anda antara apa apabila apakah apalagi atau ataukah
ataupun bagai bagaikan bagaimana bagaimanapun bagi bahkan bahwa banyak beberapa begini begitu belum benar berapa
bila bilamana bisa boleh buat cuma dalam dan dapat dari daripada demi demikian dengan di dia dilakukan dimana dimiliki dll
dong dsb entah guna hal hanya harus hendak hingga ia ialah ini inilah itu itulah jadi jangan jika jikalau
juga justru kah kalau kali kalian kamu kapan kapanpun karena karenanya kau ke kecuali kemudian kenapa kepada kepadanya ketika
kini kita kok lagi lah lain lainnya lalu maka makin manakah masih masing maupun melainkan melalui memang
mempunyai mengapa menjadi menurut mereka merupakan meski meskipun mungkin nah namun nanti nya oleh olehnya
pada padahal padanya para pasti pernah perlu pula rupanya saat saja saling sama sambil sampai sana sang
sangat sangatlah saya sebab sebagai sebagaimana sebagainya sebelum sebelumnya sebuah secara sedang sedangkan segala sehingga
sejak sekalian sekaligus sekalipun sekarang seluruh semakin sementara semoga semua semuanya sendiri seolah seorang
seperti sepertinya sering serta seseorang sesuatu sesudah setelah setiap si siapa siapapun sini sudah
sungguh supaya tadi tak telah tentang tentu tentunya terhadap terlalu terus tersebut tetapi tiap toh untuk untuknya waduh
wah walau walaupun yaitu yakni yang
`;

/** Words of both lists, folded and unstemmed: analysis.ts marks them, and stem.ts makes no other word into one of them. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `${STOP_WORDS_EN} ${STOP_WORDS_ID}`.split(/\s+/).filter((word) => word !== ''),
);
