import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Element } from './element.ts';
import { labelPosition, withDeclared } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import { isTrue, predicateIn } from './predicates.ts';
import type { Result } from './result.ts';

/** A simple rule with the register that is 1 where it fires. */
interface Rule {
  readonly element: Element;
  readonly fires: Register;
}

/** https://dmg.org/pmml/v4-4-1/RuleSet.html */
export function lowerRules(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'RuleSet');
  if (context.function !== 'classification') model.refuse('predicts no class');
  const set = model.required('RuleSet');
  set.allow('RuleSelectionMethod', 'ScoreDistribution', 'SimpleRule', 'CompoundRule');
  const rules = rulesOf(set, undefined, context);
  const criterion = (set.all('RuleSelectionMethod')[0] ?? set.fail('has no <RuleSelectionMethod>')).choice(
    'criterion',
    ['firstHit', 'weightedSum', 'weightedMax'],
  );
  const { defaultScore } = set.attributes;
  const scores = rules.map(({ element }) => element.string('score'));
  const named = defaultScore === undefined ? scores : [...scores, defaultScore];
  const labels = withDeclared(context.labels, named);
  const positions = scores.map((score, i) => labelPosition(rules[i]!.element, labels, score));
  const { lowering } = context;
  const otherwise = lowering.constant(
    defaultScore === undefined ? Number.NaN : labelPosition(set, labels, defaultScore),
  );
  if (rules.length === 0) return { kind: 'classification', labels, predicted: otherwise };
  const { b } = lowering;
  const winner = choose(criterion, rules, positions, labels, context);
  const any =
    rules.length === 1
      ? rules[0]!.fires
      : b.reduce(
          'max',
          rules.map(({ fires }) => fires),
        );
  const predicted = b.select([any], [winner.label], [otherwise])[0]!;
  const ids = rules.map(({ element }) => element.attributes.id);
  const { rule } = winner;
  if (rule === undefined || !ids.every((id) => id !== undefined))
    return { kind: 'classification', labels, predicted };
  // The default score is no rule's.
  const entities = once(() => ({
    names: ids,
    places: b.select([any], [rule], [lowering.constant(Number.NaN)]),
  }));
  return { kind: 'classification', labels, predicted, entities };
}

/** The position of the label, and that of the rule where one alone decides. */
interface Winner {
  readonly label: Register;
  readonly rule?: Register;
}

function rulesOf(parent: Element, condition: Register | undefined, context: ModelContext): Rule[] {
  const { lowering, scope } = context;
  return parent.children.flatMap((element) => {
    if (element.name !== 'SimpleRule' && element.name !== 'CompoundRule') return [];
    const predicate = predicateIn(element, scope);
    const own = isTrue(predicate, lowering);
    const fires = condition === undefined ? own : lowering.b.combine('and', [condition], [own])[0]!;
    return element.name === 'SimpleRule' ? [{ element, fires }] : rulesOf(element, fires, context);
  });
}

/** Where at least one rule fires. */
function choose(
  criterion: 'firstHit' | 'weightedSum' | 'weightedMax',
  rules: readonly Rule[],
  positions: readonly number[],
  labels: readonly string[],
  { lowering }: ModelContext,
): Winner {
  const { b } = lowering;
  const only = (rule: Register): Winner => ({ label: lowering.gather(rule, positions), rule });
  const fires = rules.map((rule) => rule.fires);
  const weights = rules.map(({ element }) => element.number('weight', 1));
  switch (criterion) {
    case 'firstHit':
      return only(b.argmax(fires));
    case 'weightedSum': {
      const named = labels.map((_, k) => k).filter((k) => positions.includes(k));
      const table = (of: (weight: number) => number): number[][] =>
        named.map((k) => weights.map((weight, i) => (positions[i] === k ? of(weight) : 0)));
      const none = named.map(() => 0);
      const sums = b.linear(fires, table(Number), none);
      const votes = b.linear(
        fires,
        table(() => 1),
        none,
      );
      // A class none of whose rules fires cannot win, not even against a weight of 0.
      const low = lowering.constant(Number.NEGATIVE_INFINITY);
      return { label: lowering.gather(b.argmax(b.select(votes, sums, [low])), named) };
    }
    case 'weightedMax': {
      const low = lowering.constant(Number.NEGATIVE_INFINITY);
      const scores = b.select(
        fires,
        weights.map((weight) => lowering.constant(weight)),
        [low],
      );
      return only(b.argmax(scores));
    }
  }
}
