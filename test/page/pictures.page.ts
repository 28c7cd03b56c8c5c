import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { cleanPicture } from '../../node/pictures/clean.js';
import { exif } from '../node/pictures/samples.js';
import { niaga } from '../cli/cli.js';
import { concat } from '../../protocol/ids.js';
import { findChromium } from './chromium.js';
import { Person, useStreet, type Look } from './people.js';

/** A seller puts pictures up with the page alone; a buyer sees them when the buyer wants to. */

const executable = findChromium();

const LOOKS: readonly (Look & { readonly name: string })[] = [
  { name: 'phone, Indonesian', language: 'id', width: 360, height: 740 },
  { name: 'desktop, English', language: 'en', width: 1440, height: 900 },
];

const SECRET = 'GPS -7.7956 110.3695';

/** A photo as a phone makes it: large, with the place where it was taken in its EXIF, and turned by a quarter. */
async function photo(page: Page, colour: string): Promise<Uint8Array> {
  const base64 = await page.evaluate<string>(`(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 2400; canvas.height = 1200;
    const context = canvas.getContext('2d');
    context.fillStyle = '${colour}'; context.fillRect(0, 0, 2400, 1200);
    context.fillStyle = '#fff'; context.fillRect(100, 100, 600, 600);
    return canvas.toDataURL('image/jpeg').split(',')[1];
  })()`);
  const plain = new Uint8Array(Buffer.from(base64, 'base64'));
  return concat(plain.subarray(0, 2), exif(6, SECRET), plain.subarray(2));
}

/** The size of each picture that is shown, in its order. */
async function sizes(page: Page, where: string): Promise<number[][]> {
  return page.evaluate<number[][]>(
    `Promise.all([...document.querySelectorAll('${where} img')].map(async (image) => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }))`,
  );
}

/** Ids of the pictures in the form, in their order. */
async function chosenIn(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `[...document.querySelectorAll('[data-picture]')].map((item) => item.dataset.picture)`,
  );
}

/** Pictures that a page asks its node for. */
function asksOf(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/media/')) asked.push(request.url());
  });
  return asked;
}

