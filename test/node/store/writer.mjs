// A process of its own that writes to a store until it is killed or the disk is full.
//   node writer.mjs PATH FROM [BYTES]
// Each write puts its number into two tables; a number is printed when its write was acknowledged.
import { writeSync } from 'node:fs';
import { createStore, rawCodec } from '../../../dist/node/store/index.js';

const [path, from, bytes = '200'] = process.argv.slice(2);
const IN_FLIGHT = 16;

const store = createStore({ path });
await store.start();
const left = store.table('left', rawCodec);
const right = store.table('right', rawCodec);
const value = new Uint8Array(Number(bytes)).fill(7);

let next = Number(from);
let failure;

async function work() {
  while (failure === undefined) {
    const key = String(next++);
    try {
      await store.write([left.put(key, value), right.put(key, value)], { sync: Number(key) % 4 !== 0 });
      writeSync(1, `${key}\n`);
    } catch (error) {
      failure = error;
    }
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, work));
const again = await store.write([left.put('again', value)]).catch((error) => error);
const nothing = await store.write([]).catch((error) => error);
writeSync(1, `failed ${failure.code} ${again?.code} ${nothing?.code}\n`);
await store.stop();
