import { activations } from './activations.ts';
import { arrange } from './arrange.ts';
import { casts } from './cast.ts';
import { control } from './control.ts';
import { elementwise } from './elementwise.ts';
import { encoders } from './encoders.ts';
import type { Node } from './file.ts';
import { linearModels } from './linear-models.ts';
import { maps } from './maps.ts';
import { matrix } from './matrix.ts';
import type { Operator } from './operator.ts';
import { reductions } from './reduce.ts';
import { scaling } from './scaling.ts';
import { supportVectors } from './svm.ts';
import { ownTerms, terms } from './terms.ts';
import { trees } from './trees.ts';

const { StringNormalizer, ...tables } = encoders;

/** The operators that are scored, by domain and name. */
const OPERATORS: Readonly<Record<string, ReadonlyMap<string, Operator>>> = {
  '': new Map(
    Object.entries({
      ...elementwise,
      ...activations,
      ...casts,
      ...arrange,
      ...reductions,
      ...matrix,
      ...control,
      ...terms,
      StringNormalizer: StringNormalizer!,
    }),
  ),
  'com.microsoft': new Map(Object.entries(ownTerms)),
  'ai.onnx.ml': new Map(
    Object.entries({ ...tables, ...linearModels, ...maps, ...scaling, ...supportVectors, ...trees }),
  ),
};

/** Undefined for an operator that is not scored. */
export function operatorOf({ domain, operator }: Pick<Node, 'domain' | 'operator'>): Operator | undefined {
  return OPERATORS[domain]?.get(operator);
}

/** For messages: 'Conv', 'com.microsoft.Tokenizer'. */
export function operatorName({ domain, operator }: Pick<Node, 'domain' | 'operator'>): string {
  return domain === '' || domain === 'ai.onnx.ml' ? operator : `${domain}.${operator}`;
}
