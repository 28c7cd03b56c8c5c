import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readItem } from '../../protocol/listing/input.js';
import { temporaryFolder } from '../support/processes.js';
import { blocksOf, readDocument, ROOT } from './documents.js';
import { Walk, wordsOf } from './walk.js';

const TIME_LIMIT = 180_000;
/** Typed by a shell in tutorial.test.ts. */
const IN_A_SHELL = ['docs/tutorial.md'];
/** In this order: a document may use what an earlier one left, as its readers do. */
const TYPED = [
  'docs/guides/seller.md',
  'docs/guides/arbiter.md',
  'docs/guides/buyer.md',
  'README.id.md',
  'docs/evidence.md',
  'docs/guides/developer.md',
  'docs/operations.md',
];

/** Every document that people read, generated ones left out. */
async function documents(): Promise<string[]> {
  const entries = await readdir(join(ROOT, 'docs'), { withFileTypes: true, recursive: true });
  const found = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return ['README.md', 'README.id.md', ...found.filter((path) => !path.startsWith('docs/reference/'))];
}

/** Where somebody types who reads a document: with the files that it speaks of. */
async function readersFolder(path: string): Promise<string> {
  const kopi = blocksOf(readDocument('docs/guides/seller.md')).find(({ language }) => language === 'json');
  await mkdir(path);
  const files = {
    'kopi.ndjson': kopi?.text ?? '',
    'produk.jsonld': '{"@type":"Product","sku":"teh-2","name":"Teh Hitam"}',
    'feed.txt': 'id\ttitle\tprice\nteh-3\tTeh Hijau\t15000 IDR\n',
    'address.txt': 'Jl. Mawar 3, Bandung',
    'passphrase.txt': 'empat kata yang panjang\n',
    'receipt.pdf': 'bytes of a receipt',
    'photo.jpg': 'bytes of a photo',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

const isOfNpm = (line: string): boolean => wordsOf(line)[0] === 'npm';

describe('the documents', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let walk: Walk;
  const before = process.cwd();

  beforeAll(async () => {
    folder = await temporaryFolder();
    walk = await Walk.start(folder.path, ['seller', 'buyer', 'arbiter']);
  }, TIME_LIMIT);
  afterAll(async () => {
    process.chdir(before);
    await walk[Symbol.asyncDispose]();
    await folder.remove();
  });

  it.each(TYPED)('%s: every command that it shows does what it says', { timeout: TIME_LIMIT }, async (path) => {
    process.chdir(await readersFolder(join(folder.path, path.replaceAll('/', '-'))));
    expect(await walk.type(readDocument(path))).toBeGreaterThan(0);
  });

  it('show programs that run as they are', async () => {
    const [outside, library] = blocksOf(readDocument('docs/guides/developer.md')).filter(
      ({ language }) => language === 'js',
    );
    const program = join(folder.path, 'outside.mjs');
    await writeFile(program, outside?.text ?? '');
    const env = { ...process.env, NIAGA_HOME: walk.homeOf('buyer') };
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
    expect(stdout).toMatch(/^bafyrei\w+ buyer completed \d+ IDR$/m);
    expect(library?.text).toBe(await readFile(join(ROOT, 'examples/two-nodes.mjs'), 'utf8'));
  });

  it('show listings that can be published', async () => {
    for (const path of await documents())
      for (const { language, text } of blocksOf(readDocument(path)))
        if (language === 'json')
          expect(() => readItem(JSON.parse(text) as unknown, { strict: true }), path).not.toThrow();
  });

  it('have no command that nothing runs: the rest are scripts of package.json', async () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Readonly<Record<string, string>> };
    for (const path of await documents()) {
      for (const { language, text } of blocksOf(readDocument(path))) {
        if (language !== 'sh' || IN_A_SHELL.includes(path)) continue;
        for (const line of text.split('\n').filter((each) => wordsOf(each).length > 0)) {
          if (!isOfNpm(line)) expect(TYPED, `${path}: ${line}`).toContain(path);
          for (const [, script = ''] of line.matchAll(/\bnpm (?:run )?([a-z:]+)/g))
            if (script !== 'ci' && script !== 'install')
              expect(Object.keys(scripts), `${path}: ${line}`).toContain(script);
        }
      }
    }
  });

  it('link to what is there', async () => {
    for (const path of await documents()) {
      const text = readDocument(path).replace(/^```[^]*?^```$/gm, '');
      const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
      for (const link of links.filter((each) => !/^(?:https?:|mailto:|#)/.test(each))) {
        const [file = ''] = link.split('#');
        expect(existsSync(join(ROOT, dirname(path), file)), `${path}: ${link}`).toBe(true);
      }
    }
  });

  it('name tests that there are, for what they say is held', () => {
    const rows = [...readDocument('docs/threat-model.md').matchAll(/\| \[(test\/[^\]]+)\]\([^)]+\): (.+?) *\|$/gm)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [, file = '', title = ''] of rows) expect(readDocument(file), file).toContain(title);
  });

  it('name every request between nodes, and none that there is not', async () => {
    const sources = await readdir(join(ROOT, 'node'), { recursive: true });
    const texts = sources.filter((each) => each.endsWith('.ts')).map((each) => readDocument(join('node', each)));
    const methods = texts.flatMap((text) => [...text.matchAll(/_METHOD = '([^']+)'/g)].map(([, name]) => name));
    const named = [...readDocument('docs/protocol.md').matchAll(/^\| `([\w.]+)` .*\]\(\.\.\/node\//gm)].map(
      ([, name]) => name,
    );
    expect(named.sort()).toEqual(methods.sort());
  });
});
