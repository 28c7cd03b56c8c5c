import { describe, expect, it } from 'vitest';
import { createBulkVerifier } from '../../../node/identity/index.js';
import { Mailbox } from '../../../node/mail/mailbox.js';
import { DEFAULT_MAIL_OPTIONS, type MailOptions } from '../../../node/mail/options.js';
import type { Store } from '../../../node/store/index.js';
import { letterHash, LETTER_LIFETIME } from '../../../protocol/mail/index.js';
import { openStore } from '../store/support.js';
import { createTrader, DAY, NETWORK, sealedLetter, tokenOf, workedDeposit } from './support.js';

const NOW = Date.UTC(2026, 0, 1);
const HERE = createTrader(NOW).peer;
const KiB = 1024;

async function open(options: Partial<MailOptions> = {}, given?: { store?: Store; near?: boolean }) {
  const clock = { now: NOW };
  const store = given?.store ?? (await openStore());
  const mailbox = new Mailbox({
    store,
    networkName: NETWORK,
    devices: { isRevoked: () => false },
    verify: createBulkVerifier(),
    now: () => clock.now,
    peerId: HERE,
    options: { ...DEFAULT_MAIL_OPTIONS, ...options },
    isNear: () => given?.near ?? true,
  });
  await mailbox.load();
  return { mailbox, clock, store };
}

