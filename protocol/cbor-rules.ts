/** What reader and writer of the strict form must agree on. */

/** The largest argument that a CBOR item can have (RFC 8949 section 3). */
export const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/**
 * `__proto__` would reach an object's prototype wherever a program copies fields by assignment, and libraries therefore
 * drop it silently: a signed field that one reader sees and another does not. So no map may have it.
 */
export function refusedKey(key: string): boolean {
  return key === '__proto__';
}

/**
 * True for a map that multiformats' `CID.asCID` and the library's encoder take for a CID, because `/` and `bytes` are
 * the same value. Such a map would pass for a link that no tag 42 made.
 */
export function seemsLink(map: Readonly<Record<string, unknown>>): boolean {
  const link = map['/'];
  return link !== undefined && link !== null && link === map.bytes;
}
