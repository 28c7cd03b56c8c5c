import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Finding } from '../api/rows/doctor.js';

/** Of the node and of its API, unless said. */
const USUAL = [4101, 4180];
const TIMEOUT = 3_000;

/** Whether a running node can be spoken to where it says that it listens. */
export async function checkOwnPorts(addresses: readonly string[]): Promise<Finding> {
  const check = 'ports';
  const silent = [];
  for (const address of addresses.slice(0, 8)) {
    const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/.exec(address) ?? [];
    if (host !== undefined && !(await answers(host, Number(port)))) silent.push(`${host} port ${port}`);
  }
  if (silent.length === 0) return { check, verdict: 'ok', found: 'The node answers where it says that it listens.' };
  return {
    check,
    verdict: silent.length < addresses.length ? 'warn' : 'fail',
    found: `Nothing answers at ${silent.join(', ')}.`,
    next: 'Open the port in the firewall of this machine, or start the node again if the network has changed.',
  };
}

/** Whether a node that is to be started would have its usual ports. */
export async function checkFreePorts(): Promise<Finding> {
  const check = 'ports';
  const taken = [];
  for (const port of USUAL) if (!(await isFree(port))) taken.push(port);
  if (taken.length === 0) return { check, verdict: 'ok', found: `The ports ${USUAL.join(' and ')} are free.` };
  return {
    check,
    verdict: 'warn',
    found: `Another program has port ${taken.join(' and ')}; the node takes a free one instead.`,
    next: 'Others find a node again that listens where it did: niaga start --listen /ip4/0.0.0.0/tcp/PORT',
  };
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: TIMEOUT });
  socket.on('timeout', () => socket.destroy(new Error('timed out')));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
