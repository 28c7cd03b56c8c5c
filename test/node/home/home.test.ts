import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHome, platformDataFolder, resolveHome, writeFileAtomic } from '../../../node/home/index.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-home-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Names, modes, times and bytes of all that is in a folder, and of the folder. */
async function snapshot(folder: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const name of ['.', ...(await readdir(folder, { recursive: true })).sort()]) {
    const path = join(folder, name);
    const { mode, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    all.push([name, mode, mtimeNs, ctimeNs, await readFile(path, 'hex').catch(() => 'folder')]);
  }
  return all;
}

describe('the place of the home', () => {
  it.each([
    ['linux', { XDG_DATA_HOME: '/data' }, '/home/budi', '/data/niaga'],
    ['linux', {}, '/home/budi', '/home/budi/.local/share/niaga'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/budi', '/home/budi/.local/share/niaga'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/budi', '/home/budi/.local/share/niaga'],
    ['freebsd', {}, '/home/budi', '/home/budi/.local/share/niaga'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/Users/budi', '/Users/budi/Library/Application Support/Niaga'],
    ['win32', { LOCALAPPDATA: 'D:\\Data' }, 'C:\\Users\\budi', 'D:\\Data\\Niaga'],
    ['win32', {}, 'C:\\Users\\budi', 'C:\\Users\\budi\\AppData\\Local\\Niaga'],
  ] as const)('is the data folder of the platform: %s %o', (platform, env, home, expected) => {
    expect(platformDataFolder(env, platform, home)).toBe(expected);
  });

  it('is the flag, else NIAGA_HOME, else that of the platform', () => {
    const env = { NIAGA_HOME: '/from/env' };
    expect(resolveHome({ home: 'flag', env })).toBe(resolve('flag'));
    expect(resolveHome({ env })).toBe(resolve('/from/env'));
    const platform = platformDataFolder({}, process.platform, homedir());
    expect(resolveHome({ env: {} })).toBe(platform);
    expect(resolveHome({ home: '', env: { NIAGA_HOME: '' } })).toBe(platform);
  });
});

describe('opening a home', () => {
  it('makes a folder for the network that only its owner can enter, and says in plain text what it is', async () => {
    const root = join(await temporaryFolder(), 'deep', 'home');
    const home = await openHome(root, 'test-1');
    expect(home).toEqual({
      home: root,
      network: 'test-1',
      folder: join(root, 'test-1'),
      storeFolder: join(root, 'test-1', 'store'),
      identityFolder: join(root, 'test-1', 'identity'),
      apiFile: join(root, 'test-1', 'api.json'),
    });
    expect(await readdir(home.folder)).toEqual(['FORMAT']);
    if (process.platform !== 'win32') expect((await stat(home.folder)).mode & 0o777).toBe(0o700);
    const format: unknown = JSON.parse(await readFile(join(home.folder, 'FORMAT'), 'utf8'));
    expect(format).toEqual({ format: 1, createdBy: expect.stringMatching(/^niaga \d+\.\d+\.\d+/) as string });
  });

  it('changes nothing the second time, and may be done by several at once', async () => {
    const root = await temporaryFolder();
    const homes = await Promise.all(Array.from({ length: 8 }, () => openHome(root, 'main')));
    const before = await snapshot(root);
    expect(await openHome(root, 'main')).toEqual(homes[0]);
    expect(await snapshot(root)).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')('closes a folder to others that was open to them', async () => {
    const root = await temporaryFolder();
    const { folder } = await openHome(root, 'main');
    await chmod(folder, 0o755);
    await openHome(root, 'main');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it.each(['', 'Main', 'a/b', '..', 'a b', 'x'.repeat(33), 'ä'])(
    'refuses "%s" as the name of a network',
    async (network) => {
      const root = await temporaryFolder();
      await expect(openHome(root, network)).rejects.toMatchObject({ code: 'INPUT_INVALID', where: 'network' });
      expect(await readdir(root)).toEqual([]);
    },
  );

  it('refuses a home of a newer version, says what to do, and leaves every byte and time of it alone', async () => {
    const root = await temporaryFolder();
    const { folder, storeFolder } = await openHome(root, 'main');
    await mkdir(storeFolder);
    await writeFile(join(storeFolder, 'CURRENT'), 'something new\n');
    await writeFile(join(folder, 'FORMAT'), '{"format":2,"createdBy":"niaga 9.0.0","more":true}\n');
    await chmod(folder, 0o755);
    const before = await snapshot(root);
    await expect(openHome(root, 'main')).rejects.toMatchObject({
      code: 'HOME_NEWER',
      message: expect.stringContaining('niaga 9.0.0') as string,
      next: expect.stringMatching(/Update Niaga.*--home/) as string,
    });
    expect(await snapshot(root)).toEqual(before);
  });

  it.each(['', '{', '[]', '{"format":"1"}', '{"format":0}', '{"format":1.5}'])(
    'refuses a FORMAT of %j',
    async (text) => {
      const root = await temporaryFolder();
      const { folder } = await openHome(root, 'main');
      await writeFile(join(folder, 'FORMAT'), text);
      await expect(openHome(root, 'main')).rejects.toMatchObject({
        code: 'HOME_UNUSABLE',
        where: join(folder, 'FORMAT'),
      });
      expect(await readFile(join(folder, 'FORMAT'), 'utf8')).toBe(text);
    },
  );

  it('refuses a folder that holds something else, but not one in which it was interrupted', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'main'));
    await writeFile(join(root, 'main', '.FORMAT.0123.niaga-tmp'), '{"for');
    await openHome(root, 'main');
    await mkdir(join(root, 'photos'));
    await writeFile(join(root, 'photos', 'goa.jpg'), '');
    await expect(openHome(root, 'photos')).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
      where: join(root, 'photos'),
    });
    expect(await readdir(join(root, 'photos'))).toEqual(['goa.jpg']);
  });

  it('names the path and what to do when a file is in the way', async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, 'file'), '');
    await writeFile(join(root, 'main'), '');
    const next = expect.stringContaining('--home') as string;
    for (const home of [join(root, 'file'), root]) {
      await expect(openHome(home, 'main')).rejects.toMatchObject({
        code: 'HOME_UNUSABLE',
        where: join(home, 'main'),
        next,
      });
    }
  });

  // The tests may run as root, whom permissions do not stop; the kernel's own folders do.
  it.skipIf(process.platform !== 'linux').each(['/proc', '/sys'])('is refused in %s', async (home) => {
    await expect(openHome(home, 'main')).rejects.toMatchObject({ code: 'HOME_UNUSABLE', where: join(home, 'main') });
  });
});

describe('an atomic write', () => {
  it('replaces a file with its mode and leaves nothing beside it', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'one');
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFileAtomic(path, Uint8Array.of(1, 2), 0o400);
    expect(await readFile(path)).toEqual(Buffer.of(1, 2));
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o400);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('shows readers the old or the new file and nothing between', async () => {
    const path = join(await temporaryFolder(), 'file');
    const contents = ['a', 'b'].map((letter) => letter.repeat(100_000));
    await writeFileAtomic(path, contents[0] ?? '');
    let done = false;
    const writer = (async () => {
      for (let i = 0; i < 40; i++) await writeFileAtomic(path, contents[i % 2] ?? '');
      done = true;
    })();
    while (!done) expect(contents).toContain(await readFile(path, 'utf8'));
    await writer;
  });

  it('leaves the old file and nothing else when it fails', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toThrow();
    await expect(writeFileAtomic(join(folder, 'missing', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('replaces a link, not what it points to', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'target'), 'old');
    await symlink('target', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('old');
    await cp(join(folder, 'link'), join(folder, 'copy'));
    expect(await readFile(join(folder, 'copy'), 'utf8')).toBe('new');
  });
});
