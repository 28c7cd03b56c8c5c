import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium } from './chromium.js';
import { Person, useStreet, type Look } from './people.js';

/** Two people trade with the page alone, each on a node of their own. */

const executable = findChromium();

const LOOKS: readonly (Look & { readonly name: string; readonly state: string })[] = [
  { name: 'phone, Indonesian', language: 'id', width: 360, height: 740, state: 'Selesai' },
  { name: 'desktop, English', language: 'en', width: 1440, height: 900, state: 'Completed' },
];

const HTML = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

describe.skipIf(executable === undefined)('the page', () => {
  const street = useStreet(executable);

  it.each(LOOKS)('lets two people trade from listing to rating: $name', async ({ state, ...look }) => {
    const id = look.language === 'id';
    const title = id ? 'Kopi Gayo 250 g' : 'Toraja coffee 250 g';
    await using seller = await Person.at(street.browser, street.shop, 'token', look);
    await using buyer = await Person.at(street.browser, street.home, 'link', look);

    // The shop sells. What strangers write is only ever text.
    await seller.sells({
      title,
      description: id ? 'Arabika, sangrai sedang.' : 'Arabica, medium roast.',
      price: id ? '85.000' : '85,000',
      quantity: '10',
      shipsTo: 'ID',
      rate: '20000',
      place: 'Yogyakarta',
      guarantee: HTML,
      refund: id ? 'Uang kembali dalam 7 hari.' : 'Money back within 7 days.',
    });
    await seller.isWell();
    await seller.picture(`sell-${look.language}`);

    // Somebody else finds it, and sees what protects them before there is a button.
    const link = await buyer.finds(id ? 'kopi gayo' : 'toraja coffee', title);
    await buyer.isWell();
    await buyer.picture(`search-${look.language}`);
    await link.click();
    await buyer.page.locator('[data-risk]').first().waitFor();
    expect(await buyer.page.locator('[data-risk]').count()).toBe(8);
    // The texts of the terms come after the listing itself, where their keepers are slow.
    await buyer.page.getByText(HTML).waitFor();
    await buyer.isWell();
    await buyer.picture(`listing-${look.language}`);

    await buyer.page.locator('[name=quantity]').fill('2');
    await buyer.page.locator('[name=address]').fill('Jl. Kaliurang 5, Sleman');
    expect(await buyer.page.locator('main').innerText()).toContain('170');
    // An offer whose answer was lost is sent again by itself, and made once.
    await buyer.losesAnswerTo('offer');
    await buyer.page.locator('section[aria-labelledby=offer] button[type=submit]').click();
    await buyer.sees('offered');
    buyer.cutOff = false;
    await buyer.isWell();
    await buyer.go('orders');
    await buyer.page.locator('main li').filter({ hasText: title }).getByRole('link').click();

    // From here on each sees what the other does, without asking.
    await seller.opens(title);
    await seller.sees('offered');
    await seller.isWell();
    await seller.takes('counter', { shipping: id ? '20.000' : '20,000' });
    await buyer.sees('countered');
    await buyer.takes('accept');
    await buyer.sees('accepted');
    await seller.sees('accepted');

    await buyer.page.locator('[name=message]').fill('Halo <b>Sari</b>');
    await buyer.page.locator('section[aria-labelledby=chat] button[type=submit]').click();
    await seller.page.getByText('Halo <b>Sari</b>').waitFor();

    // The buyer's network is gone, and the seller's node is started again: both go on where they were.
    buyer.cutOff = true;
    await buyer.offline(true);
    await buyer.sends('paid', { reference: 'BCA 0412' });
    await buyer.page.locator('form[data-form=paid] .note.bad').waitFor();
    seller.cutOff = true;
    await street.shop.kill('SIGINT');
    await seller.page.locator('[role=status] .note.bad').waitFor();
    await seller.isWell();
    await street.shop.start();
    await seller.page.locator('[role=status] .note.bad').waitFor({ state: 'detached' });
    seller.cutOff = false;
    await buyer.offline(false);
    await buyer.page.locator('form[data-form=paid] button[type=submit]').click();
    await buyer.page.locator('form[data-form=paid]').waitFor({ state: 'detached' });
    buyer.cutOff = false;
    await buyer.sees('paid');
    expect(await buyer.page.locator('[data-kind=paid]').count()).toBe(1);
    await seller.sees('paid');
    await seller.page.reload();
    await seller.sees('paid');
    await seller.page.getByText('Jl. Kaliurang 5, Sleman').waitFor();
    await seller.takes('payment-seen');
    await buyer.sees('payment-confirmed');
    await buyer.isWell();
    await buyer.picture(`order-${look.language}`);
    await seller.takes('shipped', { tracking: 'JNE123' });
    await buyer.sees('shipped');
    await buyer.page.reload();
    await buyer.takes('received');
    await seller.sees('received');
    await buyer.takes('approved');
    await buyer.sees('completed');
    await seller.sees('completed');
    expect(await seller.page.locator('[data-state]').innerText()).toBe(state);
    await buyer.takes('rating', { stars: '5', text: 'Enak' });
    await seller.page.locator('[data-kind=rating]').waitFor();
    await seller.isWell();
    await buyer.isWell();
    // What a buyer said is beside the listing from then on.
    await buyer.page.getByRole('link', { name: title, exact: true }).click();
    await buyer.page.locator('.ratings').getByText('Enak').first().waitFor();
    await buyer.isWell();

    for (const place of ['orders', 'network', 'settings']) {
      await buyer.go(place);
      await buyer.page.locator('main h2').first().waitFor();
      await buyer.isWell();
    }
  });

  it('lets a buyer choose a variant, with its price and what is left, before anything can be sent', async () => {
    const file = join(street.folder, 'kaos.ndjson');
    const variants = [
      { sku: 'kaos-m', title: 'Ukuran M', quantity: 4 },
      { sku: 'kaos-xl', title: 'Ukuran XL', price: '95000 IDR', quantity: 2 },
      { sku: 'kaos-s', title: 'Ukuran S', quantity: 0 },
    ];
    const kaos = { sku: 'kaos', title: 'Kaos polos', price: '80000 IDR', shipsTo: 'ID', variants };
    await writeFile(file, JSON.stringify(kaos));
    await street.shop.run('publish', file);
    await using buyer = await Person.at(street.browser, street.home, 'link', {
      language: 'id',
      width: 360,
      height: 740,
    });
    await (await buyer.finds('kaos polos', 'Kaos polos')).click();
    const form = buyer.page.locator('section[aria-labelledby=offer] form');
    const button = form.locator('button[type=submit]');
    await form.locator('select[name=variant]').waitFor();
    expect(await button.isDisabled()).toBe(true);
    await form.locator('select[name=variant]').selectOption('kaos-s');
    await form.getByText('Varian ini habis.').waitFor();
    expect(await button.isDisabled()).toBe(true);
    await form.locator('select[name=variant]').selectOption('kaos-xl');
    await form.locator('.price').getByText('95.000').waitFor();
    expect(await form.locator('select[name=variant] option:checked').innerText()).toMatch(
      /Ukuran XL · .*95\.000.* · stok 2/,
    );
    await buyer.isWell();
    await form.locator('[name=address]').fill('Jl. Kaliurang 5, Sleman');
    await button.click();
    await buyer.sees('offered');
    await buyer.page.getByText('(kaos-xl)').first().waitFor();
  });
});
