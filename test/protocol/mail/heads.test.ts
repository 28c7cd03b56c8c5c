import fc from 'fast-check';
import type { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { blobId } from '../../../protocol/ids.js';
import { compareHeads, type ComparedLog } from '../../../protocol/mail/index.js';

interface Message {
  readonly id: CID;
  readonly heads: readonly CID[];
}

/** A log in which each message names some of those before it. */
const logs = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 12 }).map((links) => {
  const messages: Message[] = [];
  for (const [at, link] of links.entries()) {
    const heads = at === 0 ? [] : [...new Set(link.map((one) => one % at).concat(at - 1 - (link.length % at)))];
    messages.push({ id: blobId(Uint8Array.of(at)), heads: heads.flatMap((one) => messages[one]?.id ?? []) });
  }
  return messages;
});

function headsOf({ messages }: ComparedLog): CID[] {
  const named = new Set(messages.flatMap(({ heads }) => heads.map(String)));
  return messages.filter(({ id }) => !named.has(id.toString())).map(({ id }) => id);
}

/** A part of a log that a node can have: with each message those that it names. */
function closed(messages: readonly Message[], keep: readonly boolean[]): ComparedLog {
  const kept = new Set<string>();
  for (const [at, { id, heads }] of messages.entries())
    if ((at === 0 || keep[at] === true) && heads.every((head) => kept.has(head.toString()))) kept.add(id.toString());
  return { messages: messages.filter(({ id }) => kept.has(id.toString())) };
}

describe('comparing heads', () => {
  it('makes two logs the same in two rounds, whichever has the holes', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.boolean()), fc.array(fc.boolean()), (whole, one, other) => {
        let [a, b] = [closed(whole, one), closed(whole, other)];
        const union = whole.filter(({ id }) => [...a.messages, ...b.messages].some((message) => message.id.equals(id)));
        const give = (to: ComparedLog, ids: readonly CID[]): ComparedLog => {
          const has = new Set([...to.messages.map(({ id }) => id.toString()), ...ids.map(String)]);
          return { messages: whole.filter(({ id }) => has.has(id.toString())) };
        };
        // A tells its heads; B sends what A lacks, and asks where it does not know one.
        const first = compareHeads(b, headsOf(a));
        a = give(a, first.lacking);
        if (first.unknown.length > 0) b = give(b, compareHeads(a, headsOf(b)).lacking);
        expect(a.messages.map(String)).toEqual(b.messages.map(String));
        expect(a.messages.length).toBe(union.length);
        expect(b.messages.length).toBe(union.length);
      }),
    );
  });

  it('sends nothing where both have the same', () => {
    fc.assert(
      fc.property(logs, (messages) => {
        expect(compareHeads({ messages }, headsOf({ messages }))).toEqual({ lacking: [], unknown: [] });
      }),
    );
  });
});
