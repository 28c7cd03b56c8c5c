import { expect, it, onTestFinished } from 'vitest';
import { pidNamespace } from '../../node/pid-namespace.js';
import { jsonLines, niaga, serveHome } from './cli.js';

/** What the node says of itself: the process of the test is the one that its file names. */
it.each([
  ['has another number', { pid: process.pid + 1, pidNamespace: pidNamespace() }],
  ['has the same number in a container', { pid: process.pid, pidNamespace: 'pid:[1]' }],
])('niaga stop signals nobody where the process that answers %s', async (_, itself) => {
  let signals = 0;
  const onSignal = (): void => void signals++;
  process.on('SIGTERM', onSignal);
  onTestFinished(() => void process.off('SIGTERM', onSignal));
  await using at = await serveHome({ status: async () => itself as never });
  const ran = await niaga(['stop', '--json', '--home', at.home]);
  expect([ran.code, ran.out]).toEqual([6, '']);
  expect(jsonLines(ran.err)).toMatchObject([
    {
      error: { code: 'PROCESS_ELSEWHERE', next: expect.stringContaining('docker exec CONTAINER niaga stop') as string },
    },
  ]);
  expect(signals).toBe(0);
});
