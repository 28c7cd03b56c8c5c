// A process whose nodes are real ones but for their answers as index nodes: they lie as they are told (lies.mjs).
import { createNetwork } from '../../dist/node/network/index.js';
import { lying, Memory, prepare } from './lies.mjs';

let lies = [];
let made = 0;

// Every network of this process is of one class; its handlers are put in place by `handle`.
const { prototype } = createNetwork({ privateKeySeed: new Uint8Array(32).fill(1), network: 'bench' }).constructor;
const handle = prototype.handle;
const memories = new WeakMap();
prototype.handle = function (method, handler, options) {
  if (!memories.has(this)) memories.set(this, { at: made++, memory: new Memory() });
  const { at, memory } = memories.get(this);
  return handle.call(
    this,
    method,
    lying(method, handler, () => lies[at % lies.length], memory),
    options,
  );
};

const { handlers } = await import('./node-host.mjs');
/** Sets which lies the nodes tell, in turn; none: they tell the truth. */
handlers.lie = ({ names }) => {
  prepare(names);
  lies = names;
};
