import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { COLLECT_METHOD, collectAnswerSchema, DEPOSIT_METHOD } from '../../../node/mail/wire.js';
import type { ContactRow } from '../../../node/mail/contacts.js';
import { cborCodec, rawCodec } from '../../../node/store/index.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { NiagaError } from '../../../protocol/errors.js';
import { blobId, traderToText } from '../../../protocol/ids.js';
import { OLDEST_LETTER, parcelId } from '../../../protocol/mail/index.js';
import type { Draft, Signer } from '../../../protocol/record.js';
import {
  createTrader,
  deliver,
  letterTo,
  openMailNode,
  sealedLetter,
  signed,
  tokenOf,
  type MailNode,
} from './support.js';

const text = (value: string): Uint8Array => encode({ salt: new Uint8Array(randomBytes(8)), value });
const SOON = { timeout: 30_000, interval: 50 };
/** Where nodes must meet, choose mailboxes and notice that others are gone: a busy machine takes its time. */
const LATER = { timeout: 80_000, interval: 50 };

/** A handler that keeps what comes in a table, in one batch with the receipt. */
function keeping(got: string[] = []): (node: Omit<MailNode, 'stop'>) => void {
  return ({ mail, store }) => {
    const table = store.table('got', rawCodec);
    mail.handle('private', {
      async take({ id, bytes, receipt }) {
        await store.write([table.put(id.toString(), bytes), ...receipt().writes]);
        got.push(id.toString());
      },
    });
  };
}

async function post(
  from: MailNode,
  to: MailNode,
  bytes = text('x'),
  about = blobId(new Uint8Array([1])),
): Promise<string> {
  const posted = from.mail.post([{ to: to.identity.trader, kind: 'private', bytes, about }]);
  await from.store.write(posted.writes);
  posted.send();
  return posted.ids[0]?.toString() ?? '';
}

const state = async (from: MailNode, to: MailNode, id: string) =>
  (await from.mail.stateOf(to.identity.trader, id))?.state;

/** Two who know of each other. */
async function pair(got: string[] = [], handler = keeping(got)): Promise<[MailNode, MailNode]> {
  const to = await openMailNode(handler);
  const from = await openMailNode(keeping(), { bootstrap: to.network.addresses() });
  from.mail.meet(to.identity.trader, to.network.peerId);
  return [from, to];
}

