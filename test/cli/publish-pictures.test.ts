import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Handlers } from '../../node/api/handlers.js';
import { cleanPicture } from '../../node/pictures/clean.js';
import { blobId } from '../../protocol/ids.js';
import { exif, jpegOf, pngOf } from '../node/pictures/samples.js';
import { folderWith, jsonLines, niaga, serveHome } from './cli.js';

/** A node that takes pictures and listings, and says what it was given. */
function shop(): { handlers: Partial<Handlers>; values: Record<string, unknown>[]; added: () => number } {
  const values: Record<string, unknown>[] = [];
  let added = 0;
  return {
    values,
    added: () => added,
    handlers: {
      pictureAdd: async ({ content }) => {
        added += 1;
        const given = new Uint8Array(Buffer.from(content, 'base64'));
        const { type, width, height, bytes } = cleanPicture(given);
        const removed = given.length - bytes.length;
        return { picture: blobId(bytes).toString(), type, width, height, size: bytes.length, removed };
      },
      publish: async function* ({ items }) {
        for (const { line = 0, value } of items) {
          values.push(value as Record<string, unknown>);
          yield { line, sku: 's', listing: 'bafy', status: 'published', replicas: 5, quorum: true };
        }
      },
    },
  };
}

const JPEG = blobId(jpegOf()).toString();
const PNG = blobId(pngOf()).toString();

describe('publish', () => {
  it('puts pictures that lie beside the listings on the node, each once, and names them by their ids', async () => {
    const { handlers, values, added } = shop();
    await using at = await serveHome(handlers);
    await using folder = await folderWith({
      'foto kopi.jpg': jpegOf({ inside: [exif(1, 'GPS')] }),
      'b.png': pngOf(),
      'a.csv': `sku,title,images\n1,Kopi,"foto kopi.jpg, b.png"\n2,Teh,b.png\n3,Gula,${JPEG} ${PNG}\n4,Garam,\n`,
      'b.json': JSON.stringify([{ sku: '5', title: 'Lada', image: ['./b.png', { '/': JPEG }] }]),
    });
    const files = ['a.csv', 'b.json'].map((name) => join(folder.path, name));
    const ran = await niaga(['publish', ...files, '--json', '--home', at.home]);
    expect(ran).toMatchObject({ code: 0 });
    expect(values.map((value) => value['images'] ?? value['image'])).toEqual([
      [JPEG, PNG],
      [PNG],
      `${JPEG} ${PNG}`,
      undefined,
      [PNG, { '/': JPEG }],
    ]);
    // Once a file of listings.
    expect(added()).toBe(3);
  });

  it('publishes no picture from elsewhere, and says so of its line alone', async () => {
    const { handlers, values, added } = shop();
    await using at = await serveHome(handlers);
    await using folder = await folderWith({ 'private.jpg': jpegOf(), 'text.jpg': 'no picture' });
    const shopFolder = join(folder.path, 'shop');
    await mkdir(shopFolder);
    await symlink('../private.jpg', join(shopFolder, 'link.jpg'));
    const wrong = [
      '../private.jpg',
      join(folder.path, 'private.jpg'),
      'link.jpg',
      '..',
      'none.jpg',
      '/etc/passwd',
      'a\0b.jpg',
    ];
    const lines = [...wrong, 'https://example.org/a.jpg'].map((image, at) =>
      JSON.stringify({ sku: `${at}`, title: 'Kopi', image }),
    );
    const path = join(shopFolder, 'a.ndjson');
    await writeFile(path, lines.join('\n'));
    const ran = await niaga(['publish', path, '--json', '--home', at.home]);
    expect(ran.code).toBe(1);
    const answers = jsonLines(ran.out) as { status: string; error?: { code: string; where: string } }[];
    expect(answers.slice(0, -1).map(({ status, error }) => [status, error?.where])).toEqual(
      wrong.map(() => ['invalid', 'image']),
    );
    expect(answers.slice(0, -1).map(({ error }) => error?.code)).toEqual([
      'INPUT_FILE',
      'INPUT_FILE',
      'INPUT_FILE',
      'INPUT_FILE',
      'FILE_NOT_FOUND',
      'INPUT_FILE',
      'INPUT_FILE',
    ]);
    // What is no file is for the node to judge.
    expect(values.map(({ image }) => image)).toEqual(['https://example.org/a.jpg']);
    expect(added()).toBe(0);
  });

  it('goes on with the other lines where a file is no picture', async () => {
    const { handlers, values } = shop();
    await using at = await serveHome(handlers);
    const lines = ['text.jpg', 'b.png'].map((image, at) => JSON.stringify({ sku: `${at}`, title: 'Kopi', image }));
    await using folder = await folderWith({ 'text.jpg': 'no picture', 'b.png': pngOf(), 'a.ndjson': lines.join('\n') });
    const ran = await niaga(['publish', join(folder.path, 'a.ndjson'), '--json', '--home', at.home]);
    expect(jsonLines(ran.out)).toMatchObject([
      { status: 'invalid', error: { code: 'PICTURE_INVALID' } },
      { status: 'published' },
    ]);
    expect(values).toHaveLength(1);
  });
});

describe('picture', () => {
  it('puts a file on the node and says what was taken out of it; one that is too large is not even sent', async () => {
    const { handlers, added } = shop();
    await using at = await serveHome(handlers);
    const large = new Uint8Array(1_536 * 1024 + 1);
    await using folder = await folderWith({ 'kopi.jpg': jpegOf({ inside: [exif(1, 'GPS')] }), 'large.jpg': large });
    const add = (name: string) => niaga(['picture', 'add', join(folder.path, name), '--json', '--home', at.home]);
    const ran = await add('kopi.jpg');
    expect(ran.code).toBe(0);
    const removed = exif(1, 'GPS').length;
    expect(jsonLines(ran.out)).toMatchObject([{ picture: JPEG, type: 'image/jpeg', width: 3, height: 2, removed }]);
    const refused = await add('large.jpg');
    expect([refused.code, jsonLines(refused.err)]).toMatchObject([
      1,
      [
        {
          error: {
            code: 'INPUT_TOO_LARGE',
            message: expect.stringContaining('has 1537 KiB, and the most is 1536 KiB.') as string,
            next: expect.stringMatching(/magick \S+large\.jpg -resize .*the page, .*: niaga open/) as string,
          },
        },
      ],
    ]);
    expect(added()).toBe(1);
  });
});
