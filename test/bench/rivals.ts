import { type Model, SplitTest, type Tree, type TreeEnsemble } from '../../src/ir/model.ts';

/**
 * The ways of scoring a binary ensemble without JavaScript that people write by hand or generate, in their fastest
 * form: a missing value costs them nothing, because NULL makes a comparison NULL, which counts as false.
 */

/** A function of one expression, which PostgreSQL inlines into the query that calls it. */
export function caseFunction(name: string, model: Model): string {
  const { trees, base } = ensembleOf(model);
  const sum = [String(base[0]), ...trees.map((tree) => caseNode(tree, 0))].join(' + ');
  return (
    `CREATE FUNCTION ${name}(${parameters(model)}) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE\n` +
    `RETURN 1 / (1 + exp(-(${sum})));`
  );
}

/** The same as nested IF statements. */
export function ifFunction(name: string, model: Model): string {
  const { trees, base } = ensembleOf(model);
  return (
    `CREATE FUNCTION ${name}(${parameters(model)}) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$\n` +
    `DECLARE\n  s float8 := ${base[0]};\nBEGIN\n${trees.map((tree) => ifNode(tree, 0)).join('')}` +
    'RETURN 1 / (1 + exp(-s));\nEND\n$$;'
  );
}

function ensembleOf(model: Model): TreeEnsemble {
  const [step] = model.steps;
  if (step?.kind !== 'tree-ensemble' || step.comparison !== '<=' || step.outputs !== 1)
    throw new TypeError('only a binary ensemble with float64 arithmetic');
  return step;
}

function parameters(model: Model): string {
  return model.features.map(({ name }) => `${name} float8`).join(', ');
}

function caseNode(tree: Tree, node: number): string {
  if (node < 0) return number(tree.leaves[-1 - node]!);
  const { condition, yes, no } = splitOf(tree, node);
  return `CASE WHEN ${condition} THEN ${caseNode(tree, yes)} ELSE ${caseNode(tree, no)} END`;
}

function ifNode(tree: Tree, node: number): string {
  if (node < 0) return `s := s + ${number(tree.leaves[-1 - node]!)};\n`;
  const { condition, yes, no } = splitOf(tree, node);
  return `IF ${condition} THEN\n${ifNode(tree, yes)}ELSE\n${ifNode(tree, no)}END IF;\n`;
}

/** NULL makes either condition NULL and so takes the branch `no`. */
function splitOf({ splits }: Tree, node: number): { condition: string; yes: number; no: number } {
  const value = `f${splits.feature[node]}`;
  const threshold = number(splits.threshold[node]!);
  const left = splits.left[node]!;
  const right = splits.right[node]!;
  return splits.test[node] === SplitTest.nanLeft
    ? { condition: `${value} > ${threshold}`, yes: right, no: left }
    : { condition: `${value} <= ${threshold}`, yes: left, no: right };
}

/** As a float8 constant: a plain 0.5 is numeric, to be converted when the query is planned. */
function number(value: number): string {
  return `'${value}'::float8`;
}
