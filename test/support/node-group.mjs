// Several nodes in one process, so that they can be killed or frozen together. First argument: JSON {homes, bootstrap, upkeep}.
// Prints one line of JSON with the nodes; then takes lines {"at": 0, "publish": […]} on standard input and answers each.
import { createInterface } from 'node:readline';
import { createNode } from '../../dist/node/index.js';

const { homes, bootstrap, upkeep } = JSON.parse(process.argv[2]);
const listen = ['/ip4/127.0.0.1/tcp/0'];
const nodes = await Promise.all(homes.map((home) => createNode({ home, listen, mdns: false, bootstrap, upkeep })));
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
print(nodes.map((node) => ({ peerId: node.peerId, trader: node.trader, addresses: node.addresses() })));

for await (const line of createInterface({ input: process.stdin })) {
  const { at, publish } = JSON.parse(line);
  const lines = [];
  for await (const answer of nodes[at].publish({ items: publish.map((value) => ({ value })) })) lines.push(answer);
  print(lines);
}
