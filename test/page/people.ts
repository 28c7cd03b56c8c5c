import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { NodeProcess, temporaryFolder } from '../support/processes.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A loaded machine is many times slower; what is waited for comes at once on a quiet one. */
export const PATIENCE = 90_000;

export interface Look {
  readonly language: 'id' | 'en';
  readonly width: number;
  readonly height: number;
}

async function openBrowser(executablePath: string): Promise<Browser> {
  const root = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] });
}

/** A node with a name, running, whose page can be opened; one that is started again has its page at the same address. */
async function startNode(home: string, name: string, bootstrap: readonly string[] = []): Promise<NodeProcess> {
  const node = new NodeProcess(home, bootstrap);
  await node.run('init', '--name', name);
  await node.start();
  node.api = new URL(await addressOf(node)).host;
  return node;
}

/** The nodes of a file's tests, which know each other, and the browser that opens their pages. */
export interface Street {
  readonly browser: Browser;
  readonly folder: string;
  readonly shop: NodeProcess;
  readonly home: NodeProcess;
  /** Of a third person, where one was asked for. */
  readonly office: NodeProcess;
}

/** Starts them before the tests of the `describe` around, and ends them afterwards. What it gives can be looked at within tests only. */
export function useStreet(executablePath: string | undefined, { office = false } = {}): Street {
  const street: { -readonly [Key in keyof Street]?: Street[Key] } = {};
  let folder: Awaited<ReturnType<typeof temporaryFolder>> | undefined;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const at = (name: string): string => join(street.folder ?? '', name);
    street.folder = folder.path;
    street.shop = await startNode(at('shop'), 'Warung Sari');
    const { addresses } = street.shop;
    const [home, third] = await Promise.all([
      startNode(at('home'), 'Dewi', addresses),
      office ? startNode(at('office'), 'Pak Budi', addresses) : undefined,
    ]);
    street.home = home;
    if (third !== undefined) street.office = third;
    street.browser = await openBrowser(executablePath ?? '');
  });
  afterAll(async () => {
    await street.browser?.close();
    const nodes = [street.shop, street.home, street.office].filter((node) => node !== undefined);
    await Promise.all(nodes.map((node) => node.kill('SIGINT')));
    await folder?.remove();
  });
  return street as Street;
}

/** Of a node's page. */
async function addressOf(node: NodeProcess): Promise<string> {
  const { url } = JSON.parse(await readFile(join(node.home, 'main', 'api.json'), 'utf8')) as { url: string };
  return url;
}

