import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { NodeProcess } from '../support/processes.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A loaded machine is many times slower; what is waited for comes at once on a quiet one. */
const PATIENCE = 90_000;

export interface Look {
  readonly language: 'id' | 'en';
  readonly width: number;
  readonly height: number;
}

export async function openBrowser(executablePath: string): Promise<Browser> {
  const root = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] });
}

/** A node with a name, running, whose page can be opened. */
export async function startNode(home: string, name: string, bootstrap: readonly string[] = []): Promise<NodeProcess> {
  const node = new NodeProcess(home, bootstrap);
  await node.run('init', '--name', name);
  return node.start();
}

/** Somebody who has the page of a node open. Nothing is waited for by time: only for what is shown. */
export class Person implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** What the browser complained of: scripts that failed, and what the page's policy kept from loading. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      // That nothing is known of a trader is an answer, which a browser notes as an error.
      if (message.type() === 'error' && !message.location().url.endsWith('/v1/trader.show'))
        this.complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens the page of a node: by the link of `niaga open`, or with the token from the file of the API. */
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
      const file = await readFile(join(node.home, 'main', 'api.json'), 'utf8');
      const { url, token } = JSON.parse(file) as Record<string, string>;
      await page.goto(`${url}/`);
      await page.locator('input[name=token]').waitFor();
      await person.isWell();
      await page.locator('input[name=token]').fill(token ?? '');
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
    await this.page.locator(`button[data-step="${step}"]`).click();
    const form = this.page.locator(`form[data-form="${step}"]`);
    for (const [name, value] of Object.entries(fields)) {
      const field = form.locator(`[name="${name}"]`);
      if (name === 'stars') await field.selectOption(value);
      else await field.fill(value);
    }
    await form.locator('button[type=submit]').click();
    await form.waitFor({ state: 'detached' });
  }

  async sees(state: string): Promise<void> {
    await this.page.locator(`[data-state="${state}"]`).waitFor();
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
