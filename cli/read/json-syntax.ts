/** Where a text stops being JSON, and why. */
export interface JsonFault {
  /** In UTF-16 units from the beginning. */
  readonly offset: number;
  /** Ends the sentence "Line 3, column 14: …". */
  readonly what: string;
  /** The name whose value is at fault, where it has one. */
  readonly field?: string | undefined;
}

export interface JsonHandlers {
  /** Is told where each element of a list at the top begins and ends, or of the list in {@link listIn}. */
  readonly onElement?: (start: number, end: number) => void;
  /** The field of an object at the top whose list counts as one at the top. */
  readonly listIn?: string | undefined;
  /** Is told where a number stands that JSON.parse reads as Infinity, such as 1e400. */
  readonly onHuge?: (start: number, end: number) => void;
}

/** Objects and lists may stand in one another this deep, so that nobody who walks the value runs out of stack. */
export const MAX_JSON_DEPTH = 64;

type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end';

/**
 * Finds the first fault of a text that should be one JSON value (RFC 8259), which JSON.parse tells in words and places
 * that differ by platform. Agrees with JSON.parse on what is a fault, save for the depth.
 */
export function findJsonFault(text: string, handlers: JsonHandlers = {}): JsonFault | undefined {
  const scanner = new Scanner(text, handlers);
  for (;;) {
    const result = scanner.step();
    if (result !== 'on') return result === 'end' ? undefined : result;
  }
}

/** A stack automaton, so that depth costs memory and not stack. */
class Scanner {
  readonly #text: string;
  readonly #handlers: JsonHandlers;
  readonly #open: ('{' | '[')[] = [];
  #expected: Expected = 'value';
  #elementStart = 0;
  /** How deep the list stands whose elements are told. */
  #listDepth = 1;
  /** Where the name of the value stands that is being read. */
  #name: readonly [start: number, end: number] | undefined;
  #at = 0;

  constructor(text: string, handlers: JsonHandlers) {
    this.#text = text;
    this.#handlers = handlers;
  }

  /** One token further. */
  step(): 'on' | 'end' | JsonFault {
    this.#at = skipSpace(this.#text, this.#at);
    const [at, character] = [this.#at, this.#text[this.#at]];
    const inside = this.#open.at(-1);
    if (inside === undefined && this.#expected === 'comma or end') {
      return character === undefined ? 'end' : fault(at, 'there is more text after the end');
    }
    if (character === undefined) return fault(at, 'the text ends too early');
    const closing = inside === '[' ? ']' : '}';
    if (character === closing && this.#expected.endsWith('or end')) {
      if (this.#open.length === this.#listDepth) this.#listDepth = 1;
      this.#open.pop();
      return this.#valueDone(at + 1);
    }
    switch (this.#expected) {
      case 'comma or end':
        if (character !== ',') return fault(at, `a comma or ${closing} is expected`);
        return this.#go(at + 1, inside === '[' ? 'value' : 'name');
      case 'colon':
        return character === ':' ? this.#go(at + 1, 'value') : fault(at, 'a colon is expected');
      case 'name':
      case 'name or end': {
        if (character !== '"') return fault(at, nameFault(character));
        const end = stringEnd(this.#text, at);
        if (typeof end !== 'number') return end;
        this.#name = [at, end];
        return this.#go(end, 'colon');
      }
      case 'value':
      case 'value or end':
        return this.#value(character);
    }
  }

  #value(character: string): 'on' | JsonFault {
    const at = this.#at;
    if (this.#open.length === this.#listDepth) this.#elementStart = at;
    if (character === '{' || character === '[') {
      if (this.#open.length === MAX_JSON_DEPTH) {
        return fault(at, `objects and lists are more than ${MAX_JSON_DEPTH} deep`);
      }
      const isList = character === '[' && this.#open.length === 1 && this.#field() === this.#handlers.listIn;
      if (isList && this.#open[0] === '{') this.#listDepth = 2;
      this.#open.push(character);
      return this.#go(at + 1, character === '{' ? 'name or end' : 'value or end');
    }
    const end = character === '"' ? stringEnd(this.#text, at) : wordEnd(this.#text, at);
    if (typeof end !== 'number') return { ...end, field: this.#field() };
    if (character !== '"' && isHuge(this.#text.slice(at, end))) this.#handlers.onHuge?.(at, end);
    return this.#valueDone(end);
  }

  #valueDone(end: number): 'on' {
    if (this.#open.length === this.#listDepth && this.#open.at(-1) === '[') {
      this.#handlers.onElement?.(this.#elementStart, end);
    }
    return this.#go(end, 'comma or end');
  }

  #field(): string | undefined {
    if (this.#open.at(-1) !== '{' || this.#name === undefined) return undefined;
    return JSON.parse(this.#text.slice(...this.#name)) as string;
  }

  #go(at: number, expected: Expected): 'on' {
    this.#at = at;
    this.#expected = expected;
    return 'on';
  }
}

function fault(offset: number, what: string): JsonFault {
  return { offset, what };
}

function nameFault(character: string): string {
  if (character === '}') return 'a comma stands before the closing }';
  return 'a name in double quotes is expected';
}

function skipSpace(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

/** The offset after the text that begins at `at`. */
function stringEnd(text: string, at: number): number | JsonFault {
  for (let index = at + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code < 0x20) return fault(index, code === 0x0a || code === 0x0d ? OPEN_LINE : CONTROL);
    if (code !== 0x5c) continue;
    ESCAPE.lastIndex = index;
    const escape = ESCAPE.exec(text);
    if (escape === null) return fault(index, 'the escape after \\ is not one of JSON');
    index += escape[0].length - 1;
  }
  return fault(at, 'the text that begins here has no closing quote');
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const OPEN_LINE = 'the line ends inside a text; a line break in it is written \\n';
const CONTROL = 'a control character stands in a text; it is written \\u and its code';

const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** All that a reader would take for one word, to tell `1x` and `01` from `1`. */
const WHOLE_WORD = /[\w.+-]+/y;

function wordEnd(text: string, at: number): number | JsonFault {
  WORD.lastIndex = at;
  WHOLE_WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0];
  const whole = WHOLE_WORD.exec(text)?.[0];
  if (word !== undefined && word === whole) return at + word.length;
  return fault(at, wordFault(text, at, whole));
}

/** So many digits, or an exponent, it takes to leave the range of a double. */
function isHuge(word: string): boolean {
  return (word.length > 308 || /e/i.test(word)) && Math.abs(Number(word)) === Infinity;
}

function wordFault(text: string, at: number, whole: string | undefined): string {
  if (whole !== undefined && /^-?(?:NaN|Infinity)$/.test(whole)) return `${whole} is not a number of JSON`;
  if (whole !== undefined && /^[-+.]?\d/.test(whole)) return 'the number is not of the form that JSON has';
  if (text[at] === "'") return 'a text stands in double quotes, not in single ones';
  if (text[at] === ']' || text[at] === '}') return `a value is expected before the closing ${text[at]}`;
  return 'a value is expected';
}
