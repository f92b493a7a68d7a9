import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import { once } from '../once.ts';
import { type Frame, numberColumn } from './frame.ts';
import { linearScore } from './linear.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

type Operations = readonly MapOperation[];

/**
 * The inverse link of score and offset, kept within the family's range.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/regression/GeneralizedLinearRegression.scala
 */
export function generalisedLinear(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const linear = linearScore(stage, frame, lowering);
  const offset = stage.has('offsetCol') ? stage.text('offsetCol') : '';
  const column = frame.column(offset);
  const score = once(() => {
    if (offset === '') return linear();
    const own = linear();
    const part = lowering.number(column(), stage);
    lowering.refuseMissing([part]);
    return b.combine('add', [own], [part.register])[0]!;
  });
  const family = familyOf(stage);
  const operations = [...inverseLink(linkOf(stage, family), stage), ...RANGES[family]];
  const value = once(
    (): Register => (operations.length === 0 ? score() : b.map([score()], ...operations)[0]!),
  );
  const link = stage.has('linkPredictionCol') ? stage.text('linkPredictionCol') : '';
  if (link !== '') frame.set(link, () => numberColumn(score(), true));
  publish({ kind: 'regression', stage, value, score }, frame, lowering);
}

type Family = keyof typeof RANGES;

const EPSILON = 1e-16;
const FINITE: Operations = [{ name: 'min', by: [Number.MAX_VALUE] }];

/** What `project` does of each family; NaN stays. */
const RANGES = {
  gaussian: [...FINITE, { name: 'max', by: [-Number.MAX_VALUE] }],
  binomial: [
    { name: 'max', by: [EPSILON] },
    { name: 'min', by: [1 - EPSILON] },
  ],
  poisson: [{ name: 'max', by: [EPSILON] }, ...FINITE],
  gamma: [{ name: 'max', by: [EPSILON] }, ...FINITE],
  tweedie: [{ name: 'max', by: [EPSILON] }, ...FINITE],
} satisfies Record<string, Operations>;

/** Tweedie of some powers are other families. */
function familyOf(stage: Stage): Family {
  const name = stage.text('family', 'gaussian').toLowerCase();
  if (!Object.hasOwn(RANGES, name)) return stage.refuse(`is of an unknown family ${name}`);
  const power = name === 'tweedie' ? stage.number('variancePower', 0) : undefined;
  if (power === 0) return 'gaussian';
  if (power === 1) return 'poisson';
  return power === 2 ? 'gamma' : (name as Family);
}

const LINKS: Readonly<Record<string, string>> = {
  gaussian: 'identity',
  binomial: 'logit',
  poisson: 'log',
  gamma: 'inverse',
};

/** The name of the link, or its power. */
function linkOf(stage: Stage, family: Family): string | number {
  if (stage.text('family', 'gaussian').toLowerCase() === 'tweedie') {
    return stage.number('linkPower', 1 - stage.number('variancePower', 0));
  }
  return stage.has('link') ? stage.text('link').toLowerCase() : LINKS[family]!;
}

function inverseLink(link: string | number, stage: Stage): Operations {
  switch (link) {
    case 'identity':
    case 1:
      return [];
    case 'log':
    case 0:
      return [{ name: 'exp' }];
    case 'inverse':
    case -1:
      return [{ name: 'reciprocal' }];
    case 'sqrt':
    case 0.5:
      return [{ name: 'square' }];
    case 'logit':
      return [{ name: 'sigmoid' }];
    case 'cloglog':
      // 1 - exp(-exp(x))
      return [
        { name: 'exp' },
        { name: 'negate' },
        { name: 'exp' },
        { name: 'negate' },
        { name: 'add', by: [1] },
      ];
    case 'probit':
      // (1 + erf(x / √2)) / 2
      return [
        { name: 'divide', by: [Math.SQRT2] },
        { name: 'erf' },
        { name: 'add', by: [1] },
        { name: 'multiply', by: [0.5] },
      ];
    default:
      if (typeof link === 'number') return [{ name: 'power', by: [1 / link] }];
      return stage.refuse(`has an unknown link ${link}`);
  }
}
