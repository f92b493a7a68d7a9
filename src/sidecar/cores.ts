import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Where the kernel says how much processor time this container gets: version 2 of cgroups, and version 1. */
const CGROUP_FILES = [
  ['/sys/fs/cgroup/cpu.max'],
  ['/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '/sys/fs/cgroup/cpu/cpu.cfs_period_us'],
] as const;

/**
 * Cores that this process may keep busy: those of the machine that it may run on, or what its container is limited to,
 * rounded up. A container of 2 cores on a machine of 64 must not start 64 workers.
 */
export function coresGranted(read: (path: string) => string = readText): number {
  const limits = CGROUP_FILES.map((paths) => quotaOf(paths.map(read).join(' ')));
  return Math.max(1, Math.min(availableParallelism(), ...limits.map(Math.ceil)));
}

/** `quota period` in microseconds; no limit where there is no positive quota. */
function quotaOf(text: string): number {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  const cores = quota! / period!;
  return cores > 0 ? cores : Infinity;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