describe('what one trader sends another who is there', () => {
  it('comes once, and is delivered when the other side has signed for it', async () => {
    const got: string[] = [];
    const [from, to] = await pair(got);
    const told: string[] = [];
    from.mail.onState(({ state }) => told.push(state));
    const id = await post(from, to);
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('delivered'), SOON);
    expect(got).toEqual([id]);
    // It is told once it is written; on a slow machine a copy is left in a mailbox meanwhile.
    await vi.waitFor(() => expect(told.at(-1)).toBe('delivered'), SOON);
    expect(told.filter((one) => one !== 'stored')).toEqual(['delivered']);
    expect(from.mail.outboxSize()).toBe(0);
    // Both can answer each other from now on without asking anybody.
    expect(to.mail.peers(from.identity.trader)).toEqual([from.network.peerId]);
  });

  it('brings back how the other is answered while it is away, which is not looked up then', async () => {
    const [from, to] = await pair();
    await vi.waitFor(() => expect(to.mail.mailboxes()).toEqual([from.network.peerId]), LATER);
    const row = async () =>
      from.store.table('mail-contacts', cborCodec<ContactRow>()).get(traderToText(to.identity.trader));
    expect((await row())?.sealing).toBeUndefined();
    const id = await post(from, to);
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('delivered'), SOON);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ mailboxes: [from.network.peerId] }), SOON);
    expect((await row())?.held).toBeDefined();
  });

  it('changes nothing when it comes again: the same receipt, and no second call of the handler', async () => {
    const got: string[] = [];
    const [from, to] = await pair(got);
    const who = createTrader(Date.now());
    const bytes = text('again');
    const parcel = { kind: 'private', bytes };
    const [first] = await deliver(from, to, letterTo(to, who, [parcel]));
    const [again, twice] = await deliver(from, to, letterTo(to, who, [parcel, parcel], Date.now() + 1));
    expect(first?.receipt).toBeDefined();
    expect([again?.receipt, twice?.receipt]).toEqual([first?.receipt, first?.receipt]);
    expect(got).toEqual([parcelId('private', bytes).toString()]);
  });

  it('is told to be read when a person has seen it, once', async () => {
    const [from, to] = await pair();
    const bytes = text('look');
    const about = blobId(new Uint8Array([1]));
    const id = await post(from, to, bytes, about);
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('delivered'), SOON);
    await to.mail.read(from.identity.trader, [parcelId('private', bytes)], about);
    await to.mail.read(from.identity.trader, [parcelId('private', bytes)], about);
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('read'), SOON);
  });

  it('is refused for good, or tried again, as the recipient says', async () => {
    let later = true;
    const refusing = ({ mail, store }: Omit<MailNode, 'stop'>): void => {
      void store;
      mail.handle('private', {
        async take({ bytes }) {
          const { value } = decode(bytes) as { value: string };
          if (value === 'never') throw new NiagaError('RECORD_SCHEMA', 'It has no form.');
          if (later) {
            later = false;
            throw new NiagaError('STOCK_SHORT', 'Not now.');
          }
        },
      });
    };
    const [from, to] = await pair([], refusing);
    const [never, soon] = [await post(from, to, text('never')), await post(from, to, text('soon'))];
    await vi.waitFor(async () => expect(await state(from, to, soon)).toBe('delivered'), SOON);
    expect(await from.mail.stateOf(to.identity.trader, never)).toMatchObject({
      state: 'refused',
      code: 'RECORD_SCHEMA',
      reason: 'It has no form.',
    });
    expect(from.mail.waiting(blobId(new Uint8Array([1]))).map(({ id }) => id)).toEqual([never]);
    expect(from.mail.outboxSize()).toBe(0);
  });

  it('is not signed for before it is on disk, and comes again when the recipient died over it', async () => {
    let calls = 0;
    const stuck = ({ mail }: Omit<MailNode, 'stop'>): void =>
      mail.handle('private', { take: () => (calls++, new Promise<void>(() => undefined)) });
    const [from, to] = await pair([], stuck);
    const id = await post(from, to);
    await vi.waitFor(() => expect(calls).toBe(1), SOON);
    expect(await state(from, to, id)).toBe('queued');
    await to.stop();
    const got: string[] = [];
    const again = await openMailNode(keeping(got), { folder: to.folder, bootstrap: from.network.addresses() });
    await vi.waitFor(async () => expect(await state(from, again, id)).toBe('delivered'), SOON);
    expect(got).toEqual([id]);
  });

  it('goes after the next start where the process died before it went', async () => {
    const got: string[] = [];
    const to = await openMailNode(keeping(got));
    const from = await openMailNode(keeping());
    from.mail.meet(to.identity.trader, to.network.peerId);
    const posted = from.mail.post([{ to: to.identity.trader, kind: 'private', bytes: text('late') }]);
    await from.store.write(posted.writes);
    // Dies here.
    await from.stop();
    const again = await openMailNode(keeping(), { folder: from.folder, bootstrap: to.network.addresses() });
    const id = posted.ids[0]?.toString() ?? '';
    await vi.waitFor(async () => expect(await state(again, to, id)).toBe('delivered'), SOON);
    expect(got).toEqual([id]);
  });
});

describe('a letter that should not be', () => {
  it('is refused: for another trader, from oneself, altered, too old, from ahead, of another kind', async () => {
    const got: string[] = [];
    const [from, to] = await pair(got);
    const who = createTrader(Date.now() - 10);
    const parcels = [{ kind: 'private', bytes: text('x') }];
    const refused = (letter: Uint8Array, code: string) =>
      expect(deliver(from, to, letter)).rejects.toMatchObject({ code });
    await refused(letterTo(from, who, parcels), 'RECORD_ID');
    await refused(letterTo(to, to.identity, parcels), 'RECORD_ID');
    await refused(letterTo(to, who, parcels, Date.now() + 3_600_000), 'RECORD_TIME');
    const old = createTrader(Date.now() - 2 * OLDEST_LETTER);
    await refused(letterTo(to, old, parcels, Date.now() - OLDEST_LETTER - 1), 'RECORD_OLD');
    const altered = letterTo(to, who, parcels).slice();
    const at = altered.length - 40;
    altered[at] = (altered[at] ?? 0) ^ 1;
    await expect(deliver(from, to, altered)).rejects.toMatchObject({ details: { remote: true } });
    await refused(tokenOf(who, Date.now(), 1).record, 'RECORD_KIND');
    expect(got).toEqual([]);
  });

  it('is answered parcel by parcel: one that is not known, or broken, does not hold up the others', async () => {
    const got: string[] = [];
    const [from, to] = await pair(got);
    const who = createTrader(Date.now());
    const results = await deliver(
      from,
      to,
      letterTo(to, who, [
        { kind: 'hologram', bytes: text('x') },
        { kind: 'chat', bytes: text('no record') },
        { kind: 'private', bytes: text('good') },
      ]),
    );
    expect(results.map(({ code, receipt }) => code ?? receipt !== undefined)).toEqual([
      'OPERATION_UNKNOWN',
      'RECORD_MALFORMED',
      true,
    ]);
    expect(got).toHaveLength(1);
  });
});

