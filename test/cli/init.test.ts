import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { openIdentity } from '../../node/identity/index.js';
import { folderWith, jsonLines, niaga } from './cli.js';

it('with NIAGA_PASSPHRASE the keys are sealed: nothing in the files opens them without it', async () => {
  await using folder = await folderWith();
  const env = { NIAGA_PASSPHRASE: 'kopi pagi di teras' };
  const { code, out } = await niaga(['init', '--home', folder.path, '--json'], { env });
  expect(code).toBe(0);
  const home = await openHome(folder.path, 'main');
  for (const file of ['root.json', 'device.json']) {
    expect(await readFile(join(home.identityFolder, file), 'utf8')).not.toContain('"plain"');
  }
  const open = { home, network: home.network };
  await expect(openIdentity(open)).rejects.toMatchObject({ code: 'IDENTITY_SEALED' });
  const { traderText } = await openIdentity({ ...open, passphrase: env.NIAGA_PASSPHRASE });
  expect(jsonLines(out)).toMatchObject([{ trader: traderText }]);
});

it('an empty NIAGA_PASSPHRASE is none', async () => {
  await using folder = await folderWith();
  expect((await niaga(['init', '--home', folder.path], { env: { NIAGA_PASSPHRASE: '' } })).code).toBe(0);
  const home = await openHome(folder.path, 'main');
  await openIdentity({ home, network: home.network });
});
