import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { labelPosition } from './labels.ts';
import type { Lowering } from './lowering.ts';

/** Counts times classes of one input. */
const MAX_TABLE = 1_000_000;

/**
 * The logarithm of each class's Poisson probability of a count, never below the threshold; 0 where the count is missing.
 * Beyond some count all classes are at the threshold, so that a table holds all that differ. What is no count (negative
 * or not whole) has probability 0, and so the threshold.
 */
export function lowerPoisson(
  stats: Element,
  labels: readonly string[],
  count: Register,
  threshold: number,
  lowering: Lowering,
): Register[] {
  const means = labels.map(() => Number.NaN);
  for (const stat of stats.all('TargetValueStat')) {
    const distribution =
      stat.optional('PoissonDistribution') ??
      stat.refuse('has another distribution than a Poisson one, as other classes of the field have');
    const mean = distribution.number('mean');
    if (!(mean > 0)) distribution.fail('needs a mean greater than 0');
    means[labelPosition(stat, labels, stat.string('value'))] = mean;
  }
  if (means.some(Number.isNaN)) stats.fail('has no distribution for one of the classes');
  if (!(threshold > 0))
    stats.refuse('has Poisson distributions, but the model no threshold', 'Set a threshold greater than 0.');
  const floor = Math.log(threshold);
  const rows: number[][] = [];
  const logs = means.map((mean) => -mean);
  const greatest = Math.max(...means);
  for (let k = 0; k <= greatest || logs.some((log) => log > floor); k++) {
    if (k * labels.length > MAX_TABLE) stats.refuse('has a mean too great for a table');
    rows.push(logs.map((log) => Math.max(log, floor)));
    // log p(k + 1) = log p(k) + log(mean / (k + 1)).
    means.forEach((mean, i) => {
      logs[i]! += Math.log(mean / (k + 1));
    });
  }
  const { b } = lowering;
  b.charge(rows.length * labels.length);
  const found = b.add({ kind: 'gather', inputs: [count], rows, default: floor });
  return b.select(b.map([count], { name: 'is-nan' }), [lowering.constant(0)], found);
}
