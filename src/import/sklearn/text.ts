import { SPACES } from '../../ir/characters.ts';
import type { CountTerms, TermOperation, TextOperation, TextSplit } from '../../ir/text-steps.ts';
import type { WeighStep } from '../../ir/vector-steps.ts';
import { PatternError } from '../patterns/parser.ts';
import { translatePattern } from '../patterns/python.ts';
import { NdArray, PyGlobal, PyObject, type PyValue } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import { ENGLISH_STOP_WORDS } from './english-stop-words.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

const PREPARE = 'Prepare the texts in a column of their own, and fit the vectorizer on that.';

/** CountVectorizer: how often each term of the vocabulary occurs. */
export function countVectorizer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return count(estimator, { by: 'vocabulary', terms: vocabularyOf(estimator) }, columns, lowering);
}

/** TfidfVectorizer: a CountVectorizer and the TfidfTransformer that it holds. */
export function tfidfVectorizer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  refuseSinglePrecision(estimator);
  const counts = countVectorizer(estimator, columns, lowering);
  return tfidfTransformer(estimator.child('_tfidf', 'TF-IDF'), counts, lowering);
}

/** HashingVectorizer: a term's column is its hash, so that nothing had to be learned. */
export function hashingVectorizer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  refuseSinglePrecision(estimator);
  const counts = count(
    estimator,
    {
      by: 'hash',
      seed: 0,
      count: estimator.count('n_features', 1),
      remainder: 'absolute',
      signed: estimator.flag('alternate_sign', true),
    },
    columns,
    lowering,
  );
  return estimator.has('norm') ? weigh(estimator, counts, lowering, {}) : counts;
}

/** https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/feature_extraction/text.py */
export function tfidfTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const factors = estimator.flag('use_idf', true) ? inverseFrequencies(estimator, columns.length) : undefined;
  return weigh(estimator, columns, lowering, {
    sublinear: estimator.flag('sublinear_tf', false),
    ...(factors === undefined ? {} : { factors }),
  });
}

/** Before 1.5 they stood on the diagonal of a sparse matrix. */
function inverseFrequencies(estimator: Estimator, length: number): readonly number[] {
  const diagonal = estimator.get('_idf_diag');
  const data = diagonal instanceof PyObject ? diagonal.attribute('data') : estimator.get('idf_');
  if (!(data instanceof NdArray) || data.length !== length) {
    return estimator.fail(`should have a document frequency for each of its ${length} columns`);
  }
  return Array.from(data.numbers());
}

function weigh(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  options: Partial<Pick<WeighStep, 'sublinear' | 'factors'>>,
): readonly Column[] {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const norm = estimator.has('norm') ? estimator.text('norm') : 'none';
  if (norm !== 'none' && norm !== 'l1' && norm !== 'l2' && norm !== 'max') {
    return estimator.refuse(`has an unknown norm ${norm}`);
  }
  return lowering.columns(lowering.builder.weigh(inputs, { norm, ...options }), false);
}

/** Float32 sums are in an order that depends on the machine. */
export function refuseSinglePrecision(estimator: Estimator): void {
  const dtype = estimator.get('dtype');
  const name = dtype instanceof PyGlobal ? dtype.name : typeof dtype === 'string' ? dtype : 'float64';
  if (name === 'float64' || name === 'float' || name === 'double') return;
  estimator.refuse(`computes in ${name}`, 'Fit it with dtype=np.float64.');
}

function count(
  estimator: Estimator,
  columns: CountTerms['columns'],
  inputs: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const [column] = inputs;
  if (column === undefined || inputs.length > 1) {
    return estimator.fail(`takes one column of texts, but gets ${inputs.length}`);
  }
  if (estimator.text('input', 'content') !== 'content') {
    return estimator.refuse('reads files', 'Fit it on the texts themselves.');
  }
  lowering.builder.charge(columns.by === 'hash' ? columns.count : columns.terms.length);
  const registers = lowering.builder.add({
    kind: 'count-terms',
    input: lowering.wholeText(column, estimator),
    text: changesOf(estimator),
    ...termsOf(estimator),
    columns,
    binary: estimator.flag('binary', false),
    least: 0,
    missing: 'nan',
  });
  // A missing text is an error to scikit-learn, and makes all counts NaN here.
  lowering.guards.add(registers[0]!);
  return lowering.columns(registers, false);
}

