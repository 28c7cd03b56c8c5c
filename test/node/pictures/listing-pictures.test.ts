import { describe, expect, it } from 'vitest';
import { BLOB_METHOD, LISTING_METHOD } from '../../../node/keep/wire.js';
import { createPictures, ListingPictures } from '../../../node/pictures/index.js';
import { encode } from '../../../protocol/cbor.js';
import { blobId, slotId } from '../../../protocol/ids.js';
import { answerListings, createExchange, createSeller, notFound, NOW, type Answering } from '../keep/support.js';
import { exif, jpegOf, PAGE, pngOf, text } from './samples.js';

const seller = createSeller();
const TOLD = jpegOf({ inside: [exif(1, 'GPS -7.7956')] });
const PICTURES = [TOLD, pngOf(), text(PAGE)];
const image = [...PICTURES.map((bytes) => blobId(bytes).toString()), blobId(text('nobody has it')).toString()];
const listing = seller.listing('kopi', 1, 20, { image });
const card = seller.card(listing);
const found = { card, until: card.payload.validUntil };
const id = slotId('test', listing.payload.trader, listing.payload.slot).toString();

const giving: Answering = (method, body) => {
  if (method === LISTING_METHOD)
    return answerListings(body, () => ({ listing: listing.bytes, delegation: seller.delegation }));
  const blob = PICTURES.find((bytes) => blobId(bytes).equals(body['id']));
  return method === BLOB_METHOD && blob !== undefined ? encode(blob) : notFound();
};

/** Somebody who looks at a stranger's listing. */
async function looking({ keepMedia }: { keepMedia?: boolean } = {}) {
  const world = await createExchange(new Map([[seller.peer, giving]]));
  const pictures = createPictures({ store: world.store, now: () => NOW });
  await pictures.start();
  const nothing = () => Promise.resolve(undefined);
  const listingPictures = new ListingPictures({
    ...world,
    pictures,
    catalog: { show: nothing, version: nothing, blob: nothing },
    search: { find: () => Promise.resolve(found as never) },
    keepMedia,
  });
  const list = async (fetch: boolean) => {
    const views = [];
    for await (const view of listingPictures.list(id, { fetch, signal: new AbortController().signal }))
      views.push(view);
    return views;
  };
  const fetched = (): number => world.asked.filter(({ method }) => method === BLOB_METHOD).length;
  return { ...world, list, fetched, listingPictures };
}

const HERE = [
  { picture: image[0], place: 1, here: true, type: 'image/jpeg', size: jpegOf().length, width: 3, height: 2 },
  { picture: image[1], place: 2, here: true, type: 'image/png', size: pngOf().length, width: 3, height: 2 },
  { picture: image[2], place: 3, here: true, why: 'It is no JPEG, PNG or WebP picture that can be shown.' },
  { picture: image[3], place: 4, here: false, why: 'The seller’s node does not have it.' },
];
const NOT_FETCHED = 'It is not on this node, and nobody has asked others for it (--fetch).';

describe('pictures of a stranger’s listing', () => {
  it('are fetched when somebody asks for them, and not before', async () => {
    const { list, fetched, exchange } = await looking();
    await exchange.open(found);
    expect((await list(false)).map(({ here, why }) => [here, why])).toEqual(image.map(() => [false, NOT_FETCHED]));
    expect(fetched()).toBe(0);
    expect(await list(true)).toEqual(HERE);
    const asked = fetched();
    expect(asked).toBeGreaterThanOrEqual(4);
    expect(await list(false)).toEqual(
      HERE.map((view) => ('why' in view && !view.here ? { ...view, why: NOT_FETCHED } : view)),
    );
    expect(fetched()).toBe(asked);
  });

  it('are shown here and kept for nobody, unless the owner wants that', async () => {
    const looked = await looking();
    await looked.list(true);
    const { bytes, type } = (await looked.listingPictures.find(blobId(TOLD))) ?? {};
    // What tells of its maker is not shown either.
    expect([bytes, type]).toEqual([jpegOf(), 'image/jpeg']);
    await expect(looked.serve(BLOB_METHOD, { id: blobId(TOLD) })).rejects.toMatchObject({ code: 'LISTING_NOT_FOUND' });

    const keeping = await looking({ keepMedia: true });
    expect(await keeping.list(false)).toEqual(HERE);
    expect(await keeping.serve(BLOB_METHOD, { id: blobId(TOLD) })).toEqual(encode(TOLD));
  });

  it('that are none are bytes without a type', async () => {
    const { list, listingPictures } = await looking();
    await list(true);
    expect(await listingPictures.find(blobId(text(PAGE)))).toEqual({ bytes: text(PAGE), type: undefined });
    expect(await listingPictures.find(blobId(text('nobody has it')))).toBeUndefined();
  });
});
