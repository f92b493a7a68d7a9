import type { Register } from '../../ir/model.ts';
import { middleOf, type Term, weighedMiddle } from './middle.ts';
import type { ModelContext } from './model-context.ts';
import { type ClassificationResult, mostProbable } from './result.ts';

/** A label's combined probability, and the probabilities that the segments which decided it have. */
interface Combined {
  readonly probability: Register;
  readonly deciding: readonly Register[];
}

/**
 * The label whose greatest, or middle, probability is the greatest of all labels' wins. The probabilities are the means
 * of those of the segments that gave the winner its own: https://dmg.org/pmml/v4-4-1/MultipleModels.html. `terms`: a
 * label's probabilities in the segments, of each label. Segments are as many for each, and count alike.
 */
export function decideByRank(
  terms: readonly (readonly Term[])[],
  labels: readonly string[],
  method: 'max' | 'median' | 'weightedMedian',
  context: ModelContext,
): ClassificationResult {
  const { lowering, precision } = context;
  const { b } = lowering;
  const combined = terms.map((own) => combine(own, method, context));
  const { predicted } = mostProbable(
    labels,
    combined.map(({ probability }) => probability),
    lowering,
  );
  const winners = b.map(
    labels.map(() => predicted),
    { name: 'compare', operator: '==', by: labels.map((_, k) => k) },
  );
  /** A list of the winner's. */
  const ofWinner = (lists: readonly (readonly Register[])[]): readonly Register[] =>
    lists.reduceRight((rest, list, k) => b.select([winners[k]!], list, rest));
  const values = ofWinner(terms.map((own) => own.map(({ value }) => value)));
  const bounds = ofWinner(combined.map(({ deciding }) => deciding));
  const counts = terms[0]!.map((term) => term.counts ?? lowering.constant(1));
  const decided = b.combine(
    'and',
    counts,
    bounds.map((bound) => b.combine('==', values, [bound])).reduce((x, y) => b.combine('or', x, y)),
  );
  const total = b.reduce('sum', decided);
  const sums = terms.map((own) => {
    const inputs = b.select(
      decided,
      own.map(({ value }) => value),
      [lowering.constant(0)],
    );
    return b.add({ kind: 'reduce', operation: 'sum', inputs, precision })[0]!;
  });
  // No prediction: 0 / 0.
  const probabilities = b.add({
    kind: 'combine',
    operation: 'divide',
    left: sums,
    right: [total],
    precision,
  });
  if (method !== 'max') {
    lowering.note(
      'The class is the one with the greatest median; the averaged probability of another one may be greater.',
    );
  }
  return { kind: 'classification', labels, predicted, probabilities };
}

function combine(
  terms: readonly Term[],
  method: 'max' | 'median' | 'weightedMedian',
  { lowering }: ModelContext,
): Combined {
  switch (method) {
    case 'max': {
      const probability = greatest(terms, lowering);
      return { probability, deciding: [probability] };
    }
    case 'median': {
      const { lower, upper } = middleOf(terms, lowering);
      return { probability: lowering.b.reduce('mean', [lower, upper]), deciding: [lower, upper] };
    }
    case 'weightedMedian': {
      const { lower } = weighedMiddle(terms, lowering);
      return { probability: lower, deciding: [lower] };
    }
  }
}

/** The greatest value that counts; NaN when nothing does, or when one of these is missing. */
export function greatest(terms: readonly Term[], lowering: ModelContext['lowering']): Register {
  const { b } = lowering;
  const low = lowering.constant(Number.NEGATIVE_INFINITY);
  const inputs = terms.map(({ value, counts }) =>
    counts === undefined ? value : b.select([counts], [value], [low])[0]!,
  );
  const found = inputs.length === 1 ? inputs[0]! : b.reduce('max', inputs);
  return b.map([found], { name: 'impute', missing: Number.NEGATIVE_INFINITY, by: [Number.NaN] })[0]!;
}
