/**
 * The page's service worker: it keeps the files of one build of the page, so that the page opens while its node does not answer. It
 * never touches what the page asks its node for: that is not a file, and kept by the page itself (web/api/kept.ts).
 */

/** Put in by scripts/page.mjs: paths of the page's files, whose names change with their content, and a hash of all of them. */
declare const FILES: readonly string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = 'niaga-page-';
const CACHE = PREFIX + VERSION;
const PAGE = '/';

worker.addEventListener('install', (event) => {
  event.waitUntil(fill().then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOthers().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== worker.location.origin) return;
  // The newest page that can be had; the kept one names only files that are kept with it.
  if (mode === 'navigate' && pathname === PAGE) event.respondWith(fetch(event.request).catch(() => kept(PAGE)));
  else if (FILES.includes(pathname)) event.respondWith(kept(pathname).catch(() => fetch(event.request)));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
  // The node gives the page to people, whose browsers say that they want one.
  await cache.add(new Request(PAGE, { headers: { accept: 'text/html' } }));
}

async function dropOthers(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** @throws where it is not there */
async function kept(path: string): Promise<Response> {
  const found = await caches.match(path, { cacheName: CACHE, ignoreVary: true });
  if (found === undefined) throw new Error(`${path} is not kept`);
  return found;
}
