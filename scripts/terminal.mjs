#!/usr/bin/env node
// Draws docs/terminal.svg: two nodes on this machine, and what their owners' terminals show when they type. Nothing of it is written by
// hand but the commands; ids and times are of that run, so it is drawn again when the output has changed, not at every build.
//
//   npm run build && node scripts/terminal.mjs
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../dist/cli/run.js';
import { createNode } from '../dist/node/index.js';
import { ROOT } from './lib/files.mjs';

const OUT = 'docs/terminal.svg';
const COLUMNS = 128;
/** So many listings of the catalogue are published: the picture is to fit on a screen. */
const LISTINGS = 3;
const CATALOGUE = join(ROOT, 'examples/catalogue/warung-sari.ndjson');
/** Of an id the beginning is enough: as people type it. */
const ID_LENGTH = 12;
const DELIVERY_MS = 30_000;
const LOOK_EVERY_MS = 20;

const home = await mkdtemp(join(tmpdir(), 'niaga-terminal-'));
const homes = { seller: join(home, 'seller'), buyer: join(home, 'buyer') };
const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, api: '127.0.0.1:0' };
const seller = await createNode({ ...local, home: homes.seller, name: 'Warung Sari' });
const buyer = await createNode({ ...local, home: homes.buyer, name: 'Dewi', bootstrap: seller.addresses() });
const shown = [];
try {
  const file = join(home, 'kopi.ndjson');
  await writeFile(file, (await readFile(CATALOGUE, 'utf8')).split('\n').slice(0, LISTINGS).join('\n'));
  await typed('seller', `niaga publish ${file}`, 'niaga publish kopi.ndjson');
  await typed('buyer', 'niaga search kopi gayo --limit 2');
  const { hits } = await buyer.search({ words: ['kopi', 'gayo'] });
  await typed('buyer', `niaga offer ${hits[0].listing} --quantity 2`);
  await bothHaveIt();
  const [{ trade }] = (await seller.tradeList({})).items;
  const short = trade.slice(0, ID_LENGTH);
  await typed('seller', 'niaga inbox');
  await typed('seller', `niaga trade accept ${short}`);
  await bothHaveIt();
  await typed('buyer', 'niaga inbox');
  await writeFile(join(ROOT, OUT), drawn(shown));
  console.log(`${OUT}: ${shown.length} lines`);
} finally {
  await Promise.all([seller.stop(), buyer.stop()]);
  await rm(home, { recursive: true, force: true });
}

/** Runs a command as on a terminal of its own, and keeps what is to be seen of it. */
async function typed(who, line, asShown = line) {
  const [, ...words] = line.split(' ');
  let text = '';
  const screen = () =>
    Object.assign(
      new Writable({
        write(chunk, _, done) {
          text += chunk;
          done();
        },
      }),
      { columns: COLUMNS },
    );
  const stdout = Object.assign(screen(), { isTTY: true });
  const env = { NIAGA_HOME: homes[who] };
  const signal = new AbortController().signal;
  const code = await run(words, { stdin: Readable.from([]), stdout, stderr: screen(), env, signal });
  if (code !== 0) throw new Error(`${line}: exit code ${code}\n${text}`);
  shown.push(
    { who, text: asShown },
    ...text
      .trimEnd()
      .split('\n')
      .map((each) => ({ text: each })),
    { text: '' },
  );
}

async function bothHaveIt() {
  for (const end = Date.now() + DELIVERY_MS; Date.now() < end;) {
    const lists = await Promise.all([seller, buyer].map((node) => node.tradeList({})));
    if (lists.every(({ items }) => items.length > 0 && items.every(({ pending }) => pending === 0))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error('The two do not hold the same.');
}

function drawn(lines) {
  const [width, height, size] = [8.4, 19, 14];
  const kept = lines.at(-1)?.text === '' ? lines.slice(0, -1) : lines;
  const rows = kept.map(({ who, text }, at) => {
    const y = 44 + at * height;
    const prompt = who === undefined ? '' : `<tspan class="${who}">${who} $ </tspan>`;
    return `<text x="16" y="${y}" class="${who === undefined ? 'out' : 'typed'}">${prompt}${escaped(text)}</text>`;
  });
  const [w, h] = [Math.round(COLUMNS * width + 32), 44 + kept.length * height + 8];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" role="img">
<title>Two terminals: a seller publishes, a buyer searches and offers, the seller accepts</title>
<style>
text { font: ${size}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }
.out { fill: #c9d1d9 } .typed { fill: #fff } .seller { fill: #f0b429 } .buyer { fill: #5bc0be }
</style>
<rect width="${w}" height="${h}" rx="8" fill="#161b22"/>
<circle cx="20" cy="18" r="5" fill="#ff5f56"/><circle cx="38" cy="18" r="5" fill="#ffbd2e"/><circle cx="56" cy="18" r="5" fill="#27c93f"/>
${rows.join('\n')}
</svg>
`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
