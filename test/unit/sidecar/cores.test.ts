import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { coresGranted } from '../../../src/sidecar/cores.ts';

const V2 = '/sys/fs/cgroup/cpu.max';
const V1_QUOTA = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
const V1_PERIOD = '/sys/fs/cgroup/cpu/cpu.cfs_period_us';
const all = availableParallelism();

test.each([
  ['no cgroup', {}, all],
  ['no limit', { [V2]: 'max 100000\n' }, all],
  ['half a core', { [V2]: '50000 100000\n' }, 1],
  ['one core and a half', { [V2]: '150000 100000\n' }, Math.min(all, 2)],
  ['more than there are', { [V2]: '99900000 100000\n' }, all],
  ['version 1, no limit', { [V1_QUOTA]: '-1\n', [V1_PERIOD]: '100000\n' }, all],
  ['version 1, one core', { [V1_QUOTA]: '100000\n', [V1_PERIOD]: '100000\n' }, 1],
  ['something else', { [V2]: 'what is this' }, all],
])('%s', (_, files: Record<string, string>, expected) => {
  expect(coresGranted((path) => files[path] ?? '')).toBe(expected);
});
