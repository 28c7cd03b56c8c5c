import type { Finding } from '../api/rows/doctor.js';
import type { Mail } from '../mail/index.js';
import type { Network } from '../network/index.js';

const hour = 60 * 60 * 1000;
/** What lies here for so long, and in no mailbox, is stuck. */
const STUCK = hour;

type Reached = Pick<Network, 'addresses' | 'connections' | 'metrics'>;

const LOOPBACK = /^\/ip4\/127\.|^\/ip6\/::1\//;

export function checkPeers(network: Reached): Finding {
  const peers = network.connections().length;
  if (peers > 0) return { check: 'peers', verdict: 'ok', found: `${peers} other nodes are connected.` };
  const next = 'Join through a node that you know: niaga start --bootstrap ADDRESS';
  return { check: 'peers', verdict: 'warn', found: 'No other node is connected.', next };
}

/** Whether others can connect to this node: nobody knows better than those who did. */
export function checkReachability(network: Reached): Finding {
  const check = 'reachability';
  const addresses = network.addresses();
  if (addresses.length === 0) {
    const next = 'Start with an address to listen on: niaga start --listen /ip4/0.0.0.0/tcp/4101';
    return { check, verdict: 'fail', found: 'The node listens nowhere.', next };
  }
  if (addresses.every((address) => LOOPBACK.test(address))) {
    const next = 'niaga start --listen /ip4/0.0.0.0/tcp/4101';
    return { check, verdict: 'warn', found: 'Only programs on this machine can reach the node.', next };
  }
  const inbound = network.metrics()['connections_in'] ?? 0;
  if (inbound > 0) return { check, verdict: 'ok', found: `${inbound} other nodes have connected to this one.` };
  return {
    check,
    verdict: 'warn',
    found: 'No other node has connected to this one; it connects to others, and takes part all the same.',
    next: 'Behind a router, forward the port on which the node listens to this machine; in a firewall, open it.',
  };
}

/** What this node has sent and nobody took. */
export function checkMessages(mail: Pick<Mail, 'waiting'>, now: number): Finding {
  const waiting = mail.waiting();
  const refused = waiting.filter(({ state }) => state === 'refused').length;
  const stuck = waiting.filter(({ state, since }) => state === 'queued' && now - since > STUCK).length;
  if (refused === 0 && stuck === 0) {
    return { check: 'messages', verdict: 'ok', found: `Nothing is stuck; ${waiting.length} messages are under way.` };
  }
  const found = [
    ...(stuck > 0 ? [`${stuck} messages have waited for more than an hour, and no mailbox took them.`] : []),
    ...(refused > 0 ? [`${refused} messages were refused by those whom they are for.`] : []),
  ].join(' ');
  const next = refused > 0 ? 'See niaga inbox; take out what you know: niaga inbox clear' : 'See niaga inbox';
  return { check: 'messages', verdict: 'warn', found, next };
}
