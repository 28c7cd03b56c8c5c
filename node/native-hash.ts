/** Gives the protocol OpenSSL's SHA-256: every record that comes or goes is hashed, and its own takes ten times as long. */
import { hash } from 'node:crypto';
import { useSha256 } from '../protocol/hash.js';

useSha256((bytes) => Uint8Array.from(hash('sha256', bytes, 'buffer')));
