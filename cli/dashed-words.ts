/**
 * Words of a search may begin with a dash, as in titles that are pasted ("Besties -Makeup Bag"), and are looked for like others: what
 * leaves a word out is "without" (protocol/search/query.ts). They are marked before commander sees them, with a character that no
 * argument of a process can have.
 */
const MARK = '\0';
/** One dash and then more than one letter: none of our options looks so. */
const DASHED = /^-[^-]./su;
/** Global options that take the next word with them. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--home', '--network']);
const COMMANDS_WITH_WORDS: ReadonlySet<string> = new Set(['search', 'watch']);

export function markWords(words: readonly string[]): string[] {
  const at = commandAt(words);
  if (!COMMANDS_WITH_WORDS.has(words[at] ?? '')) return [...words];
  const end = words.indexOf('--');
  return words.map((word, index) => (index > at && (end < 0 || index < end) && DASHED.test(word) ? MARK + word : word));
}

export function unmark(text: string): string {
  return text.replaceAll(MARK, '');
}

/** Where the first word stands that is neither a global option nor its value. */
export function commandAt(words: readonly string[]): number {
  let index = 0;
  while (words[index]?.startsWith('-') === true) index += WITH_VALUE.has(words[index] ?? '') ? 2 : 1;
  return index;
}
