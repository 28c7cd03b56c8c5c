// Checks the package as others will get it: npm run package. Packs it, looks at what is in it, installs it in an empty
// folder and uses it there as a developer would; then publint, attw and knip. Goes on after a failure, says at the end
// what failed, and exits with 1 then. It needs the npm registry for the packages that Niaga depends on.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What may be in the package. All else there is a mistake in `files` of package.json, or a stale file in dist/. */
const BELONGS = [
  /^package\.json$/,
  /^(README(\.id)?|CHANGELOG|UPGRADING)\.md$/,
  /^LICENSE(-MIT|-APACHE)?$/,
  /^dist\/(node|protocol)\/.+\.(js|d\.ts)$/,
  /^dist\/bin\/((niaga|part-[A-Z0-9]{8})\.js|LICENSE-zod\.txt)$/,
  /^dist\/page\/(index\.html|worker\.js|(main|part|icon|manifest)-[A-Z0-9]{8}\.(js|css|svg|webmanifest))(\.gz|\.br)?$/,
  /^protocol\/vectors\/[\w.-]+\.(json|md)$/,
];
const NEEDED = [
  'dist/node/index.js',
  'dist/node/testing/index.js',
  'dist/protocol/index.js',
  'dist/bin/niaga.js',
  'dist/page/index.html',
  'README.md',
  'LICENSE',
];
const TIME_LIMIT = 5 * 60_000;

/** What a developer writes first. Each ends by itself. */
const LIBRARY = `
import { createNode } from 'niaga';
const node = await createNode({ home: process.argv[2], listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false });
const items = [{ value: { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price: '85000 IDR' } }];
for await (const { status } of node.publish({ items })) console.log(status);
const { hits } = await node.search({ words: ['kopi'] });
console.log('found', hits[0].title);
await node.stop();
`;
const PROTOCOL = `
import { generateKeyPairSync, sign } from 'node:crypto';
import { decode, encode, verifySignature } from 'niaga/protocol';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
const message = encode({ title: 'Kopi Gayo', quantity: 2 });
const signature = sign(null, message, privateKey);
const genuine = verifySignature(key, message, signature);
const changed = verifySignature(key, encode({ title: 'Kopi Gayo', quantity: 3 }), signature);
console.log(genuine, changed, decode(message).quantity);
`;
const TESTNET = `
import { createTestnet } from 'niaga/testing';
const testnet = await createTestnet(2);
console.log(testnet.nodes.length, 'nodes know', (await testnet.nodes[1].status({})).known);
await testnet.stop();
`;
/** Compiles only if the types arrive: with \`any\` in their place the line that must be refused would not be. */
const TYPED = `
import { createNode, type NodeOptions, type TradeView } from 'niaga';
import { decode, type Money } from 'niaga/protocol';
import { createTestnet } from 'niaga/testing';
export const options: NodeOptions = { home: './data', mdns: false };
export const price: Money = { amount: 100, currency: 'IDR' };
export const read: unknown = decode(new Uint8Array());
export const show = (trade: TradeView): string => trade.state + createTestnet.name;
// @ts-expect-error a home is text
await createNode({ home: 1 });
`;

const folder = await mkdtemp(join(tmpdir(), 'niaga-package-'));
const tarball = join(folder, 'niaga.tgz');
const user = join(folder, 'user');
const home = join(folder, 'home');
const failed = [];
try {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  if (await step('npm pack builds and packs', pack)) {
    await step('nothing is in it that does not belong there', () => listing());
    if (await step('it installs in an empty folder', install)) {
      await step('the command runs', () => command(version));
      await step('the library runs a node that publishes and finds', () =>
        program('node.mjs', LIBRARY, 'found Kopi Gayo 250 g'),
      );
      await step('the protocol signs, verifies, encodes and decodes', () =>
        program('protocol.mjs', PROTOCOL, 'true false 2'),
      );
      await step('the testnet starts', () => program('testnet.mjs', TESTNET, '2 nodes know 2'));
      await step('its types compile in a strict project', types);
    }
    await step('publint', () => tool('publint', tarball, '--strict'));
    await step('attw', () => tool('attw', tarball, '--profile', 'esm-only'));
  }
  await step('knip', () => tool('knip', '--no-progress'));
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(failed.length === 0 ? '\nThe package is as it should be.' : `\nFailed: ${failed.join('; ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs one check, tells how it went, and gives back whether it went well. */
async function step(name, check) {
  const begun = performance.now();
  let told = '';
  try {
    told = (await check()) ?? '';
  } catch (error) {
    failed.push(name);
    console.log(`✗ ${name}\n${indent(error.output ?? error.message)}`);
    return false;
  }
  console.log(
    `✓ ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)${told === '' ? '' : `\n${indent(told)}`}`,
  );
  return true;
}

async function pack() {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT);
  const { name, version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  await rename(join(folder, `${name}-${version}.tgz`), tarball);
}

/** The files of the tarball: nothing strange, nothing missing, and nothing built from a source that is gone. */
async function listing() {
  const files = (await run('tar', ['-tzf', tarball]))
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  const strange = files.filter((path) => !BELONGS.some((pattern) => pattern.test(path)));
  if (strange.length > 0) throw new Error(`should not be there: ${strange.join(', ')}`);
  const missing = NEEDED.filter((path) => !files.includes(path));
  if (missing.length > 0) throw new Error(`is missing: ${missing.join(', ')}`);
  const built = files.filter((path) => /^dist\/(node|protocol)\//.test(path));
  const stale = built.filter(
    (path) => !existsSync(join(ROOT, path.replace(/^dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts'))),
  );
  if (stale.length > 0) throw new Error(`has no source any more: ${stale.join(', ')}`);
  return `${files.length} files, ${built.length} of them built`;
}

async function install() {
  await mkdir(user);
  await writeFile(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], user);
}

async function command(version) {
  const shown = (await run('npx', ['--no-install', 'niaga', '--version'], user)).trim();
  if (shown !== version) throw new Error(`niaga --version says ${shown}, package.json ${version}`);
  const made = JSON.parse(await run('npx', ['--no-install', 'niaga', 'init', '--home', home, '--json'], user));
  if (!/^z6Mk/.test(made.trader)) throw new Error(`niaga init says ${JSON.stringify(made)}`);
  return `niaga ${shown}; niaga init: ${made.trader}`;
}

async function program(name, text, expected) {
  await writeFile(join(user, name), text.trimStart());
  const shown = (await run(process.execPath, [name, home], user)).trim();
  if (!shown.endsWith(expected)) throw new Error(`${name} was to end with "${expected}", and printed:\n${shown}`);
  return shown;
}

/** With the compiler of this project; the empty folder has none. */
async function types() {
  await writeFile(join(user, 'typed.ts'), TYPED.trimStart());
  const options = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noEmit',
    '--skipLibCheck',
    '--target',
    'es2023',
    '--module',
    'nodenext',
  ];
  await run(
    join(ROOT, 'node_modules', '.bin', 'tsc'),
    [...options, '--lib', 'es2023,dom,esnext.disposable', 'typed.ts'],
    user,
  );
}

async function tool(name, ...args) {
  const shown = await run(join(ROOT, 'node_modules', '.bin', name), args, ROOT);
  return shown.trim();
}

/** Runs a program to its end; its error carries what it printed. */
function run(file, args, cwd = ROOT) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env, timeout: TIME_LIMIT, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(Object.assign(error, { output: `${stdout}${stderr}`.trim() || error.message }));
    });
  });
}

function indent(text) {
  return text.replace(/^(?=.)/gm, '    ');
}
