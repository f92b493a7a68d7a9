import { withLock } from '../../src/db/local/lock.ts';

/** One process at a time where pgscore's lock works, which is on Linux; elsewhere as it comes. */
export function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  return process.platform === 'linux' ? withLock(name, work) : work();
}
