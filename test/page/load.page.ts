import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { findChromium } from './chromium.js';
import { PATIENCE, Person, useStreet, type Look } from './people.js';

/** What the page costs a cheap phone, what it needs no mouse for, and what it shows while its node does not answer. */

const executable = findChromium();

const PHONE: Look = { language: 'id', width: 360, height: 740 };
const DESK: Look = { language: 'en', width: 1440, height: 900 };
const KiB = 1024;
const FIRST_LOAD = 150 * KiB;
/** A cheap phone against the machine that runs the test. */
const SLOWER = 4;

describe.skipIf(executable === undefined)('the page', () => {
  const street = useStreet(executable);

  it('loads in 150 KiB, and can soon be used on a CPU four times slower', async () => {
    await using buyer = await Person.at(street.browser, street.home, 'link', PHONE);
    const { bytes, requests, interactive } = await firstLoad(buyer.page);
    console.log(
      `first load: ${(bytes / KiB).toFixed(1)} KiB in ${requests} requests; ` +
        `can be used after ${Math.round(interactive)} ms on a CPU ${SLOWER} times slower than this one`,
    );
    expect(bytes).toBeGreaterThan(5 * KiB);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD);
    await buyer.isWell();
  });

  it('needs no mouse: past the menu, to a search, to a listing and its form', async () => {
    const title = 'Sepeda lipat biru';
    await using seller = await Person.at(street.browser, street.shop, 'link', DESK);
    await seller.sells({ title, description: 'Folds.', price: '900000', quantity: '1', shipsTo: 'ID' });
    await using buyer = await Person.at(street.browser, street.home, 'link', DESK);
    await buyer.finds('sepeda lipat', title);
    const { page } = buyer;
    await page.reload();
    await page.getByRole('link', { name: title, exact: true }).waitFor();

    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await tabTo(page, '[name=q]');
    await page.keyboard.type(' biru');
    await page.keyboard.press('Enter');
    await page.waitForURL(/biru/);
    await page.getByRole('link', { name: title, exact: true }).waitFor();
    await tabTo(page, '.hits a');
    // Where the keyboard is can be seen.
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.locator('[data-risk]').first().waitFor();
    await tabTo(page, '[name=address]');
    await page.keyboard.type('Jl. Kaliurang 5, Sleman');
    await tabTo(page, 'section[aria-labelledby=offer] button[type=submit]');
    await page.keyboard.press('Enter');
    await buyer.sees('offered');
    await buyer.isWell();
  });

  it('puts up many listings from a file, all but those with a fault; a search for them is watched until it is ended', async () => {
    await using seller = await Person.at(street.browser, street.shop, 'link', PHONE);
    await using buyer = await Person.at(street.browser, street.home, 'link', DESK);
    await seller.go('sell');
    await seller.page.locator('a[href="#/import"]').click();
    const rows = [
      'sku;title;price;currency',
      'b-1;Batik Lasem merah;350000;IDR',
      'b-2;Batik Lasem biru;banyak;IDR',
      'b-3;;1;IDR',
    ];
    await seller.page
      .locator('input[name=csv]')
      .setInputFiles({ name: 'batik.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\r\n')) });
    await seller.page.locator('[data-good="1"][data-faulty="2"]').waitFor();
    expect(await seller.page.locator('[data-line="3"]').innerText()).toContain('banyak');
    await seller.isWell();
    await seller.picture('import-id');
    await seller.page.locator('button.main').click();
    await seller.page.locator('[data-done=true]').waitFor();
    await seller.isWell();

    await buyer.finds('batik lasem', 'Batik Lasem merah');
    await buyer.page.locator('button[data-do=watch]').click();
    await buyer.page.locator('main .note.good a').click();
    await buyer.page.locator('[data-watch]').waitFor();
    await buyer.isWell();
    await buyer.picture('watches-en');
    await buyer.page.locator('[data-watch] button.stop').click();
    await buyer.page.locator('[data-watch]').waitFor({ state: 'detached' });
    await buyer.isWell();
    await buyer.go('network');
    await buyer.page.locator('.keyspace .connected').first().waitFor();
    await buyer.isWell();
    await buyer.picture('network-en');
  });

  it('shows what was last known while the node does not answer, in a tab that never signed in too', async () => {
    const title = 'Lampu meja';
    await using seller = await Person.at(street.browser, street.shop, 'link', PHONE);
    await using buyer = await Person.at(street.browser, street.home, 'link', PHONE);
    await seller.sells({ title, description: 'Terang.', price: '75.000', quantity: '3', shipsTo: 'ID' });
    await (await buyer.finds('lampu meja', title)).click();
    await buyer.page.locator('[name=address]').fill('Jl. Kaliurang 5, Sleman');
    await buyer.page.locator('section[aria-labelledby=offer] button[type=submit]').click();
    await buyer.sees('offered');
    await buyer.go('orders');
    await buyer.page.locator('main li').filter({ hasText: title }).waitFor();
    await buyer.page.evaluate('navigator.serviceWorker.ready.then(() => true)');
    // Nobody waits for that: a view shows an answer while it is still being kept.
    await expect
      .poll(() => buyer.keeps(), { timeout: PATIENCE })
      .toEqual(expect.arrayContaining(['trade.list?{"limit":50}']));
    const address = buyer.page.url();

    buyer.cutOff = true;
    await buyer.offline(true);
    await buyer.page.reload();
    const order = buyer.page.locator('main li').filter({ hasText: title });
    await order.waitFor();
    await buyer.page.locator('[data-as-of]').waitFor();
    await buyer.isWell();
    await buyer.picture('offline-id');
    await order.getByRole('link').click();
    await buyer.sees('offered');

    const tab = await buyer.page.context().newPage();
    await tab.goto(address);
    await tab.locator('main li').filter({ hasText: title }).waitFor();
    // Back online it is nobody's page until somebody signs in.
    await buyer.offline(false);
    await tab.locator('input[name=token]').waitFor();
    expect(await tab.locator('main').innerText()).not.toContain(title);
    await tab.close();
    await buyer.page.locator('[data-as-of]').waitFor({ state: 'detached' });
    buyer.cutOff = false;
    await buyer.sees('offered');
    await buyer.isWell();

    // Signing out leaves nothing behind.
    await buyer.go('settings');
    await buyer.page.locator('button[data-do=sign-out]').click();
    await buyer.page.locator('input[name=token]').waitFor();
    expect(await buyer.page.evaluate('caches.has("niaga-kept")')).toBe(false);
  });

  it('ends its token where somebody signs out: a copy of what the browser kept opens nothing; a node that cannot hear it is told of', async () => {
    const tokens = async (): Promise<string[]> => {
      const list = (await street.home.run('token', 'list')) as unknown as { name: string }[];
      return list.map(({ name }) => name);
    };
    const before = await tokens();
    await using buyer = await Person.at(street.browser, street.home, 'link', PHONE);
    const { page } = buyer;
    expect(await tokens()).toHaveLength(before.length + 1);
    const copy = String(await page.evaluate('sessionStorage.getItem("niaga.token")'));
    await buyer.go('settings');
    buyer.cutOff = true;
    await buyer.offline(true);
    await page.locator('button[data-do=sign-out]').click();
    await page.locator('[data-do=sign-out-here]').waitFor();
    await buyer.isWell();
    await buyer.offline(false);
    await page.locator('button[data-do=sign-out]').click();
    await page.locator('input[name=token]').waitFor();
    expect(await tokens()).toEqual(before);
    await page.locator('input[name=token]').fill(copy);
    await page.locator('main button[type=submit]').click();
    await page.locator('main .note.bad').waitFor();
  });
});

/** Loads the page anew, without anything that the browser keeps, on a slow CPU. Interactive: the search is there, and no script runs long. */
async function firstLoad(page: Page): Promise<{ bytes: number; requests: number; interactive: number }> {
  const session = await page.context().newCDPSession(page);
  let bytes = 0;
  let requests = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.addInitScript(`
    self.last = 0;
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) self.last = Math.max(self.last, task.startTime + task.duration);
    }).observe({ type: 'longtask', buffered: true });
    new MutationObserver((_, observer) => {
      if (document.querySelector('form[role=search]') === null) return;
      self.drawn = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  `);
  await page.reload();
  await page.locator('form[role=search]').waitFor();
  await page.evaluate('new Promise((resolve) => requestIdleCallback(resolve))');
  const interactive = await page.evaluate<number>('Math.max(self.drawn, self.last)');
  await session.detach();
  return { bytes, requests, interactive };
}

/** What has the focus, in words. */
async function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.textContent');
}

const MOST_TABS = 60;

/** Goes on by the tab key until it is there. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${selector} cannot be reached by the keyboard`);
}
