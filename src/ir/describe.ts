import type { Signature } from './signature.ts';

/** What a model's `value` means, in a few words. */
export function describeValue({ task, output }: Pick<Signature, 'task' | 'output'>): string {
  if (output.meaning !== undefined) return output.meaning;
  switch (task) {
    case 'binary':
      return `the probability of ${JSON.stringify(output.classes?.labels[1] ?? 'the positive class')}`;
    case 'multiclass':
      return 'the index of the predicted class, from 0';
    case 'clustering':
      return 'the cluster';
    case 'anomaly':
      return 'the anomaly score';
    case 'ranking':
      return 'the ranking score';
    case 'survival':
      return 'the survival prediction';
    case 'regression':
      return 'the predicted value';
  }
}
