import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commit, opens } from '../../protocol/private.js';
import { checkOpens, readPrivate, writePrivate } from '../../protocol/trade/index.js';
import { blobId } from '../../protocol/ids.js';

const salt = fc.uint8Array({ minLength: 16, maxLength: 32 });
const value = fc.uint8Array({ maxLength: 200 });

it('a commitment opens for its own salt and value, and for no other', () => {
  fc.assert(
    fc.property(salt, value, salt, value, (ownSalt, own, otherSalt, other) => {
      const commitment = commit(ownSalt, own);
      expect(opens(commitment, ownSalt, own)).toBe(true);
      const isSame = ownSalt.join() === otherSalt.join() && own.join() === other.join();
      expect(opens(commitment, otherSalt, other)).toBe(isSame);
      // Bytes that move from the salt to the value make another commitment.
      const joined = Uint8Array.from([...ownSalt, ...own]);
      for (let at = 16; at <= Math.min(32, joined.length); at++)
        expect(opens(commitment, joined.slice(0, at), joined.slice(at))).toBe(at === ownSalt.length);
    }),
  );
});

it('a private value is read back as it was written, and refused where one bit of it is another', () => {
  const trade = blobId(Uint8Array.of(1));
  fc.assert(
    fc.property(salt, value, fc.nat(), (ownSalt, own, place) => {
      const parcel = { trade, commitment: commit(ownSalt, own), salt: ownSalt, value: own };
      const bytes = writePrivate(parcel);
      expect(readPrivate(bytes)).toEqual(parcel);
      const changed = bytes.slice();
      const at = place % bytes.length;
      changed[at] = (changed[at] ?? 0) ^ 1;
      // Another trade's id may come of it: that the trade commits to the value, its reader checks.
      let read: ReturnType<typeof readPrivate> | undefined;
      try {
        read = readPrivate(changed);
      } catch {
        return;
      }
      expect(read.value).toEqual(own);
      expect(() => checkOpens(parcel.commitment, ownSalt, Uint8Array.from([...own, 1]))).toThrow('commits');
    }),
  );
});
