import type { Register } from '../../ir/model.ts';
import { sparseProducts } from './assemblers.ts';
import { type Frame, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/** Onto each principal component, without centring. */
export function principalComponents(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    const rows = stage.row().matrix('pc');
    const inputs = lowering.registers(column(), rows.length, stage);
    return project(
      inputs,
      (rows[0] ?? []).map((_, k) => rows.map((row) => row[k]!)),
      lowering,
    );
  });
}

/** The orthonormal discrete cosine transform of the second kind, or its inverse. */
export function cosineTransform(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  const inverse = stage.flag('inverse', false);
  frame.set(stage.output, () => {
    const inputs = lowering.registers(column(), undefined, stage);
    const n = inputs.length;
    lowering.builder.charge(n * n);
    const weight = (k: number, i: number): number =>
      Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * n));
    const rows = inputs.map((_, k) => inputs.map((_, i) => (inverse ? weight(i, k) : weight(k, i))));
    return project(inputs, rows, lowering);
  });
}

function project(inputs: readonly Register[], rows: readonly (readonly number[])[], { builder }: Lowering) {
  const bias = rows.map(() => 0);
  return vectorColumn(rows.length === 0 ? [] : builder.linear(inputs, rows, bias), true);
}

/** More products than a model can take. */
const MAX_PRODUCTS = 20_000;

/**
 * All products of up to `degree` elements, repetitions included, in Spark's order: powers of the last element vary
 * slowest.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/PolynomialExpansion.scala
 */
export function polynomialExpansion(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  const degree = stage.number('degree', 2);
  frame.set(stage.output, () => {
    const inputs = lowering.registers(column(), undefined, stage);
    if (!(Number.isInteger(degree) && degree >= 1)) return stage.fail(`has degree ${degree}`);
    if (!(countProducts(inputs.length, degree) <= MAX_PRODUCTS))
      return stage.refuse(`makes more than ${MAX_PRODUCTS} products`, 'Train with a lower degree.');
    return vectorColumn(products(inputs, degree, lowering).slice(1) as Register[], true);
  });
}

/** n + degree over n, less the empty product. */
function countProducts(n: number, degree: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(n, degree); i++) count = (count * (n + degree - i + 1)) / i;
  return count - 1;
}

/** The products of up to `degree` of the inputs; undefined is the empty one, which comes first. */
function products(
  inputs: readonly Register[],
  degree: number,
  lowering: Lowering,
): readonly (Register | undefined)[] {
  let terms: readonly { readonly product: Register | undefined; readonly left: number }[] = [
    { product: undefined, left: degree },
  ];
  for (const input of [...inputs].reverse()) {
    terms = terms.flatMap(({ product, left }) => {
      const powers = [{ product, left }];
      for (let power = 1; power <= left; power++) {
        const before = powers.at(-1)!.product;
        const next = before === undefined ? input : sparseProducts([before], [input], lowering)[0]!;
        powers.push({ product: next, left: left - power });
      }
      return powers;
    });
  }
  return terms.map(({ product }) => product);
}
