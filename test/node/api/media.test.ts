import { describe, expect, it } from 'vitest';
import type { FindMedia } from '../../../node/api/media.js';
import { ListingPictures } from '../../../node/pictures/index.js';
import { blobId, concat } from '../../../protocol/ids.js';
import { jpegOf, PAGE, pngOf, segment, text, webpOf } from '../pictures/samples.js';
import { ask, problem, serve } from './serve.js';

/** Whatever strangers have put under an id, as a node with them would serve it. */
function holding(blobs: readonly Uint8Array[]): FindMedia {
  const never = () => Promise.reject(new Error('nobody is asked'));
  const pictures = new ListingPictures({
    pictures: { get: async (id) => blobs.find((bytes) => blobId(bytes).equals(id)) },
    catalog: { show: never, version: never, blob: async () => undefined },
    exchange: { known: never, open: never, picture: never },
    search: { find: never },
    shelf: { versionOf: () => undefined, blob: async () => undefined },
  });
  return (id) => pictures.find(id);
}

const PICTURES: [string, Uint8Array][] = [
  ['image/jpeg', jpegOf()],
  ['image/png', pngOf()],
  ['image/webp', webpOf()],
];
const ARCHIVE = concat(text('PK\x03\x04'), text(PAGE), text('PK\x05\x06'), new Uint8Array(18));
/** Pictures that are something else, too. */
const POLYGLOTS: [string, Uint8Array][] = [
  ['a JPEG with a page in a comment', jpegOf({ inside: [segment(0xfe, text(PAGE))] })],
  ['a JPEG with a page behind its end', jpegOf({ after: text(PAGE) })],
  ['a PNG with a page behind its end', pngOf({ after: text(PAGE) })],
  ['a PNG with an archive behind its end', pngOf({ after: ARCHIVE })],
  ['a WebP with a page behind its end', webpOf({ after: text(PAGE) })],
];
/** No pictures, whatever a browser would make of them. */
const OTHERS: [string, Uint8Array][] = [
  ['a page', text(PAGE)],
  ['an SVG', text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
  ['a GIF that is a script', text('GIF89a/*\0\0*/=1;alert(1)//')],
  ['a script', text('alert(1)')],
  ['a PDF', text('%PDF-1.7 /OpenAction')],
  ['a page that begins like a JPEG', concat(Uint8Array.of(0xff, 0xd8, 0xff), text(PAGE))],
  ['the text of a condition', text('Barang dapat ditukar.')],
];

describe('/media', () => {
  it('gives pictures as what they are, and nothing of what it gives can run', async () => {
    const all = [...PICTURES, ...POLYGLOTS, ...OTHERS];
    await using served = await serve({}, { media: holding(all.map(([, bytes]) => bytes)) });
    const authorization = `Bearer ${served.token}`;
    for (const [what, bytes] of all) {
      const {
        status,
        headers,
        text: body,
      } = await ask(served.port, 'GET', `/media/${blobId(bytes).toString()}`, { authorization });
      expect(status, what).toBe(200);
      expect(headers['x-content-type-options'], what).toBe('nosniff');
      expect(headers['content-security-policy'], what).toBe("default-src 'none'; sandbox; frame-ancestors 'none'");
      expect(headers['cross-origin-resource-policy'], what).toBe('same-origin');
      if (OTHERS.some(([other]) => other === what)) {
        expect(headers['content-type'], what).toBe('application/octet-stream');
        expect(headers['content-disposition'], what).toMatch(/^attachment; filename="bafkrei[a-z2-7]{52}"$/);
      } else {
        expect(headers['content-type'], what).toMatch(/^image\/(jpeg|png|webp)$/);
        expect(headers['content-disposition'], what).toBe('inline');
        expect(body, what).not.toContain('script');
      }
    }
    for (const [type, bytes] of PICTURES) {
      const { headers } = await ask(served.port, 'GET', `/media/${blobId(bytes).toString()}`, { authorization });
      expect(headers['content-type']).toBe(type);
    }
  });

  it('looks nothing up but ids', async () => {
    await using served = await serve({}, { media: holding(PICTURES.map(([, bytes]) => bytes)) });
    const authorization = `Bearer ${served.token}`;
    const got = async (path: string) => problem(await ask(served.port, 'GET', path, { authorization }))['code'];
    const id = blobId(jpegOf()).toString();
    const wrong = [
      '..%2f..%2fapi.json',
      '%2e%2e%2fapi.json',
      '..%5capi.json',
      'api.json',
      `${id}%00.html`,
      `${id}.svg`,
      id.toUpperCase(),
      '%ff',
      'a'.repeat(3_000),
    ];
    for (const name of wrong) expect(await got(`/media/${name}`), name).toBe('ID_INVALID');
    for (const path of [
      '/media/../api.json',
      `/media/../media/x/${id}`,
      '/media/',
      `/media/${id}/..%2fapi.json`,
      `/media//${id}`,
    ])
      expect(await got(path), path).toBe('OPERATION_UNKNOWN');
    expect(await got(`/media/${blobId(text('not here')).toString()}`)).toBe('PICTURE_NOT_FOUND');
  });

  it('takes the token from the header alone', async () => {
    await using served = await serve({}, { media: holding(PICTURES.map(([, bytes]) => bytes)) });
    const path = `/media/${blobId(jpegOf()).toString()}`;
    for (const headers of [{}, { cookie: `token=${served.token}` }, { authorization: `Bearer ${'A'.repeat(43)}` }])
      expect(
        problem(await ask(served.port, 'GET', `${path}?token=${served.token}`, headers as Record<string, string>))[
          'code'
        ],
      ).toBe('API_TOKEN');
  });
});
