import type { CountTerms } from '../../ir/model.ts';
import { multiplied } from './elementwise.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, tensorAt } from './operator.ts';
import { type Element, type Tensor, type Terms, tensor } from './value.ts';

/** Operators that split texts into terms and count these. */
export const terms: Readonly<Record<string, Operator>> = { TfIdfVectorizer: termCounts };

/** Those of onnxruntime's own domain. */
export const ownTerms: Readonly<Record<string, Operator>> = { Tokenizer: tokenizer };

/** A class of ASCII characters, once or more: RE2 and JavaScript agree on it. */
const WORD_PATTERN = /^\[(?:[A-Za-z0-9_ ]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9])+\]\+$/;

/** Joins the terms of a run: no text of PostgreSQL holds it. */
const SEPARATOR = '\0';

/** https://github.com/microsoft/onnxruntime/blob/v1.20.0/docs/ContribOperators.md#com.microsoft.Tokenizer */
function tokenizer(call: Call): readonly Terms[] {
  const x = tensorAt(call, 0);
  const { attributes } = call;
  const [element] = x.elements;
  if (x.type !== 'string' || x.elements.length !== 1 || element === undefined) {
    throw new UnsupportedNode(`it splits ${x.elements.length} texts of a row at once`);
  }
  if (typeof element !== 'object' || element.kind !== 'text') {
    throw new UnsupportedNode('it splits a text that the row does not bring');
  }
  const pattern = attributes.text('tokenexp', '');
  if (!WORD_PATTERN.test(pattern)) {
    throw new UnsupportedNode(
      pattern === ''
        ? 'it splits at separators'
        : `it splits by the pattern ${JSON.stringify(pattern.slice(0, 60))}, which is more than one class of ASCII characters`,
    );
  }
  if (attributes.flag('mark', false)) throw new UnsupportedNode('it marks where texts begin and end');
  return [
    {
      kind: 'terms',
      feature: element.feature,
      text: element.changes ?? [],
      split: { by: 'match', pattern },
      terms: [{ name: 'drop-short', least: attributes.int('mincharnum', 1) }],
      padding: attributes.text('pad_value', ''),
    },
  ];
}

interface Pool {
  /** Runs of terms, and the column of each. */
  readonly runs: readonly string[];
  readonly columns: readonly number[];
  readonly weights: readonly number[];
  readonly width: number;
}

/** https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html */
function termCounts(call: Call): readonly Tensor[] {
  const [input] = call.inputs;
  if (input?.kind !== 'terms') throw new UnsupportedNode('it counts other things than the terms of a text');
  const { attributes } = call;
  if (attributes.int('max_skip_count', 0) !== 0) throw new UnsupportedNode('it counts runs with gaps');
  const [min, max] = [attributes.int('min_gram_length', 1), attributes.int('max_gram_length', 1)];
  const pool = poolOf(call, input, min, max);
  const mode = attributes.text('mode', '');
  if (mode !== 'TF' && mode !== 'IDF' && mode !== 'TFIDF')
    throw new NodeError(`its mode is ${JSON.stringify(mode)}`);
  const step: CountTerms = {
    kind: 'count-terms',
    input: input.feature,
    text: input.text,
    split: input.split,
    terms: [...input.terms, { name: 'runs', min, max, separator: SEPARATOR }],
    columns: { by: 'vocabulary', terms: pool.runs },
    binary: mode === 'IDF',
    least: 0,
    missing: 'empty',
  };
  const counts = call.program.counts(step);
  const weighted = mode === 'TF' ? counts : multiplied(call, counts, pool.weights);
  const elements = new Array<Element>(pool.width).fill(0);
  pool.columns.forEach((column, k) => {
    elements[column] = weighted[k]!;
  });
  return [tensor('float32', [1, pool.width], elements)];
}

/** The runs of the pool that are counted, in the order of their columns. */
function poolOf({ attributes }: Call, input: Terms, min: number, max: number): Pool {
  const [strings, starts, indexes] = [
    attributes.texts('pool_strings'),
    attributes.ints('ngram_counts'),
    attributes.ints('ngram_indexes'),
  ];
  if (strings.length === 0) throw new NodeError('it has no pool_strings');
  if (strings.includes(input.padding)) {
    throw new UnsupportedNode(
      `it counts ${JSON.stringify(input.padding)}, which the tokenizer fills rows with`,
    );
  }
  if (strings.some((text) => text.includes(SEPARATOR))) throw new UnsupportedNode('a term holds U+0000');
  const given = attributes.floats('weights');
  const found: { run: string; column: number; weight: number }[] = [];
  let next = 0;
  starts.forEach((start, k) => {
    const end = starts[k + 1] ?? strings.length;
    const size = k + 1;
    if (start > end || end > strings.length || (end - start) % size !== 0) {
      throw new NodeError('its ngram_counts do not fit its pool');
    }
    for (let at = start; at < end; at += size, next++) {
      const column = indexes[next];
      if (column === undefined || column < 0 || column > 2 ** 24)
        throw new NodeError('its ngram_indexes do not fit its pool');
      if (size < min || size > max) continue;
      const run = strings.slice(at, at + size).join(SEPARATOR);
      found.push({ run, column, weight: given[next] ?? 1 });
    }
  });
  found.sort((a, b) => a.column - b.column);
  if (found.length === 0) throw new UnsupportedNode('it counts nothing');
  if (found.some(({ column }, k) => column === found[k + 1]?.column)) {
    throw new UnsupportedNode('it counts several runs of terms in one column');
  }
  return {
    runs: found.map(({ run }) => run),
    columns: found.map(({ column }) => column),
    weights: found.map(({ weight }) => weight),
    width: indexes.reduce((most, column) => Math.max(most, column), 0) + 1,
  };
}