describe('letters that a node keeps for others', () => {
  it('are on disk when they are acknowledged, come oldest first, and go when their owner has them', async () => {
    const { mailbox, clock, store } = await open();
    const owner = createTrader(NOW);
    const { deposit } = tokenOf(owner, NOW, 64 * KiB);
    const letters = [sealedLetter(), sealedLetter(4), sealedLetter()];
    for (const letter of letters) {
      await mailbox.put(deposit(letter, HERE));
      clock.now += 1;
    }
    // The same again is the same.
    await mailbox.put(deposit(letters[0] ?? sealedLetter(), HERE));
    const again = (await open({}, { store })).mailbox;
    expect(again.size).toEqual({ letters: 3, bytes: 6 * KiB });
    expect(await again.list(owner.trader)).toEqual({ letters, more: false });
    await again.drop(owner.trader, letters.slice(0, 2).map(letterHash));
    expect(await (await open({}, { store })).mailbox.list(owner.trader)).toEqual({
      letters: letters.slice(2),
      more: false,
    });
  });

  it('are nobody else’s: another owner neither sees nor deletes them', async () => {
    const { mailbox } = await open();
    const [owner, other] = [createTrader(NOW), createTrader(NOW)];
    const letter = sealedLetter();
    await mailbox.put(tokenOf(owner, NOW, KiB).deposit(letter, HERE));
    expect(await mailbox.list(other.trader)).toEqual({ letters: [], more: false });
    await mailbox.drop(other.trader, [letterHash(letter)]);
    expect(mailbox.size.letters).toBe(1);
  });

  it('are refused without token or work, and with those of another letter, mailbox, day, owner or time', async () => {
    const { mailbox, clock } = await open();
    const owner = createTrader(NOW);
    const letter = sealedLetter();
    const other = sealedLetter();
    const { deposit, record } = tokenOf(owner, NOW, 64 * KiB);
    const refuse = (given: Parameters<Mailbox['put']>[0], code: string) =>
      expect(mailbox.put(given)).rejects.toMatchObject({ code });
    await refuse({ to: owner.trader, letter }, 'PEER_REFUSED');
    await refuse({ ...deposit(other, HERE), letter }, 'PEER_REFUSED');
    await refuse(deposit(letter, createTrader(NOW).peer), 'PEER_REFUSED');
    await refuse({ ...deposit(letter, HERE), to: createTrader(NOW).trader }, 'PEER_REFUSED');
    await refuse(tokenOf(owner, NOW, KiB, NOW).deposit(letter, HERE), 'PEER_REFUSED');
    const broken = record.slice();
    broken[200] = (broken[200] ?? 0) ^ 1;
    const { token } = deposit(letter, HERE);
    await expect(mailbox.put({ to: owner.trader, letter, token: { ...token, record: broken } })).rejects.toThrow();
    const worked = workedDeposit(owner.trader, letter, HERE, NOW);
    await refuse({ ...worked, letter: other }, 'PEER_REFUSED');
    await refuse({ ...worked, work: { ...worked.work, day: worked.work.day - 1 } }, 'PEER_REFUSED');
    await refuse(workedDeposit(owner.trader, letter, createTrader(NOW).peer, NOW), 'PEER_REFUSED');
    await refuse({ to: owner.trader, letter: new Uint8Array(1_000) }, 'INPUT_INVALID');
    clock.now += 3 * DAY;
    await refuse(worked, 'PEER_REFUSED');
    clock.now = NOW;
    expect(mailbox.size.letters).toBe(0);
    await mailbox.put(worked);
    expect(mailbox.size.letters).toBe(1);
  });

  it('are kept for those only who asked here, or whose key is near', async () => {
    const { mailbox } = await open({}, { near: false });
    const owner = createTrader(NOW);
    const { deposit } = tokenOf(owner, NOW, 64 * KiB);
    await expect(mailbox.put(deposit(sealedLetter(), HERE))).rejects.toMatchObject({ code: 'PEER_REFUSED' });
    await mailbox.serve(owner.trader);
    await mailbox.put(deposit(sealedLetter(), HERE));
    expect(mailbox.size.letters).toBe(1);
  });

  it('are bounded for one token, and for all strangers of one owner', async () => {
    const { mailbox } = await open({ strangerBytes: 2 * KiB });
    const owner = createTrader(NOW);
    const { deposit } = tokenOf(owner, NOW, 3 * KiB);
    for (let at = 0; at < 3; at++) await mailbox.put(deposit(sealedLetter(), HERE));
    await expect(mailbox.put(deposit(sealedLetter(), HERE))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const stranger = () => mailbox.put(workedDeposit(owner.trader, sealedLetter(), HERE, NOW));
    await stranger();
    await stranger();
    await expect(stranger()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    // Another counterparty has a share of its own.
    await mailbox.put(tokenOf(owner, NOW, KiB).deposit(sealedLetter(), HERE));
  });

  it('make room for a counterparty’s: strangers’ go first, and no stranger drives out anybody', async () => {
    const { mailbox, clock } = await open({ recipientBytes: 3 * KiB });
    const owner = createTrader(NOW);
    const strangers = [sealedLetter(), sealedLetter()];
    for (const letter of strangers) {
      clock.now += 1;
      await mailbox.put(workedDeposit(owner.trader, letter, HERE, NOW));
    }
    const { deposit } = tokenOf(owner, NOW, 64 * KiB);
    const [a, b] = [sealedLetter(), sealedLetter()];
    await mailbox.put(deposit(a, HERE));
    clock.now += 1;
    await mailbox.put(deposit(b, HERE));
    expect((await mailbox.list(owner.trader)).letters).toEqual([strangers[1], a, b]);
    await expect(mailbox.put(workedDeposit(owner.trader, sealedLetter(), HERE, NOW))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await mailbox.put(deposit(sealedLetter(), HERE));
    await expect(mailbox.put(deposit(sealedLetter(), HERE))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(mailbox.size).toEqual({ letters: 3, bytes: 3 * KiB });
  });

  it('never take more room than the node gives: whoever has most loses its oldest', async () => {
    const { mailbox, clock } = await open({ keptBytes: 4 * KiB });
    const [much, little] = [createTrader(NOW), createTrader(NOW)];
    const letter = sealedLetter();
    await mailbox.put(tokenOf(little, NOW, KiB).deposit(letter, HERE));
    const { deposit } = tokenOf(much, NOW, 64 * KiB);
    for (let at = 0; at < 5; at++) {
      clock.now += 1;
      await mailbox.put(deposit(sealedLetter(), HERE));
    }
    expect(mailbox.size.bytes).toBe(4 * KiB);
    expect((await mailbox.list(little.trader)).letters).toEqual([letter]);
  });

  it('end after 30 days', async () => {
    const { mailbox, clock } = await open();
    const owner = createTrader(NOW);
    await mailbox.put(tokenOf(owner, NOW, KiB).deposit(sealedLetter(), HERE));
    clock.now += LETTER_LIFETIME - 1;
    await mailbox.expire();
    expect(mailbox.size.letters).toBe(1);
    clock.now += 1;
    await mailbox.expire();
    expect(mailbox.size.letters).toBe(0);
  });

  it('wake an owner who waits, and nobody else', async () => {
    const { mailbox } = await open();
    const owner = createTrader(NOW);
    const signal = new AbortController().signal;
    const waited = mailbox.wait(owner.trader, 10_000, signal).then(() => 'woken');
    const other = mailbox.wait(createTrader(NOW).trader, 10_000, signal).then(() => 'woken');
    await mailbox.put(tokenOf(owner, NOW, KiB).deposit(sealedLetter(), HERE));
    expect(await waited).toBe('woken');
    expect(await Promise.race([other, Promise.resolve('still waits')])).toBe('still waits');
    mailbox.stop();
    await other;
  });
});
