import { readdir } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, serve } from './serve.js';

/** The built page (test/support/build.ts), served by a real node's server. */
const page = fileURLToPath(new URL('../../../dist/page/', import.meta.url));
const HTML = { accept: 'text/html,application/xhtml+xml' };
const KiB = 1024;
/** What a cheap phone loads before it shows something, compressed. */
const FIRST_LOAD = 150 * KiB;

/** The addresses in a page's text, of scripts, styles and icons. */
function named(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
}

describe('the page', () => {
  it('is what people get at the root; programs get a word of welcome', async () => {
    await using served = await serve({}, { page });
    const forPeople = await ask(served.port, 'GET', '/', HTML);
    expect(forPeople.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(forPeople.text).toContain('<title>Niaga</title>');
    const forPrograms = await ask(served.port, 'GET', '/');
    expect(forPrograms.headers['content-type']).toMatch(/^text\/plain/);
  });

  it('may load its own files only: no inline script or style, nothing from elsewhere', async () => {
    await using served = await serve({}, { page });
    const { headers, text } = await ask(served.port, 'GET', '/', HTML);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; manifest-src 'self'; connect-src 'self'; img-src 'self' blob: data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
    expect(text).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
    expect(named(text).filter((address) => !address.startsWith('/'))).toEqual([]);
  });

  it('names files by their content, which are kept for a year and come compressed as the browser likes', async () => {
    await using served = await serve({}, { page });
    const addresses = named((await ask(served.port, 'GET', '/', HTML)).text);
    expect(addresses.map((address) => address.replace(/-[A-Z0-9]{8}\./, '-HASH.')).sort()).toEqual([
      '/icon-HASH.svg',
      '/main-HASH.css',
      '/main-HASH.js',
      '/manifest-HASH.webmanifest',
    ]);
    for (const address of addresses) {
      const plain = await askBytes(served.port, address);
      expect(plain.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      const gzip = await askBytes(served.port, address, 'gzip, deflate');
      expect(gzip.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true);
      const brotli = await askBytes(served.port, address, 'gzip, br;q=1.0');
      expect(brotli.headers['content-encoding']).toBe('br');
      expect(brotliDecompressSync(brotli.bytes).equals(plain.bytes)).toBe(true);
      expect((await askBytes(served.port, address, 'br;q=0')).headers['content-encoding']).toBeUndefined();
    }
  });

  it('can be installed, and opened while the node does not answer: its worker keeps the files of this build', async () => {
    await using served = await serve({}, { page });
    const { text } = await ask(served.port, 'GET', '/', HTML);
    const addresses = named(text);
    const manifest = await ask(served.port, 'GET', addresses.find((one) => one.endsWith('.webmanifest')) ?? '');
    expect(manifest.headers['content-type']).toBe('application/manifest+json');
    const { start_url, icons } = JSON.parse(manifest.text) as { start_url: string; icons: { src: string }[] };
    expect(start_url).toBe('/');
    expect(addresses).toContain(icons[0]?.src);
    const worker = await ask(served.port, 'GET', '/worker.js');
    expect(worker.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      // A newer build is met under the same name.
      'cache-control': 'no-cache',
    });
    for (const address of addresses) expect(worker.text).toContain(address);
  });

  it('loads in 150 KiB or less', async () => {
    await using served = await serve({}, { page });
    const { text } = await ask(served.port, 'GET', '/', HTML);
    let size = 0;
    for (const address of ['/', ...named(text)])
      size += (await askBytes(served.port, address, 'gzip', HTML.accept)).bytes.length;
    expect(size).toBeGreaterThan(5 * KiB);
    expect(size).toBeLessThan(FIRST_LOAD);
  });

  it('is all that is served: no path leads out of its folder', async () => {
    await using served = await serve({}, { page });
    const [script = ''] = (await readdir(page)).filter((name) => name.endsWith('.js'));
    const paths = [
      '/../../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/..\\..\\package.json',
      `/x/../${script}/../../../package.json`,
      '//etc/passwd',
      '/%00',
      '/index.html',
      `/${script}.gz`,
      `/${script}/`,
      `/page/${script}`,
      '/constructor',
      '/__proto__',
    ];
    for (const path of paths) {
      const reply = await ask(served.port, 'GET', path, HTML);
      // 400 is of the server below, for what is no address at all.
      expect([400, 404], path).toContain(reply.status);
      expect(reply.text, path).not.toMatch(/"name"|root:|<title>/);
    }
    expect((await ask(served.port, 'POST', `/${script}`)).status).toBe(404);
  });

  it('is not given to another host or another page', async () => {
    await using served = await serve({}, { page });
    expect((await ask(served.port, 'GET', '/', { ...HTML, host: 'evil.example' })).status).toBe(403);
    expect((await ask(served.port, 'GET', '/', { ...HTML, origin: 'http://evil.example' })).status).toBe(403);
  });

  it('is no reason not to start where it was not built', async () => {
    await using served = await serve({}, { page: `${page}none` });
    expect((await ask(served.port, 'GET', '/', HTML)).text).toContain('Niaga 0.0.0-test');
  });
});

/** As `ask`, with the body as the bytes that came: `fetch` would decompress them. */
function askBytes(
  port: number,
  path: string,
  encoding = 'identity',
  accept = '*/*',
): Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }> {
  const headers = { 'accept-encoding': encoding, accept };
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
