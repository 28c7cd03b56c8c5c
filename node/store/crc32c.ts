/** Remainders of the Castagnoli polynomial (RFC 3720, appendix B.4; bits reversed) for each byte. */
const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  TABLE[byte] = remainder >>> 0;
}

/** CRC-32C of the bytes from `start` to before `end`. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let i = start; i < end; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** LevelDB stores CRCs in this form, since the CRC of data that holds CRCs is a weak one (`util/crc32c.h`). */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
