import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startInput } from '../../cli/forms.js';
import { withSettings } from '../../cli/settings.js';
import { folderWith, niaga } from './cli.js';

const lines = (text: string) =>
  (JSON.parse(text) as { settings: { key: string; value: unknown; origin?: string }[] }).settings;

async function someHome() {
  const folder = await folderWith();
  const run = (words: string[], env: Record<string, string> = {}) =>
    niaga([...words, '--home', folder.path, '--json'], { env });
  return { ...folder, run, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('niaga config', () => {
  it('keeps what is set in a file of the home, and gives it back', async () => {
    await using home = await someHome();
    expect(await home.run(['config', 'set', 'listen', '/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2'])).toMatchObject({
      code: 0,
    });
    expect(await home.run(['config', 'set', 'keep-media', 'true'])).toMatchObject({ code: 0 });
    const file: unknown = JSON.parse(await readFile(join(home.path, 'main', 'config.json'), 'utf8'));
    expect(file).toEqual({ listen: ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2'], 'keep-media': true });
    const got = await home.run(['config', 'get', 'keep-media']);
    expect(JSON.parse(got.out)).toEqual({ key: 'keep-media', value: true, origin: 'file' });
    await home.run(['config', 'set', 'keep-media']);
    const gone = await home.run(['config', 'get', 'keep-media']);
    expect(JSON.parse(gone.out)).toEqual({ key: 'keep-media', value: false, origin: 'default' });
  });

  it('says where each comes from: the environment before the file, the file before the default', async () => {
    await using home = await someHome();
    await home.run(['config', 'set', 'log-level', 'debug']);
    await home.run(['config', 'set', 'mdns', 'false']);
    const env = {
      NIAGA_LOG_LEVEL: 'error',
      NIAGA_BOOTSTRAP: '/ip4/192.0.2.1/tcp/1, /ip4/192.0.2.2/tcp/1',
      NIAGA_API: '',
    };
    const all = lines((await home.run(['config', 'list', '--origin'], env)).out);
    expect(all).toEqual(
      expect.arrayContaining([
        { key: 'log-level', value: 'error', origin: 'environment' },
        { key: 'bootstrap', value: ['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.2/tcp/1'], origin: 'environment' },
        { key: 'mdns', value: false, origin: 'file' },
        { key: 'api', value: null, origin: 'default' },
        { key: 'read-receipts', value: true, origin: 'default' },
      ]),
    );
    expect(all.map(({ key }) => key)).toHaveLength(Object.keys(startInput.shape).length);
    expect(lines((await home.run(['config', 'list'])).out)[0]).not.toHaveProperty('origin');
  });

  it('is a table on a terminal, with a column for origins where they are asked for', async () => {
    await using home = await someHome();
    const shown = async (...words: string[]) =>
      (await niaga(['config', 'list', ...words, '--home', home.path], { columns: 100 })).out.split('\n');
    expect((await shown())[0]).toMatch(/^KEY +VALUE$/);
    const [head, ...rows] = await shown('--origin');
    expect(head).toMatch(/^KEY +VALUE +ORIGIN$/);
    expect(rows.find((row) => row.startsWith('log-level'))).toMatch(/^log-level +warn +default$/);
  });

  it('lets an option of niaga start come before all of them', async () => {
    await using home = await someHome();
    await home.run(['config', 'set', 'log-level', 'debug']);
    await home.run(['config', 'set', 'keep-media', 'true']);
    const where = { home: home.path, network: 'main', env: { NIAGA_MDNS: 'false' } };
    const input = startInput.parse({ logLevel: 'error' });
    expect(await withSettings(input, ['logLevel'], where)).toEqual({
      ...input,
      logLevel: 'error',
      keepMedia: true,
      mdns: false,
    });
  });

  it('refuses what is no setting with the nearest that is, and values that cannot be; the file stays as it was', async () => {
    await using home = await someHome();
    await home.run(['config', 'set', 'mdns', 'false']);
    const refused = async (...words: string[]) => {
      const { code, err } = await home.run(['config', 'set', ...words]);
      expect(code).toBe(2);
      return (JSON.parse(err) as { error: { code: string; next?: string } }).error;
    };
    expect(await refused('bootstrp', 'x')).toMatchObject({ code: 'CONFIG_INVALID', next: 'Did you mean "bootstrap"?' });
    expect((await refused('something-else', 'x')).next).toContain('There are: listen, ');
    expect(await refused('log-level', 'loud')).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await refused('mdns', 'perhaps')).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await refused('api', 'a', 'b')).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(JSON.parse(await readFile(join(home.path, 'main', 'config.json'), 'utf8'))).toEqual({ mdns: false });
  });

  it.each([
    ['{"mdsn": true}', 'Did you mean \\"mdns\\"?'],
    ['{"mdns": "yes"}', 'config.json'],
    ['{"mdns": tru', 'not a JSON object'],
    ['[]', 'not a JSON object'],
  ])('does not start with a file of settings that is wrong: %s', async (text, said) => {
    await using home = await someHome();
    await mkdir(join(home.path, 'main'));
    await writeFile(join(home.path, 'main', 'config.json'), text);
    const ran = await home.run(['start']);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(said);
  });
});
