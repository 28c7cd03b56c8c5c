// Requests at a fixed rate, whatever the node does: one that is late makes the next ones late, and that counts.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Requests are sent in ticks of so many milliseconds, as many as are due by then. */
const TICK = 4;
/** Connections that are kept; more requests than that on their way wait, and their waiting counts. */
const SOCKETS = 64;

/**
 * Sends requests for so long; gives each one's milliseconds from when it was due to the end of its answer, and what failed.
 * @param {{url: string, token: string, rate: number, seconds: number, next: (number: number) => {name: string, path: string, input: object}}} given
 * @returns {Promise<{done: {name: string, at: number, ms: number}[], errors: {name: string, why: string}[]}>} `at`: ms after the start
 */
export async function load({ url, token, rate, seconds, next }) {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const done = [];
  const errors = [];
  const under = new Set();
  const begun = performance.now();
  const total = rate * seconds;
  for (let sent = 0; sent < total; await sleep(TICK)) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * rate));
    for (; sent < due; sent++) {
      const at = (sent / rate) * 1_000;
      const { name, path, input } = next(sent);
      const one = post({ url, token, agent, path, input })
        .then(
          () => done.push({ name, at, ms: performance.now() - begun - at }),
          (error) => errors.push({ name, why: error.message }),
        )
        .finally(() => under.delete(one));
      under.add(one);
    }
  }
  await Promise.all(under);
  agent.destroy();
  return { done, errors };
}

function post({ url, token, agent, path, input }) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(input);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const asked = request(new URL(path, url), { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text.slice(0, 200)}`)),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