describe('a receipt', () => {
  it('counts from the recipient only, for this message and this trade only, and changes nothing else', async () => {
    const stuck = ({ mail }: Omit<MailNode, 'stop'>): void =>
      mail.handle('private', { take: () => Promise.reject(new NiagaError('STOCK_SHORT', 'Not now.')) });
    const [from, to] = await pair([], stuck);
    const about = blobId(new Uint8Array([1]));
    const bytes = text('waits');
    const id = await post(from, to, bytes, about);
    const of = parcelId('private', bytes);
    const stranger = createTrader(Date.now());
    const waiting = () => JSON.stringify(from.mail.waiting(about).map(({ id, state }) => [id, state]));
    const before = waiting();
    const outer = from.store.table('trades', rawCodec);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          by: fc.constantFrom('stranger' as const, 'self' as const, 'recipient' as const),
          of: fc.constantFrom(of, about),
          trade: fc.constantFrom(about, of, undefined),
          read: fc.constantFrom(true as const, undefined),
          inLetterBy: fc.constantFrom('stranger' as const, 'recipient' as const),
          more: fc.dictionary(fc.constantFrom('address', 'role', 'state', 'seller'), fc.string({ maxLength: 5 })),
        }),
        async (one) => {
          const genuine =
            one.by === 'recipient' && one.inLetterBy === 'recipient' && one.of === of && one.trade === about;
          fc.pre(!genuine);
          const signers = { stranger, self: from.identity, recipient: to.identity };
          const draft = {
            of: one.of,
            ...(one.trade === undefined ? {} : { trade: one.trade }),
            ...(one.read === undefined ? {} : { read: one.read }),
            ...one.more,
          };
          const receipt = signed('receipt', draft as Draft<'receipt'>, signers[one.by], Date.now());
          await deliver(to, from, letterTo(from, signers[one.inLetterBy], [{ kind: 'receipt', bytes: receipt }]));
          expect(waiting()).toBe(before);
        },
      ),
      { numRuns: 40 },
    );
    expect(await outer.count()).toBe(0);
    // The genuine one ends the waiting, and nothing more.
    const genuine = signed('receipt', { of, trade: about }, to.identity, Date.now());
    await deliver(to, from, letterTo(from, to.identity, [{ kind: 'receipt', bytes: genuine }]));
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('delivered'), SOON);
  });
});

describe('a request for letters', () => {
  it('is answered to their owner alone, freshly signed for this mailbox', async () => {
    const [from, to] = await pair();
    const owner = createTrader(Date.now() - 3_600_000);
    const letter = sealedLetter();
    const request = (draft: Partial<Draft<'mailbox-request'>>, by: Signer, created = Date.now()) =>
      from.network.request(
        to.network.peerId,
        COLLECT_METHOD,
        signed('mailbox-request', { mailbox: to.network.peerId, drop: [], wait: 0, ...draft }, by, created),
      );
    // Nobody is served who never asked and is not near; after this the owner is.
    await request({}, owner);
    const throwaway = await from.network.throwaway();
    const body = encode(tokenOf(owner, Date.now(), 4_096).deposit(letter, to.network.peerId));
    await throwaway.request(to.network.peerId, to.network.addresses(), DEPOSIT_METHOD, body);
    await throwaway.stop();
    await expect(request({ mailbox: from.network.peerId }, owner)).rejects.toMatchObject({ code: 'PEER_REFUSED' });
    await expect(request({}, owner, Date.now() - 700_000)).rejects.toMatchObject({ code: 'RECORD_TIME' });
    await expect(
      from.network.request(to.network.peerId, COLLECT_METHOD, letterTo(to, owner, [])),
    ).rejects.toMatchObject({ code: 'RECORD_KIND' });
    const read = async (by: Signer) => collectAnswerSchema.parse(decode(await request({}, by))).letters;
    expect(await read(createTrader(Date.now()))).toEqual([]);
    expect(await read(owner)).toEqual([letter]);
  });
});

