import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { checkClock } from '../../node/doctor/clock.js';
import { createNode } from '../../node/index.js';
import { ownWords } from '../../node/identity/index.js';
import { openHome } from '../../node/home/index.js';
import { niaga } from '../cli/cli.js';
import { newFolder, start, stopAll, until } from './machines.js';

afterEach(stopAll);

const HOUR = 60 * 60 * 1000;

it('compares the clock with those of others, whichever way it is wrong', { timeout: 120_000 }, async () => {
  const alone = await start({});
  const clock = (shift: number) => checkClock(alone.services.network, () => Date.now() + shift);
  expect(await clock(0)).toMatchObject({ verdict: 'warn' });
  const other = await start({ by: alone });
  await until(
    () => Promise.resolve(alone.services.network.connections().length),
    (peers) => peers > 0,
  );
  // A loaded machine may be seconds late with its answer.
  const right = await until(
    () => clock(0),
    ({ verdict }) => verdict === 'ok',
  );
  expect(right.found).toBe('The clock is that of the other nodes.');
  expect(await clock(HOUR)).toMatchObject({ verdict: 'fail', found: 'The clock is 60 min ahead of those of others.' });
  expect(await clock(-HOUR)).toMatchObject({ verdict: 'fail', found: 'The clock is 60 min behind those of others.' });

  const { findings, figures, running } = await other.doctor({});
  expect(running).toBe(true);
  expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  expect(findings.map(({ check }) => check)).toContain('reachability');
  expect(figures['network_peers_connected']).toBeGreaterThan(0);
});

it('writes a file for whoever helps that holds nothing that is anybody’s', { timeout: 240_000 }, async () => {
  const passphrase = `sandi-${randomUUID()}`;
  const folder = await newFolder();
  const seller = await start({ name: 'Warung Sari' });
  const secrets = {
    address: `Jl. Mawar ${randomUUID()}`,
    text: `kabar-${randomUUID()}`,
    title: `Kopi ${randomUUID()}`,
  };
  await using buyer = await createNode({
    home: folder,
    network: 'test',
    name: 'Bu Rina',
    passphrase,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: seller.services.network.addresses(),
    mdns: false,
    api: '127.0.0.1:0',
  });
  await until(
    () => buyer.status({}),
    ({ known }) => known >= 2,
  );
  let listing = '';
  const item = { sku: 'kopi', title: secrets.title, price: '85000 IDR', quantity: 9 };
  for await (const line of seller.publish({ items: [{ value: item }] })) listing = line.listing ?? '';
  const { trade } = await buyer.offer({ listing, address: secrets.address });
  await buyer.chatSend({ with: trade, text: secrets.text });

  const bundle = join(await newFolder(), 'bundle.json');
  const ran = await niaga(['doctor', '--bundle', bundle, '--home', folder, '--network', 'test', '--json']);
  expect(ran.err).toContain('can be shown');
  const written = await readFile(bundle, 'utf8');
  expect(JSON.parse(written)).toMatchObject({ running: true, figures: { trades_open: 1 } });

  const home = await openHome(folder, 'test');
  const { words } = await ownWords(home, passphrase);
  const token = (JSON.parse(await readFile(home.apiFile, 'utf8')) as { token: string }).token;
  const keys = [];
  for (const name of await readdir(home.identityFolder))
    keys.push(...stringsIn(JSON.parse(await readFile(join(home.identityFolder, name), 'utf8'))));
  const own = [folder, passphrase, token, buyer.trader, buyer.peerId, 'Bu Rina', 'Warung Sari', listing, trade];
  const theirs = [seller.identity.traderText, seller.identity.peerId, '127.0.0.1'];
  // Single words of the list are words of the language, too.
  const pairs = words.slice(1).map((word, at) => `${words[at]} ${word}`);
  expect(keys.length).toBeGreaterThan(3);
  for (const secret of [...own, ...theirs, ...pairs, ...keys, ...Object.values(secrets)])
    expect(written.includes(secret), secret).toBe(false);
});

/** All texts in a key file that are no mere words. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length < 12 ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
