/**
 * For `vi.waitFor` and `expect.poll`, whose own patience is one second: so long may a machine that does other things besides stand still
 * before what is waited for comes. Who waits in vain learns of it later, nothing else.
 */
export const PATIENCE = { timeout: 30_000, interval: 20 };