function vocabularyOf(estimator: Estimator): readonly string[] {
  const vocabulary = estimator.get('vocabulary_');
  if (!(vocabulary instanceof Map)) return estimator.fail('has no vocabulary_');
  const terms = new Array<string>(vocabulary.size);
  for (const [term, column] of vocabulary) {
    const position = column instanceof NdArray ? column.numbers()[0] : column;
    if (
      typeof term !== 'string' ||
      typeof position !== 'number' ||
      !(position >= 0 && position < terms.length)
    ) {
      return estimator.fail('has a vocabulary whose columns do not count from 0');
    }
    terms[position] = term;
  }
  if (Object.keys(terms).length !== terms.length || terms.length === 0) {
    return estimator.fail('has a vocabulary in which some column has no term');
  }
  return terms;
}

function changesOf(estimator: Estimator): readonly TextOperation[] {
  // Words between spaces are the same without it.
  const joined: readonly TextOperation[] = estimator.get('analyzer') === 'char' ? ['join-spaces'] : [];
  return [...caseAndAccentsOf(estimator), ...joined];
}

function caseAndAccentsOf(estimator: Estimator): readonly TextOperation[] {
  if (estimator.has('preprocessor')) return estimator.refuse('has a preprocessor of its own', PREPARE);
  const lowercase: readonly TextOperation[] = estimator.flag('lowercase', true) ? ['lowercase'] : [];
  const accents = estimator.get('strip_accents') ?? null;
  switch (accents) {
    case null:
    case false:
      return lowercase;
    case 'ascii':
      return [...lowercase, 'to-ascii'];
    case 'unicode':
      return [...lowercase, 'strip-marks'];
    default:
      return estimator.refuse('strips accents by a function of its own', PREPARE);
  }
}

function termsOf(estimator: Estimator): Pick<CountTerms, 'split' | 'terms'> {
  const [min, max] = rangeOf(estimator);
  const analyzer = estimator.get('analyzer') ?? 'word';
  switch (analyzer) {
    case 'word': {
      const runs: TermOperation = { name: 'runs', min, max, separator: ' ' };
      return { split: wordsOf(estimator), terms: [...stopWords(estimator), ...(max === 1 ? [] : [runs])] };
    }
    case 'char':
      return { split: { by: 'character' }, terms: [{ name: 'runs', min, max, separator: '' }] };
    case 'char_wb':
      return { split: WORDS_BETWEEN_SPACES, terms: [{ name: 'padded-runs', min, max }] };
    default:
      return estimator.refuse('has an analyzer of its own', PREPARE);
  }
}

function rangeOf(estimator: Estimator): readonly [number, number] {
  const [min, max] = estimator.list('ngram_range');
  if (!Number.isInteger(min) || !Number.isInteger(max) || !(Number(min) >= 1 && Number(max) >= Number(min))) {
    return estimator.fail('has no ngram_range');
  }
  return [Number(min), Number(max)];
}

const WORDS_BETWEEN_SPACES: TextSplit = { by: 'match', pattern: `[^${SPACES}]+` };

function wordsOf(estimator: Estimator): TextSplit {
  if (estimator.has('tokenizer')) return estimator.refuse('has a tokenizer of its own', PREPARE);
  const pattern = estimator.text('token_pattern');
  try {
    return { by: 'match', pattern: translatePattern(pattern) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return estimator.refuse(
      `has a token_pattern ${JSON.stringify(pattern.slice(0, 60))} that ${error.reason}`,
      'Fit it with a simpler token_pattern.',
    );
  }
}

function stopWords(estimator: Estimator): readonly TermOperation[] {
  const value = estimator.get('stop_words') ?? null;
  if (value === null) return [];
  const words = value === 'english' ? ENGLISH_STOP_WORDS : wordList(value, estimator);
  return [{ name: 'drop', terms: [...new Set(words)], ignoreCase: false }];
}

function wordList(value: PyValue, estimator: Estimator): readonly string[] {
  const list =
    value instanceof Set || Array.isArray(value)
      ? [...value]
      : value instanceof NdArray
        ? value.values()
        : [];
  if (typeof value === 'string') return estimator.refuse(`has unknown stop words ${value}`);
  return list.map((word) =>
    typeof word === 'string' ? word : estimator.fail('has a stop word that is no text'),
  );
}