describe('mail for somebody who is away', () => {
  it(
    'lies sealed in mailboxes, is fetched at the start, and the receipt comes back the same way',
    { timeout: 180_000 },
    async () => {
      const options = { mail: { round: 5_000, wait: 2_000, patience: 3_000 } };
      const keepers = [await openMailNode(keeping(), options)];
      const bootstrap = keepers[0]?.network.addresses() ?? [];
      for (let at = 0; at < 2; at++) keepers.push(await openMailNode(keeping(), { ...options, bootstrap }));
      const got: string[] = [];
      const first = await openMailNode(keeping(got), { ...options, bootstrap });
      await vi.waitFor(() => expect(first.mail.mailboxes().length).toBeGreaterThanOrEqual(3), LATER);
      const from = await openMailNode(keeping(), { ...options, bootstrap });
      await first.stop();
      // Nobody ever told the sender where: the profile does.
      const id = await post(from, first);
      await vi.waitFor(async () => expect(await state(from, first, id)).toBe('stored'), LATER);
      const mailboxes = async () => (await from.mail.stateOf(first.identity.trader, id))?.mailboxes;
      await vi.waitFor(async () => expect(await mailboxes()).toBeGreaterThanOrEqual(3), LATER);
      await from.stop();
      const to = await openMailNode(keeping(got), { ...options, bootstrap, folder: first.folder });
      await vi.waitFor(() => expect(got).toEqual([id]), LATER);
      // The receipt is away.
      await vi.waitFor(async () => expect(await to.store.table('mail-outbox', rawCodec).count()).toBe(0), LATER);
      await to.stop();
      const back = await openMailNode(keeping(), { ...options, bootstrap, folder: from.folder });
      await vi.waitFor(async () => expect(await state(back, first, id)).toBe('delivered'), LATER);
      // What was fetched is deleted in the end.
      const again = await openMailNode(keeping(got), { ...options, bootstrap, folder: first.folder });
      await vi.waitFor(() => expect(keepers.map(({ mail }) => mail.kept().letters)).toEqual([0, 0, 0]), LATER);
      expect(got).toEqual([id]);
      expect(again.refused).toEqual([]);
    },
  );

  it('is left for whoever stopped as soon as it had a mailbox: its last word is its profile', async () => {
    const keeper = await openMailNode(keeping());
    const bootstrap = keeper.network.addresses();
    const to = await openMailNode(keeping(), { bootstrap });
    await vi.waitFor(() => expect(to.mail.mailboxes()).toEqual([keeper.network.peerId]), { ...SOON, interval: 5 });
    await to.stop();
    const from = await openMailNode(keeping(), { bootstrap });
    const id = await post(from, to);
    await vi.waitFor(async () => expect(await state(from, to, id)).toBe('stored'), SOON);
  });

  it('is known to have come even where whoever took it stopped at once', { timeout: 180_000 }, async () => {
    const keeper = await openMailNode(keeping());
    const bootstrap = keeper.network.addresses();
    const options = { bootstrap, mail: { round: 5_000, wait: 2_000, ending: LATER.timeout } };
    const first = await openMailNode(keeping(), options);
    const hasMailbox = ({ mail }: MailNode): void => expect(mail.mailboxes()).toEqual([keeper.network.peerId]);
    await vi.waitFor(() => hasMailbox(first), LATER);
    await first.stop();
    const from = await openMailNode(keeping(), options);
    await vi.waitFor(() => hasMailbox(from), LATER);
    const id = await post(from, first);
    await vi.waitFor(async () => expect(await state(from, first, id)).toBe('stored'), LATER);
    await from.stop();
    let to: MailNode | undefined;
    await new Promise<void>((resolve, reject) => {
      const taking = ({ mail, store }: Omit<MailNode, 'stop'>): void =>
        mail.handle('private', {
          async take({ receipt }) {
            await store.write(receipt().writes);
            resolve();
          },
        });
      openMailNode(taking, { ...options, folder: first.folder }).then((node) => (to = node), reject);
    });
    await vi.waitUntil(() => to !== undefined, { ...SOON, interval: 1 });
    await to?.stop();
    const back = await openMailNode(keeping(), { ...options, folder: from.folder });
    await vi.waitFor(async () => expect(await state(back, first, id)).toBe('delivered'), LATER);
  });

  it('is left with the nodes nearest to the key when all named mailboxes are gone', { timeout: 180_000 }, async () => {
    const options = { mail: { round: 5_000, wait: 2_000, patience: 60_000 } };
    const named = await openMailNode(keeping(), options);
    const got: string[] = [];
    const first = await openMailNode(keeping(got), { ...options, bootstrap: named.network.addresses() });
    await vi.waitFor(() => expect(first.mail.mailboxes()).toEqual([named.network.peerId]), LATER);
    const other = await openMailNode(keeping(), { ...options, bootstrap: first.network.addresses() });
    const from = await openMailNode(keeping(), { ...options, bootstrap: other.network.addresses() });
    // The profile that names one mailbox is all that the sender knows.
    const id1 = await post(from, first);
    from.mail.meet(first.identity.trader, first.network.peerId);
    await vi.waitFor(async () => expect(await state(from, first, id1)).toBe('delivered'), LATER);
    await Promise.all([named.stop(), first.stop()]);
    const id = await post(from, first);
    await vi.waitFor(async () => expect(await state(from, first, id)).toBe('stored'), LATER);
    await from.stop();
    await openMailNode(keeping(got), { ...options, folder: first.folder, bootstrap: other.network.addresses() });
    await vi.waitFor(() => expect(got).toContain(id), LATER);
  });
});
