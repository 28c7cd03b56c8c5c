import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Contacts, type ContactRow } from '../../../node/mail/contacts.js';
import { DEFAULT_MAIL_OPTIONS } from '../../../node/mail/options.js';
import { COLLECT_METHOD, collectAnswerSchema, DEPOSIT_METHOD } from '../../../node/mail/wire.js';
import { cborCodec, rawCodec } from '../../../node/store/index.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { keyPairFromSeed } from '../../../protocol/ed25519.js';
import { blobId, traderToText } from '../../../protocol/ids.js';
import { letterHash, parcelId, writeRefusal } from '../../../protocol/mail/index.js';
import type { Signer } from '../../../protocol/record.js';
import { openBase, openDeviceBook } from '../trader-records/support.js';
import {
  createTrader,
  DAY,
  deliver,
  letterTo,
  openMailNode,
  revocationOf,
  sealedLetter,
  signed,
  tokenOf,
  type MailNode,
  type Trader,
} from './support.js';

const SOON = { timeout: 60_000, interval: 50 };
const text = (value: string): Uint8Array => encode({ salt: new Uint8Array(randomBytes(8)), value });
const bytes32 = (): Uint8Array => new Uint8Array(randomBytes(32));

const keeping = ({ mail, store }: Omit<MailNode, 'stop'>): void => {
  const table = store.table('got', rawCodec);
  for (const kind of ['private', 'wanted'] as const)
    mail.handle(kind, {
      take: async ({ id, bytes, receipt }) => store.write([table.put(id.toString(), bytes), ...receipt().writes]),
    });
};

/** All that a letter can change in a node that has mail and nothing else, but for what is known of its author. */
async function rowsOf({ store }: MailNode): Promise<string[]> {
  const rows: string[] = [];
  for (const name of ['got', 'mail-kept', 'mail-outbox', 'mail-done', 'mailbox', 'mailbox-letters'])
    for await (const [key, row] of store.table(name, rawCodec).range())
      rows.push(`${name}/${key} ${Buffer.from(row).toString('base64')}`);
  return rows;
}

/** A token of a device as a letter says it. */
function replyOf(device: Trader, now: number) {
  const seed = bytes32();
  const draft = {
    id: new Uint8Array(randomBytes(16)),
    key: keyPairFromSeed(seed).publicKey,
    expires: now + 30 * DAY,
    quota: 4_096,
  };
  return { seed, record: signed('mailbox-token', draft, device, now) };
}

/** A node, another through which letters come, and a trader with two devices of which one will be lost. */
async function open() {
  const to = await openMailNode(keeping);
  const via = await openMailNode(keeping, { bootstrap: to.network.addresses() });
  const phone = createTrader(Date.now() - DAY);
  return { to, via, phone, laptop: createTrader(Date.now() - DAY, phone.root) };
}

describe('a device that was revoked', () => {
  it('says nothing any more by letter: nothing is taken, signed for, or learnt of where letters go', async () => {
    const { to, via, phone, laptop } = await open();
    const first = await deliver(via, to, letterTo(to, phone, [{ kind: 'private', bytes: text('before') }]));
    expect(first[0]?.receipt).toBeDefined();
    const [bytes, about] = [text('for the owner'), blobId(new Uint8Array([1]))];
    const posted = to.mail.post([{ to: phone.trader, kind: 'private', bytes, about }]);
    await to.store.write(posted.writes);
    posted.send();
    const of = parcelId('private', bytes);
    const state = async () => (await to.mail.stateOf(phone.trader, of))?.state;
    await to.devices.learn([revocationOf(phone, Date.now())]);
    expect(to.mail.peers(phone.trader)).toEqual([]);
    const before = await rowsOf(to);
    const receiptBy = (by: Signer) => signed('receipt', { of, trade: about }, by, Date.now());
    const parcels = [
      { kind: 'private', bytes: text('after') },
      { kind: 'wanted', bytes: text('after') },
      { kind: 'receipt', bytes: receiptBy(phone) },
      { kind: 'receipt', bytes: receiptBy(laptop) },
      { kind: 'refusal', bytes: writeRefusal({ of, code: 'RECORD_SCHEMA', message: 'no' }) },
    ];
    await fc.assert(
      fc.asyncProperty(fc.subarray(parcels), fc.boolean(), fc.nat(DAY), async (some, says, ago) => {
        const now = Date.now();
        const reply = { sealing: bytes32(), mailboxes: [phone.peer], token: replyOf(phone, now) };
        const draft = { to: to.identity.trader, parcels: some, ...(says ? { reply } : {}) };
        const letter = signed('letter', draft, phone, now - ago);
        await expect(deliver(via, to, letter)).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
      }),
      { numRuns: 15 },
    );
    expect(await rowsOf(to)).toEqual(before);
    const contacts = to.store.table('mail-contacts', cborCodec<ContactRow>());
    expect(await contacts.get(traderToText(phone.trader))).toMatchObject({ learned: 0 });
    expect(to.mail.peers(phone.trader)).toEqual([]);
    // Its receipt counts no more where another device brings it.
    const forged = { kind: 'receipt', bytes: receiptBy(phone) };
    expect(await deliver(via, to, letterTo(to, laptop, [forged]))).toMatchObject([{ code: 'DELEGATION_REVOKED' }]);
    expect(await state()).toBe('queued');
    // Its owner's other device says what it likes.
    const genuine = { kind: 'receipt', bytes: receiptBy(laptop) };
    const letter = letterTo(to, laptop, [genuine, { kind: 'private', bytes: text('more') }]);
    expect((await deliver(via, to, letter)).map(({ code }) => code)).toEqual([undefined, undefined]);
    await vi.waitFor(async () => expect(await state()).toBe('delivered'), SOON);
    expect(to.mail.peers(phone.trader)).toEqual([laptop.peer]);
  });

  it('gets no letters of its owner and deletes none, also where it waits already, and its tokens open no mailbox', async () => {
    const { to, via, phone, laptop } = await open();
    const here = to.network.peerId;
    const collect = async (by: Signer, drop: Uint8Array[] = [], wait = 0) => {
      const body = signed('mailbox-request', { mailbox: here, drop, wait }, by, Date.now());
      return collectAnswerSchema.parse(decode(await via.network.request(here, COLLECT_METHOD, body))).letters;
    };
    const letter = sealedLetter();
    const token = tokenOf(phone, Date.now(), 8_192);
    const throwaway = await via.network.throwaway();
    const put = (deposit: ReturnType<typeof token.deposit>) =>
      throwaway.request(here, to.network.addresses(), DEPOSIT_METHOD, encode(deposit));
    expect(await collect(phone)).toEqual([]);
    const waits = collect(phone, [], 20_000);
    const refused = expect(waits).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
    await to.devices.learn([revocationOf(phone, Date.now())]);
    await expect(put(token.deposit(letter, here))).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
    await put(tokenOf(laptop, Date.now(), 8_192).deposit(letter, here));
    await throwaway.stop();
    await refused;
    const hash = letterHash(letter);
    await expect(collect(phone, [hash])).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
    expect(await collect(laptop)).toEqual([letter]);
  });
});

