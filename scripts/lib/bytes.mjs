/** Bytes as the vectors write them. */

/** Shorter runs are written out. */
const LONG_RUN = 256;

export function hex(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function unhex(text) {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/**
 * Hex; or, where a byte is repeated very often, a list of hex and `{repeat, times}`: a vector for a limit of megabytes
 * should not have megabytes.
 */
export function compactHex(bytes) {
  const parts = [];
  let written = 0;
  for (let at = 0; at < bytes.length;) {
    let end = at + 1;
    while (bytes[end] === bytes[at]) end++;
    if (end - at >= LONG_RUN) {
      if (at > written) parts.push(hex(bytes.subarray(written, at)));
      parts.push({ repeat: hex(bytes.subarray(at, at + 1)), times: end - at });
      written = end;
    }
    at = end;
  }
  if (parts.length === 0) return hex(bytes);
  if (written < bytes.length) parts.push(hex(bytes.subarray(written)));
  return parts;
}
