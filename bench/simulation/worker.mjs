// One network, in a process of its own: argument 1 is its plan, argument 2 the seed; sends the figures to its parent.
import { measureSize } from './size.mjs';

const [plan, seed] = process.argv.slice(2);
process.send(await measureSize(JSON.parse(plan), Number(seed)));