describe('what is known of where a trader’s letters go', () => {
  const device = fc.nat(2);
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('learn' as const), device, at: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('meet' as const), device }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('hold' as const), device }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('revoke' as const), device }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  );

  it('never comes from a device that was revoked, whatever was said in which order', async () => {
    const { deps, store, identity } = await openBase();
    const devices = await openDeviceBook({ deps, store, identity });
    const create = () => new Contacts({ ...deps, devices, options: DEFAULT_MAIL_OPTIONS });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        const now = Date.now();
        const first = createTrader(now - DAY);
        const all = [first, createTrader(now - DAY, first.root), createTrader(now - DAY, first.root)];
        const { trader } = first;
        let contacts = create();
        const revoked = new Set<string>();
        let way: { sealing: Uint8Array; by: string; at: number } | undefined;
        let held: { record: Uint8Array; by: string } | undefined;
        let peers: string[] = [];
        const own = { sealing: bytes32(), mailboxes: [] };
        for (const one of events) {
          if (one.type === 'restart') {
            // Behind what was written before.
            await store.write([]);
            contacts = create();
            await contacts.load();
            continue;
          }
          const by = all[one.device] ?? first;
          const may = !revoked.has(by.peer);
          if (one.type === 'learn') {
            const sealing = bytes32();
            contacts.learn(trader, { sealing, mailboxes: [by.peer] }, { by: by.peer, at: one.at });
            if (may && one.at > (way?.at ?? 0)) way = { sealing, by: by.peer, at: one.at };
          } else if (one.type === 'meet') {
            contacts.meet(trader, by.peer);
            if (may) peers = [by.peer, ...peers.filter((peer) => peer !== by.peer)];
          } else if (one.type === 'hold') {
            const token = replyOf(by, now);
            contacts.hold(trader, token);
            if (may) held = { record: token.record, by: by.peer };
          } else {
            const { reply } = contacts.replyTo(trader, own);
            const knew = peers.includes(by.peer) || way?.by === by.peer || held?.by === by.peer;
            await devices.learn([revocationOf(by, now)]);
            revoked.add(by.peer);
            peers = peers.filter((peer) => peer !== by.peer);
            if (way?.by === by.peer) way = undefined;
            if (held?.by === by.peer) held = undefined;
            // Whoever has it has the token that was given to it.
            const isNew = !Buffer.from(contacts.replyTo(trader, own).reply.token?.record ?? []).equals(
              reply.token?.record ?? new Uint8Array(),
            );
            expect(isNew).toBe(knew);
          }
          const known = contacts.get(trader);
          expect(contacts.peers(trader)).toEqual(peers);
          expect([known?.sealing, known?.mailboxes]).toEqual([way?.sealing, way && [way.by]]);
          expect(contacts.tokenFor(trader)?.record).toEqual(held?.record);
          for (const { peer } of all) if (revoked.has(peer)) expect(contacts.traderOf(peer)).toBeUndefined();
        }
      }),
      { numRuns: 20 },
    );
  });
});
