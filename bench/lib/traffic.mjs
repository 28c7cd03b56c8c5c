// What a process sends over the network, counted below everything that is measured, and so the same way for all: bytes and
// connections at its TCP sockets, messages at the streams of libp2p. Load it before libp2p.
import { subscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';

/** Milliseconds until the process has been told that its connections are gone; who watches others dials them again soon after. */
const NOTICED = 10;

const open = new Set();
let closedBytes = 0;
let dials = 0;
const messages = new Map();

function watch(socket) {
  open.add(socket);
  socket.once('close', () => {
    if (open.delete(socket)) closedBytes += socket.bytesWritten;
  });
}
subscribe('net.client.socket', ({ socket }) => {
  dials++;
  watch(socket);
});
subscribe('net.server.socket', ({ socket }) => watch(socket));

/**
 * Counts messages: what is handed to a stream at once, whatever it is split into below. An own copy of libp2p (a rival's)
 * has to be named.
 * @param {URL} [root] the folder whose node_modules is used; default that of the project
 */
export async function countMessages(root = new URL('../../', import.meta.url)) {
  const file = new URL('node_modules/@chainsafe/libp2p-yamux/dist/src/stream.js', root);
  if (!existsSync(file)) return;
  const { YamuxStream } = await import(file.href);
  const send = YamuxStream.prototype.send;
  YamuxStream.prototype.send = function (data) {
    const protocol = this.protocol || 'choosing a protocol';
    messages.set(protocol, (messages.get(protocol) ?? 0) + 1);
    return send.call(this, data);
  };
}

/**
 * Cuts a share of the connections of this process, as an interrupted network would, and waits until that is noticed.
 * With all of them gone a node would join anew.
 * @param {number} share of 1
 */
export async function cutConnections(share) {
  const every = [...open];
  const count = Math.round(every.length * share);
  // The oldest first: what was cut last time is the newest now.
  for (const socket of every.slice(0, count)) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, NOTICED));
}

/** All that was used since the start of the process. Bytes are those sent: every byte is counted once in the whole network. */
export function usage() {
  let bytes = closedBytes;
  for (const socket of open) bytes += socket.bytesWritten;
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  return {
    bytes,
    dials,
    messages: Object.fromEntries(messages),
    cpuMs: (user + system) / 1_000,
    rssMB: process.memoryUsage.rss() / 2 ** 20,
    peakMB: maxRSS / 1024,
  };
}

export function dialsSoFar() {
  return dials;
}
