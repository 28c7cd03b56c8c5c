import { describe, expect, it } from 'vitest';
import { createPictures } from '../../../node/pictures/index.js';
import { rawCodec } from '../../../node/store/index.js';
import { blobId, concat, parseId } from '../../../protocol/ids.js';
import { openStore } from '../store/support.js';
import { exif, jpegOf, PAGE, pngOf, segment, text } from './samples.js';

const HOUR = 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);

async function open({ maxBytes }: { maxBytes?: number } = {}) {
  const store = await openStore();
  const clock = { now: NOW };
  const make = async () => {
    const pictures = createPictures({ store, now: () => clock.now, maxBytes });
    await pictures.start();
    return pictures;
  };
  return { store, clock, make, pictures: await make() };
}

describe('an own picture', () => {
  it('is kept without what tells of its maker, under the id of what is kept', async () => {
    const { pictures } = await open();
    const told = jpegOf({ inside: [exif(1, 'GPS -7.7956')], after: text(PAGE) });
    const added = await pictures.add(told);
    const plain = jpegOf();
    expect(added).toEqual({
      picture: blobId(plain).toString(),
      type: 'image/jpeg',
      size: plain.length,
      width: 3,
      height: 2,
      removed: told.length - plain.length,
    });
    expect(await pictures.get(parseId(added.picture))).toEqual(plain);
  });

  it('is for others once a listing names it, and not before', async () => {
    const { pictures, store, make } = await open();
    const id = parseId((await pictures.add(pngOf())).picture);
    expect(await pictures.named(id)).toBeUndefined();
    const other = blobId(text('never added'));
    const { writes, missing } = pictures.name([id, other]);
    expect(missing).toEqual([other]);
    await store.write(writes);
    expect(await pictures.named(id)).toEqual(pngOf());
    expect(await (await make()).named(id)).toEqual(pngOf());
  });

  it('that no listing has named goes after a day; one that was named stays', async () => {
    const { pictures, store, clock, make } = await open();
    const draft = parseId((await pictures.add(pngOf())).picture);
    const named = parseId((await pictures.add(jpegOf())).picture);
    await store.write(pictures.name([named]).writes);
    clock.now += 23 * HOUR;
    expect(await pictures.get(draft)).toBeDefined();
    clock.now += HOUR;
    await pictures.add(pngOf({ width: 9 }));
    expect(await pictures.get(draft)).toBeUndefined();
    expect(await pictures.get(named)).toEqual(jpegOf());
    clock.now += 24 * HOUR;
    expect(await (await make()).get(named)).toEqual(jpegOf());
    expect(await store.table('own-pictures', rawCodec).count()).toBe(1);
  });

  it('is refused where it is no picture, is too large, or there is no more room; what is here already needs none', async () => {
    const { pictures } = await open({ maxBytes: jpegOf().length + 10 });
    await expect(pictures.add(text(PAGE))).rejects.toMatchObject({ code: 'PICTURE_INVALID' });
    const profile = segment(0xe2, concat(text('ICC_PROFILE\0'), new Uint8Array(60_000)));
    await expect(pictures.add(jpegOf({ inside: Array.from({ length: 27 }, () => profile) }))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
    await pictures.add(jpegOf());
    await expect(pictures.add(pngOf())).rejects.toMatchObject({ code: 'PICTURE_LIMIT' });
    await pictures.add(jpegOf({ after: text(PAGE) }));
  });
});
