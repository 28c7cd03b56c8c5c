/** Lengths and order of text as UTF-8, without a TextEncoder: terms are short and counted often. */

function bytesOf(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

export function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0;
    if (code > 0xffff) index++;
    bytes += bytesOf(code);
  }
  return bytes;
}

/** The longest beginning of `text` of at most `maxBytes`, cut between code points. */
export function utf8Cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0;
    bytes += bytesOf(code);
    if (bytes > maxBytes) return text.slice(0, index);
    if (code > 0xffff) index++;
  }
  return text;
}

/** Bytewise order of the UTF-8 forms, which is the order of code points (JavaScript's `<` compares UTF-16 units). */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA === unitB) continue;
    const surrogateA = unitA >= 0xd800 && unitA <= 0xdfff;
    const surrogateB = unitB >= 0xd800 && unitB <= 0xdfff;
    // Surrogates stand for code points above all of the basic plane.
    return surrogateA === surrogateB ? unitA - unitB : surrogateA ? 1 : -1;
  }
  return a.length - b.length;
}
