import { describe, expect, it } from 'vitest';
import { findChromium } from './chromium.js';
import { Person, useStreet, type Look } from './people.js';

/** A buyer, a seller and the arbiter whom their contract names, each with the page of a node of their own. */

const executable = findChromium();

const PHONE: Look = { language: 'id', width: 360, height: 740 };
const DESK: Look = { language: 'en', width: 1440, height: 900 };

describe.skipIf(executable === undefined)('a dispute on the page', () => {
  const street = useStreet(executable, { office: true });

  it('is opened with a picture as evidence, heard and ruled at the arbiter’s desk, and carried out', async () => {
    const title = 'Madu hutan 500 ml';
    await using seller = await Person.at(street.browser, street.shop, 'link', PHONE);
    await using buyer = await Person.at(street.browser, street.home, 'link', PHONE);
    await using arbiter = await Person.at(street.browser, street.office, 'link', DESK);

    await arbiter.go('orders');
    await arbiter.page.locator('a[href="#/arbiter"]').click();
    const offering = arbiter.page.locator('form[data-form=arbiter]');
    await offering.locator('[name=fee]').fill('25,000');
    await offering.locator('[name=terms]').fill('A ruling within a week.');
    await arbiter.isWell();
    await offering.locator('button[type=submit]').click();
    await arbiter.page.locator('[data-offer=open]').waitFor();

    await seller.sells({ title, description: 'Satu botol.', price: '120.000', quantity: '5', shipsTo: 'ID' });
    const link = await buyer.finds('madu hutan', title);
    await link.click();
    await buyer.choosesArbiter();
    await buyer.page.locator('[name=address]').fill('Jl. Kaliurang 5, Sleman');
    await buyer.page.locator('section[aria-labelledby=offer] button[type=submit]').click();
    await buyer.sees('offered');
    await seller.opens(title);
    await seller.takes('accept');
    await buyer.sees('accepted');
    // The arbiter's node has agreed by itself.
    await buyer.page.locator('[data-kind=consent]').waitFor();
    await buyer.takes('paid', { reference: 'BCA 0413' });
    await seller.sees('paid');
    await seller.takes('payment-seen');
    await seller.sees('payment-confirmed');
    await seller.takes('shipped', { tracking: 'JNE124' });
    await buyer.sees('shipped');

    await buyer.opensStep('dispute');
    const form = buyer.page.locator('form[data-form=dispute]');
    await form.locator('[name=why]').fill('Botolnya pecah <b>di jalan</b>');
    await form.locator('[name=refund]').fill('120.000');
    await form.locator('[name=files]').setInputFiles({
      name: 'botol.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from('a picture of a broken bottle'),
    });
    await buyer.isWell();
    await form.locator('button[type=submit]').click();
    await buyer.sees('disputed');
    await seller.sees('disputed');
    await seller.takes('statement', { text: 'Dikirim dalam keadaan utuh.' });
    await buyer.page.getByText('Dikirim dalam keadaan utuh.').waitFor();
    await buyer.page.locator('button[data-do=disclose]').click();
    await buyer.page.locator('[data-done=disclose]').waitFor();
    await buyer.isWell();

    // The desk tells of the case by itself.
    const mine = arbiter.page.locator('main li').filter({ hasText: title }).getByRole('link');
    await mine.waitFor();
    await arbiter.isWell();
    await arbiter.picture('arbiter-en');
    await mine.click();
    await arbiter.sees('disputed');
    await arbiter.page.getByText('Botolnya pecah <b>di jalan</b>').waitFor();
    await arbiter.page.getByRole('button', { name: 'Save botol.jpg' }).waitFor();
    await arbiter.opensStep('ruling');
    await arbiter.isWell();
    await arbiter.picture('case-en');
    await arbiter.page.locator('form[data-form=ruling] button:not([type=submit])').click();
    await arbiter.takes('ruling', { refund: '60,000', why: 'Half of it could be saved.' });

    await seller.sees('refund-due');
    await seller.takes('refunded', { reference: 'BCA 0414' });
    await buyer.page.locator('[data-kind=refunded]').waitFor();
    await buyer.takes('refund-seen');
    await buyer.page.locator('[data-kind=refund-seen]').waitFor();
    await buyer.isWell();
    expect(await buyer.page.locator('[data-kind=ruling]').innerText()).toContain('Half of it could be saved.');
  });
});
