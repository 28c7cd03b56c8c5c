/** So much of a value is shown, in UTF-16 units. */
const MAX_QUOTED = 60;

/** Characters that a terminal may obey or that turn the reading direction; JSON.stringify lets them through. */
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A value as an error message may show it: short, and safe to print whatever a stranger put in. */
export function quote(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteText(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'a list' : 'an object';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    case 'bigint':
      return quoteText(value.toString()).slice(1, -1);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
  }
}

function quoteText(text: string): string {
  // Cut before escaping, so that a text of megabytes costs nothing; a surrogate cut in half goes with it.
  const shown = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return JSON.stringify(shown).replace(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