describe.skipIf(executable === undefined)('pictures on the page', () => {
  const street = useStreet(executable);

  it.each(LOOKS)('are made small and clean, and shown to a buyer who wants to see them: $name', async (look) => {
    const id = look.language === 'id';
    const title = id ? 'Kopi Kintamani 250 g' : 'Flores coffee 250 g';
    await using seller = await Person.at(street.browser, street.shop, 'token', look);
    await using buyer = await Person.at(street.browser, street.home, 'link', look);

    await seller.go('sell');
    await seller.page.locator('details summary').first().click();
    const form = seller.page.locator('form[data-form=sell]');
    await form.locator('[name=title]').fill(title);
    await form.locator('[name=price]').fill('85000');
    const chooser = form.locator('input[name=pictures]');
    const chosen = form.locator('[data-picture]');

    // What is no picture is refused, and nothing that is in it runs.
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script>`;
    await chooser.setInputFiles({ name: 'broken.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) });
    await form.locator('.note.bad').filter({ hasText: 'broken.svg' }).waitFor();
    // Others for each: what the buyer has seen once is there.
    const names = id ? ['red', 'green', 'blue'] : ['orange', 'purple', 'teal'];
    const files = [];
    for (const name of names) {
      const path = join(street.folder, `${name}-${look.language}.jpg`);
      await writeFile(path, await photo(seller.page, name));
      files.push(path);
    }
    await chooser.setInputFiles(files);
    await chosen.nth(2).locator('img').waitFor();
    // Turned upright, and smaller than they were.
    expect(await sizes(seller.page, '[data-picture]')).toEqual([1, 2, 3].map(() => [800, 1600]));
    const before = await chosenIn(seller.page);

    // With the keyboard: the last goes first, the last of then goes away.
    const press = async (at: number, button: number): Promise<void> => {
      await chosen.nth(at).locator('button').nth(button).focus();
      await seller.page.keyboard.press('Enter');
    };
    await press(2, 0);
    await press(1, 0);
    await press(2, 2);
    await expect.poll(() => chosen.count()).toBe(2);
    const after = await chosenIn(seller.page);
    expect(after).toEqual([before[2], before[0]]);
    await seller.isWell();
    await seller.picture(`pictures-sell-${look.language}`);
    await form.locator('button[type=submit]').click();
    await form.locator('.note.good').waitFor();

    // Nothing of where it was taken is on the node.
    const out = join(street.folder, `${look.language}.webp`);
    expect(await niaga(['picture', 'save', after[0] ?? '', '--out', out, '--home', street.shop.home])).toMatchObject({
      code: 0,
    });
    const kept = new Uint8Array(await readFile(out));
    expect(cleanPicture(kept)).toEqual({ type: 'image/webp', width: 800, height: 1600, bytes: kept });
    expect(Buffer.from(kept).toString('latin1')).not.toContain('GPS');

    const asked = asksOf(buyer.page);
    const link = await buyer.finds(id ? 'kopi kintamani' : 'flores coffee', title);
    await link.click();
    const gallery = buyer.page.locator('[data-pictures]');
    await buyer.page.locator('[data-pictures=done]').waitFor();
    expect(await gallery.locator('img').count()).toBe(0);
    expect(asked).toEqual([]);
    await buyer.isWell();
    await gallery.locator('.note button').focus();
    await buyer.page.keyboard.press('Enter');
    await gallery.locator('.thumbnail img').nth(1).waitFor();
    expect(await sizes(buyer.page, '[data-pictures]')).toEqual([1, 2, 3].map(() => [800, 1600]));
    expect(await gallery.locator('.main-picture img').getAttribute('alt')).toContain(title);
    await gallery.locator('.thumbnail').nth(1).click();
    await gallery.locator('.thumbnail[aria-pressed=true]').waitFor();
    await buyer.isWell();
    await buyer.picture(`pictures-listing-${look.language}`);

    // Whoever wants it so has them at once.
    await buyer.go('settings');
    await buyer.page.locator('input[name=pictures]').check();
    await buyer.page.reload();
    expect(await buyer.page.locator('input[name=pictures]').isChecked()).toBe(true);
    await buyer.go('search');
    await (await buyer.finds(id ? 'kopi kintamani' : 'flores coffee', title)).click();
    await gallery.locator('.main-picture img').waitFor();
    expect(await gallery.locator('.note button').count()).toBe(0);
    await buyer.isWell();
  });

  it('go up together with the CSV file that names them, found by their names; a line whose picture is none stands back', async () => {
    await using seller = await Person.at(street.browser, street.shop, 'link', LOOKS[0] as Look);
    const { page } = seller;
    await seller.go('sell');
    await page.locator('a[href="#/import"]').click();
    const rows = [
      'sku,title,price,image',
      'g-1,Gelas besar,20000 IDR,"foto/Gelas Besar.JPG, gelas-2.jpg"',
      'g-2,Gelas kecil,10000 IDR,gelas-2.jpg',
      'g-3,Gelas pecah,1000 IDR,teks.jpg',
      'g-4,Gelas tanpa gambar,5000 IDR,',
    ];
    const csv = { name: 'gelas.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) };
    await page.locator('input[name=csv]').setInputFiles(csv);
    // Only what names no picture can go up yet, and it is said which are missing.
    await page.locator('[data-good="1"][data-faulty="3"]').waitFor();
    await page.locator('[data-missing="3"]').filter({ hasText: 'gelas-2.jpg' }).waitFor();
    const jpeg = async (name: string, colour: string) => ({
      name,
      mimeType: 'image/jpeg',
      buffer: Buffer.from(colour === '' ? 'text' : await photo(page, colour)),
    });
    await page
      .locator('input[name=pictures]')
      .setInputFiles([
        await jpeg('gelas besar.jpg', 'navy'),
        await jpeg('gelas-2.jpg', 'olive'),
        await jpeg('teks.jpg', ''),
      ]);
    await page.locator('[data-good="4"][data-faulty="0"]').waitFor();
    await seller.isWell();
    await seller.picture('import-pictures-id');
    await page.locator('button.main').click();
    await page.locator('[data-line="4"] .badge.bad').waitFor();
    await page.locator('[data-done=true]').waitFor();
    await seller.isWell();
    await page.locator('[data-line="2"] a').click();
    await page.locator('[data-pictures] .thumbnail img').nth(1).waitFor();
    expect(await sizes(page, '[data-pictures] .thumbnail')).toEqual([1, 2].map(() => [800, 1600]));
    const listed = await niaga(['listing', 'list', '--json', '--home', street.shop.home]);
    const pictures = (JSON.parse(listed.out) as { sku: string; image?: string[] }[])
      .filter(({ sku }) => sku.startsWith('g-'))
      .map(({ sku, image = [] }) => [sku, image.length]);
    expect(pictures.sort()).toEqual([
      ['g-1', 2],
      ['g-2', 1],
      ['g-4', 0],
    ]);
  });
});
