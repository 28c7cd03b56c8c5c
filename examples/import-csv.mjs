// Publishes what another program exported as CSV, whose columns have names of their own. (For a file whose columns have
// Niaga's names, `niaga publish FILE.csv` does it without a program.)
//
//   node examples/import-csv.mjs [FOLDER] [FILE.csv] [--bootstrap ADDRESS]
//
// Rows that cannot be published are told with their line and the reason; the others are published all the same.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse';
import { createNode } from 'niaga';

const STOCK = fileURLToPath(new URL('stock.csv', import.meta.url));
/** So many are handed over at a time; the file itself may be of any length. */
const BATCH = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bootstrap: { type: 'string', multiple: true } },
});
const [folder = './importer', file = STOCK] = positionals;
const local = values.bootstrap === undefined ? { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } : {};
const node = await createNode({ ...local, home: folder, bootstrap: values.bootstrap });

const counts = {};
let batch = [];
try {
  const rows = parse({ bom: true, columns: true, info: true, trim: true, skip_records_with_error: true });
  rows.on('skip', refused);
  await pipeline(createReadStream(file), rows, publishRows);
} catch (error) {
  refused(error);
}
for (const [status, count] of Object.entries(counts)) console.log(`${count} ${status}`);
// Its neighbours keep the cards: all of it is found while this node is off. To sell, run a node on the same folder.
await node.stop();

async function publishRows(rows) {
  for await (const { record, info } of rows) {
    batch.push({ line: info.lines, value: listingOf(record) });
    if (batch.length === BATCH) await publishBatch();
  }
  await publishBatch();
}

/** From the export's columns to the fields of a listing. An empty cell means "not given". */
function listingOf({ kode, nama, kelompok = '', harga = '', stok = '', keterangan }) {
  const category = kelompok.split('>').map((level) => level.trim());
  return {
    sku: kode,
    title: nama,
    description: keterangan,
    category: category.filter((level) => level !== ''),
    kind: category[0] === 'Jasa' ? 'service' : 'goods',
    price: harga === '' ? null : `${harga} IDR`,
    ...(stok !== '' && { quantity: Number(stok) }),
    inLanguage: 'id',
  };
}

async function publishBatch() {
  for await (const { line, status, error } of node.publish({ items: batch })) {
    counts[status] = (counts[status] ?? 0) + 1;
    if (error !== undefined) refused(error, `line ${line}: `);
  }
  batch = [];
}

function refused({ message }, where = '') {
  console.error(`${file}: ${where}${message}`);
  process.exitCode = 1;
}
