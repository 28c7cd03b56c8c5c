/** Characters that an editor may hide, obey or compose. */
const UNSEEN = /[\u007f-\u00a0\u00ad\u0300-\u036f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0f\ufeff]/g;

/** A value as the text of a JSON file: indented, short lists on one line, and nothing in it that cannot be seen. */
export function jsonText(value) {
  const text = JSON.stringify(value, null, 2).replace(/\[\n\s+([^[\]{}]{0,100}?)\n\s+\]/g, (whole, inner) => {
    const line = inner.replace(/\n\s+/g, ' ');
    return line.length <= 100 && !line.includes('\\') ? `[${line}]` : whole;
  });
  return `${text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
