import { readlinkSync } from 'node:fs';

/**
 * Who counts the processes of this one, by the name that Linux gives it: a container has numbers of its own, so that number 1 there is not
 * number 1 outside. Undefined where the system has one count for all.
 */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}
