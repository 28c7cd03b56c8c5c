/**
 * Reads a number in LevelDB's form, 7 bits a byte, the lowest first, and moves the cursor behind it.
 * @returns NaN beyond what a number holds exactly, or when the bytes end.
 */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 42; scale *= 128) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return NaN;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  return NaN;
}

export function writeVarint(value: number): number[] {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
