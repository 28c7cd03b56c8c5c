import { NiagaError } from '../protocol/errors.js';

/**
 * The words of a line, as a shell has them: single quotes keep everything, double quotes all but a backslash before `"` and
 * `\`, outside a backslash keeps the next character. Nothing else means anything: no variables, no patterns, no pipes.
 * @throws NiagaError USAGE for a quote that is not closed
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    const following = line.charAt(at + 1);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (
      character === '\\' &&
      following !== '' &&
      (quote === undefined || (quote === '"' && /["\\]/.test(following)))
    ) {
      word = (word ?? '') + following;
      at++;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) throw new NiagaError('USAGE', `A quote (${quote}) is opened and not closed.`);
  if (word !== undefined) words.push(word);
  return words;
}

/** A word as {@link splitWords} and every shell reads it again. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
