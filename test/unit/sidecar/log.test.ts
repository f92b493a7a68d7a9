import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TroubleLog } from '../../../src/sidecar/log.ts';
import { Lines, loggerTo } from '../../harness/sidecar.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a trouble is one line when it begins and one when it has stayed away', () => {
  const lines = new Lines();
  const troubles = new TroubleLog(loggerTo(lines), 1000);
  for (let i = 0; i < 500; i++) troubles.begin('database', `refused ${i}`);
  expect(lines.all).toMatchObject([{ level: 40, trouble: 'database', msg: 'refused 0' }]);
  expect(troubles.current).toEqual(['database']);
  troubles.end('database', 'back');
  troubles.end('database', 'back');
  expect(troubles.current).toEqual([]);
  expect(lines.all).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(lines.all.slice(1)).toMatchObject([{ level: 30, trouble: 'database', times: 500, msg: 'back' }]);
});

test('one that comes and goes is one trouble', () => {
  const lines = new Lines();
  const troubles = new TroubleLog(loggerTo(lines), 1000);
  for (let i = 0; i < 100; i++) {
    troubles.begin('database', 'refused');
    troubles.end('database', 'back');
    vi.advanceTimersByTime(999);
  }
  expect(lines.all).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(lines.all).toHaveLength(2);
});

test('troubles of different names are apart; an end without a beginning is silent', () => {
  const lines = new Lines();
  const troubles = new TroubleLog(loggerTo(lines), 1000);
  troubles.end('binding 1', 'good');
  troubles.begin('binding 1', 'bad');
  troubles.begin('binding 2', 'worse');
  vi.advanceTimersByTime(5000);
  expect(lines.all.map(({ msg }) => msg)).toEqual(['bad', 'worse']);
});
