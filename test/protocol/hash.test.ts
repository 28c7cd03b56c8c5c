import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../protocol/hash.js';

const digest = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString('hex');

test('the hash is SHA-256, with the protocol’s own means and with those that a node gives it', async () => {
  const same = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    expect(digest(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
  fc.assert(same);
  await import('../../node/native-hash.js');
  fc.assert(same);
  // Nobody may change it by changing another one.
  expect(sha256(new Uint8Array(1)).buffer.byteLength).toBe(32);
});
