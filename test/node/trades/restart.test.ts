import { expect, it } from 'vitest';
import { inboxOf } from '../../../node/inbox/index.js';
import type { Services } from '../../../node/services.js';
import { cborCodec, rawCodec } from '../../../node/store/index.js';
import { startMember } from '../../network/members.js';
import { until } from '../../network/traders.js';
import { temporaryFolder } from '../../support/processes.js';
import { freshOffer, withdrawal } from './log.js';

it(
  'a node that starts again keeps the proofs that it had found, and shows the trades whose logs are whole',
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder();
    let member: Services = await startMember(folder.path, 'seller', {});
    try {
      const { trader } = member.identity;
      const [forked, damaged, whole] = [1, 2, 3].map((more) => freshOffer(trader, Date.now() + more));
      if (forked === undefined || damaged === undefined || whole === undefined) throw new Error('no offers');
      const two = ['satu', 'dua'].map((note) => withdrawal(forked, note).bytes);
      await member.trades.takeCopies([forked, damaged, whole].map(({ bytes }) => bytes).concat(two), []);
      await until(
        () => member.proofs.unseen(),
        (all) => all.length === 1,
        'the proof is found',
      );

      // The machine goes down between the message and its proof, and loses a block of the disk.
      const proofs = member.store.table('proofs', cborCodec<object>());
      const log = member.store.table('trade-log', rawCodec);
      for await (const [key] of proofs.range()) await member.store.write([proofs.del(key)]);
      for await (const [key] of log.range({ prefix: `${String(damaged.id)}/` }))
        await member.store.write([log.del(key)]);
      expect(await member.proofs.unseen()).toEqual([]);
      await member.stop();
      member = await startMember(folder.path, 'seller', {});

      await expect(member.trades.open(String(damaged.id))).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
      const [proof] = await until(
        () => member.proofs.unseen(),
        (all) => all.length === 1,
        'the proof is found again',
      );
      expect(proof?.trade).toBe(String(forked.id));
      const waits = (await inboxOf(member)).filter(({ kind }) => kind === 'trade');
      expect(waits.map(({ trade }) => trade)).toEqual([String(whole.id)]);
      const logs = [];
      for await (const { trade } of member.trades.logs({ ended: false })) logs.push(String(trade));
      expect(logs).toEqual([String(whole.id)]);
    } finally {
      await member.stop();
      await folder.remove();
    }
  },
);
