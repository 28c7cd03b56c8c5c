import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outgoing } from '../../../node/mail/index.js';
import type { Services } from '../../../node/services.js';
import { MAX_FILE_BYTES } from '../../../protocol/chat/file-part.js';
import { blobId, traderToText } from '../../../protocol/ids.js';
import { commit } from '../../../protocol/private.js';
import { writePrivate } from '../../../protocol/trade/index.js';
import { handlersOf, startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';

const { signal } = new AbortController();
const MiB = 1024 * 1024;
/** Larger than what goes in one piece. */
const FILE_BYTES = 60_000;
/** What one trader may name in a day (node/files/quota.ts). */
const A_DAY = 64 * MiB;
const ATTACHMENTS = 10;

let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;

beforeAll(async () => {
  ({ seller, buyer, stop } = await startMembers(['seller', 'buyer']));
}, 120_000);

afterAll(() => stop());

interface File {
  readonly salt: Uint8Array;
  readonly value: Uint8Array;
  readonly commitment: Uint8Array;
}

function newFile(value: Uint8Array = randomBytes(FILE_BYTES)): File {
  const salt = new Uint8Array(randomBytes(32));
  return { salt, value, commitment: commit(salt, value) };
}

/** A trade up to where the buyer has paid, with a proof that only this test knows; what follows is sent by hand. */
async function paid(sku: string, proof: File, upTo: 'offer' | 'paid' = 'paid'): Promise<string> {
  const listing = await published(seller, sku);
  const { trade } = await buyer.trades.offer({ listing });
  await has(trade, 'offered');
  if (upTo === 'offer') return trade;
  await seller.trades.step(trade, { kind: 'accept' });
  await until(
    () => buyer.trades.open(trade),
    (open) => open?.state.word === 'accepted',
    'the contract is there',
  );
  await buyer.trades.step(trade, { kind: 'paid', proof: proof.commitment });
  await has(trade, 'paid');
  return trade;
}

const has = (trade: string, word: string) =>
  until(
    () => seller.trades.open(trade),
    (open) => open?.state.word === word,
    word,
  );

async function named(trade: string, { salt, commitment }: File, of: Uint8Array, size = of.length): Promise<Outgoing> {
  const open = await buyer.trades.open(trade);
  if (open === undefined) throw new Error('no trade');
  const file = { cid: blobId(of), size, name: 'bukti.jpg' };
  const bytes = writePrivate({ trade: open.trade, commitment, salt, file });
  return { to: seller.identity.trader, kind: 'private', bytes };
}

async function send(...parcels: readonly Outgoing[]): Promise<readonly string[]> {
  const posted = buyer.mail.post(parcels);
  await buyer.store.write([...posted.writes]);
  posted.send();
  return posted.ids.map(String);
}

/** What became of a parcel: `delivered`, or the code with which it was refused for good. */
async function answerTo(id: string | undefined): Promise<string | undefined> {
  const sent = await until(
    () => buyer.mail.stateOf(seller.identity.trader, id ?? ''),
    (state) => state?.state === 'delivered' || state?.state === 'refused',
    'an answer',
  );
  return sent?.code ?? sent?.state;
}

/** Refusals that are not final are counted, and tried again. */
async function refusedFor(code: string, task: () => Promise<readonly string[]>): Promise<void> {
  const count = () => seller.refusals.counts()[code] ?? 0;
  const before = count();
  const ids = await task();
  await until(
    () => Promise.resolve(count()),
    (now) => now > before,
    code,
  );
  buyer.mail.recall(seller.identity.trader, ids);
}

const proofOf = async (trade: string) => {
  const { private: all } = await handlersOf(seller).tradeShow({ trade }, { signal });
  return all.find(({ what }) => what === 'proof');
};

describe('a file that is said to be a private value', () => {
  it('is one for its sender and its commitment: another one is refused for good', { timeout: 90_000 }, async () => {
    const file = newFile();
    const trade = await paid('satu', file);
    const other = randomBytes(FILE_BYTES);
    const [first] = await send(await named(trade, file, other));
    expect(await answerTo(first)).toBe('delivered');
    const [second] = await send(await named(trade, file, file.value));
    expect(await answerTo(second)).toBe('PRIVATE_MISMATCH');
    expect(await seller.files.progress(buyer.identity.trader, blobId(file.value))).toBeUndefined();
  });

  it('that opens no commitment is no value, and takes no room once it is whole', { timeout: 90_000 }, async () => {
    const file = newFile();
    const trade = await paid('dua', file);
    const other = randomBytes(FILE_BYTES);
    const { parcels } = buyer.files.outgoing(seller.identity.trader, other);
    await send(await named(trade, file, other), ...parcels);
    await until(
      () => seller.files.progress(buyer.identity.trader, blobId(other)),
      (progress) => progress === undefined,
      'it is gone',
    );
    expect((await proofOf(trade))?.status).toBe('awaited');
    // Now the right one is taken.
    const right = buyer.files.outgoing(seller.identity.trader, file.value).parcels;
    await send(await named(trade, file, file.value), ...right);
    await until(
      () => proofOf(trade),
      (proof) => proof?.status === 'here',
      'the proof is there',
    );
  });

  it('becomes one after a start, where the node ended before it had looked at it', { timeout: 90_000 }, async () => {
    const file = newFile();
    const trade = await paid('tiga', file);
    const [id] = await send(await named(trade, file, file.value));
    expect(await answerTo(id)).toBe('delivered');
    // The parts are on disk and receipted; whoever waited for them is not there any more.
    await seller.privateValues.stop();
    const { parcels } = buyer.files.outgoing(seller.identity.trader, file.value);
    for (const part of await send(...parcels)) expect(await answerTo(part)).toBe('delivered');
    expect((await proofOf(trade))?.file).toMatchObject({ here: false });
    await seller.privateValues.start();
    await until(
      () => proofOf(trade),
      (proof) => proof?.status === 'here',
      'the proof is there',
    );
    const [opened] = await seller.privateValues.opened(trade);
    expect(opened && Buffer.from(opened.value).equals(file.value)).toBe(true);
  });

  it('that is an own one may come back from the side that was sent it', { timeout: 90_000 }, async () => {
    const file = newFile();
    const trade = await paid('empat', file);
    const log = await seller.trades.open(trade);
    if (log === undefined) throw new Error('no trade');
    const ref = { cid: blobId(file.value), size: file.value.length, name: 'x' };
    const bytes = writePrivate({ trade: log.trade, commitment: file.commitment, salt: file.salt, file: ref });
    // The buyer's node has not got the proof that its own message commits to.
    const posted = seller.mail.post([{ to: buyer.identity.trader, kind: 'private', bytes }]);
    await seller.store.write([...posted.writes]);
    posted.send();
    const sent = await until(
      () => seller.mail.stateOf(buyer.identity.trader, posted.ids[0] ?? ''),
      (state) => state?.state === 'delivered' || state?.state === 'refused',
      'an answer',
    );
    expect(sent?.state).toBe('delivered');
    expect(await buyer.files.progress(seller.identity.trader, blobId(file.value))).toMatchObject({ have: 0 });
  });

  it(
    'is not waited for from somebody who is blocked, nor before there is a contract',
    { timeout: 90_000 },
    async () => {
      const file = newFile();
      const trade = await paid('lima', file);
      const name = traderToText(buyer.identity.trader);
      await seller.blocks.add(name, {});
      await refusedFor('TRADER_BLOCKED', async () => send(await named(trade, file, file.value)));
      expect(await seller.files.progress(buyer.identity.trader, blobId(file.value))).toBeUndefined();
      await seller.blocks.remove(name);

      const listing = await published(seller, 'enam');
      const early = newFile();
      const prepared = { method: 'shipping' as const, address: early.commitment };
      const { trade: offered } = await buyer.trades.offer({ listing, delivery: 'shipping', address: prepared.address });
      await has(offered, 'offered');
      await refusedFor('TRADE_STATE', async () => send(await named(offered, early, early.value)));
      expect(await seller.files.progress(buyer.identity.trader, blobId(early.value))).toBeUndefined();
    },
  );

  it('is one of so many bytes that a trader may name in a day, whatever ever comes', { timeout: 120_000 }, async () => {
    const trade = await paid('tujuh', newFile());
    const files = Array.from({ length: A_DAY / MAX_FILE_BYTES + ATTACHMENTS }, () => newFile(randomBytes(8)));
    for (let start = 0; start < files.length; start += ATTACHMENTS) {
      const attachments = files.slice(start, start + ATTACHMENTS).map(({ commitment }) => commitment);
      const kind = start === 0 ? ('dispute' as const) : ('statement' as const);
      const said = kind === 'dispute' ? { kind, reason: 'Basah.', attachments } : { kind, text: 'Foto.', attachments };
      await buyer.trades.step(trade, said);
    }
    const last = (await buyer.trades.open(trade))?.heads.map(String).join();
    await until(
      () => seller.trades.open(trade),
      (open) => open?.heads.map(String).join() === last,
      'all statements came',
    );
    const parcels = await Promise.all(files.map((file) => named(trade, file, file.value, MAX_FILE_BYTES)));
    await refusedFor('RATE_LIMITED', () => send(...parcels));
    let waiting = 0;
    for (const { value } of files)
      if ((await seller.files.progress(buyer.identity.trader, blobId(value))) !== undefined) waiting++;
    expect(waiting).toBeLessThanOrEqual(A_DAY / MAX_FILE_BYTES);
  });
});