/** Somebody who has the page of a node open. Nothing is waited for by time: only for what is shown. */
export class Person implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** What the browser complained of: scripts that failed, and what the page's policy kept from loading. */
  readonly complaints: string[] = [];
  /** The connection to the node is broken on purpose: that the browser notes it is no complaint. */
  cutOff = false;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() !== 'error' || (this.cutOff && message.text().includes('net::ERR_'))) return;
      // That nothing is known of a trader is an answer, which a browser notes as an error.
      if (!message.location().url.endsWith('/v1/trader.show'))
        this.complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens the page of a node: by the link of `niaga open`, or with a token that outlives the node's next start. */
  static async at(browser: Browser, node: NodeProcess, by: 'link' | 'token', look: Look): Promise<Person> {
    const { language, width, height } = look;
    const context = await browser.newContext({
      viewport: { width, height },
      locale: language === 'id' ? 'id-ID' : 'en-GB',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const person = new Person(context, page);
    if (by === 'link') {
      await page.goto(String((await node.run('open'))['url']));
    } else {
      const { token } = await node.run('token', 'create', `tab-${language}`, '--scope', 'admin');
      await page.goto(await addressOf(node));
      await page.locator('input[name=token]').waitFor();
      await person.isWell();
      await page.locator('input[name=token]').fill(String(token));
      await page.locator('main button[type=submit]').click();
    }
    await page.locator('form[role=search]').waitFor();
    expect(page.url()).not.toContain('code=');
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    return person;
  }

  async go(place: string): Promise<void> {
    await this.page.locator(`nav a[href="#/${place}"]`).click();
  }

  /** Opens the form of a step and sends it with these fields. */
  async takes(step: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.sends(step, fields);
    await this.page.locator(`form[data-form="${step}"]`).waitFor({ state: 'detached' });
  }

  /** Fills in the form of a step and sends it, whatever becomes of it. */
  async sends(step: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.opensStep(step);
    const form = this.page.locator(`form[data-form="${step}"]`);
    for (const [name, value] of Object.entries(fields)) {
      const field = form.locator(`[name="${name}"]`);
      if (name === 'stars') await field.selectOption(value);
      else await field.fill(value);
    }
    await form.locator('button[type=submit]').click();
  }

  /** Opens the form of a step: some stand behind “other steps”. */
  async opensStep(step: string): Promise<void> {
    const button = this.page.locator(`button[data-step="${step}"]`);
    await button.waitFor({ state: 'attached' });
    if (!(await button.isVisible())) await this.page.locator('details[data-steps] summary').click();
    await button.click();
  }

  /** Without a network, as on a bus. */
  async offline(without: boolean): Promise<void> {
    await this.#context.setOffline(without);
  }

  /** What the page keeps of the node's answers, each as `<operation>?<input>`. */
  async keeps(): Promise<string[]> {
    const script = 'caches.open("niaga-kept").then((cache) => cache.keys()).then((all) => all.map(({ url }) => url))';
    const urls = await this.page.evaluate<string[]>(script);
    return urls.map((url) => decodeURIComponent(url.slice(url.indexOf('/kept/') + '/kept/'.length)));
  }

  async sees(state: string): Promise<void> {
    await this.page.locator(`[data-state="${state}"]`).waitFor();
  }

  /** The next answer to an operation is lost on its way back: the node has done it, and the page does not know. */
  async losesAnswerTo(operation: string): Promise<void> {
    this.cutOff = true;
    // What goes by way of the service worker may pass the browser's interception by.
    const session = await this.#context.newCDPSession(this.page);
    await session.send('Network.enable');
    await session.send('Network.setBypassServiceWorker', { bypass: true });
    await this.page.route(
      `**/v1/${operation}`,
      async (route) => {
        await route.fetch();
        await route.abort('connectionreset');
      },
      { times: 1 },
    );
  }

  /** Puts something up for sale, with the fields of the form that are given. */
  async sells(fields: Readonly<Record<string, string>>): Promise<void> {
    await this.go('sell');
    await this.page.locator('details summary').first().click();
    const form = this.page.locator('form[data-form=sell]');
    for (const [name, value] of Object.entries(fields)) await form.locator(`[name="${name}"]`).fill(value);
    await form.locator('input[value=bank-transfer]').check();
    await this.isWell();
    await form.locator('button[type=submit]').click();
    await form.locator('.note.good').waitFor();
    await this.page
      .locator('main li')
      .filter({ hasText: fields['title'] ?? '' })
      .waitFor();
  }

  /** Chooses the one arbiter whom the network knows of, as soon as the page has heard of one. */
  async choosesArbiter(): Promise<void> {
    const list = this.page.locator('select[name=arbiter]');
    await list.waitFor();
    await list.selectOption({ index: 1 });
  }

  /** Opens an order from the list of orders. */
  async opens(title: string): Promise<void> {
    await this.go('orders');
    await this.page.locator('main li').filter({ hasText: title }).first().getByRole('link').click();
  }

  /** Searches until the title is found: what was just published is on its way. */
  async finds(words: string, title: string): Promise<Locator> {
    const link = this.page.getByRole('link', { name: title, exact: true });
    const answered = this.page.locator('[data-coverage]');
    const end = Date.now() + PATIENCE;
    for (;;) {
      await this.page.locator('input[name=q]').fill(words);
      const asked = this.page.waitForResponse((response) => response.url().endsWith('/v1/search'));
      await this.page.locator('form[role=search] button[type=submit]').click();
      await asked;
      await answered.waitFor();
      if ((await link.count()) > 0) return link;
      if (Date.now() > end) throw new Error(`${title} was not found`);
      await this.go('orders');
      await this.go('search');
    }
  }

  /** axe finds nothing, nothing is wider than the window, and the browser complained of nothing. */
  async isWell(): Promise<void> {
    await this.page.evaluate(axe);
    const found = await this.page.evaluate<string[]>(
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))',
    );
    expect(found).toEqual([]);
    expect(await this.page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
    expect(this.complaints).toEqual([]);
  }

  async picture(name: string): Promise<void> {
    if (process.env['NIAGA_PICTURES'] === undefined) return;
    await this.page.evaluate('window.scrollTo(0, 0)');
    await this.page.screenshot({ path: join(process.env['NIAGA_PICTURES'], `${name}.png`) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
