import { readTerms } from '../../ir/evaluate-terms.ts';
import type { Register, TextChange } from '../../ir/model.ts';
import { ignoresCase } from '../patterns/fold.ts';
import { VERSIONED_LETTERS, type Words, wordsBetween, wordsLike } from '../patterns/words.ts';
import type { Element } from './element.ts';
import { type Context, expressionIn, lowerExpression } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import { textOf } from './merge.ts';
import type { Counting } from './term-counts.ts';
import { needSource, withPattern } from './text-functions.ts';
import { normalizationOf } from './text-normalization.ts';
import { isAnyText, MISSING, number, type TextValue, type Value } from './values.ts';

/** Words of one term: all runs of so many words of a text are looked up. Bounds time and memory. */
const MAX_WORDS = 20;

const SEPARATOR = '\\s';

/**
 * How often a term occurs in a text, or what is made of that number. Words and terms are compared as JPMML has them.
 * https://dmg.org/pmml/v4-4-1/Transformations.html#xsdElement_TextIndex
 * https://github.com/jpmml/jpmml-evaluator/blob/738f3874efa139516de519a5258e80e87856d5ec/pmml-evaluator/src/main/java/org/jpmml/evaluator/TextUtil.java
 */
export function lowerTextIndex(element: Element, context: Context): Value {
  const { lowering } = context;
  const weights = weightsOf(element);
  const text = context.resolve(element.string('textField'), element);
  const term = termOf(lowerExpression(expressionIn(element), context), element);
  checkHits(element);
  const words = wordsOf(element);
  if (term === null || (text.kind === 'constant' && text.value === null)) return MISSING;
  const document = textOf(text, element, lowering);
  needSource(document, element);
  const isCaseSensitive = element.boolean('isCaseSensitive', false);
  const changes = changesOf(element, isCaseSensitive);
  const input = lowering.changedText(lowering.textRegister(document, element), changes, element);
  if (words.dependsOnVersion) guardLetters(input, lowering);
  const counting: Counting = {
    input,
    split: { by: 'match', pattern: words.source },
    terms: isCaseSensitive ? [] : [{ name: 'fold-case' }],
    binary: weights === 'binary',
  };
  const count = countTerm(term, counting, words, element, lowering);
  if (weights !== 'logarithmic') return number(count, 'integer', isPresentText(document));
  const [logarithm] = lowering.b.map([count], { name: 'add', by: [1] }, { name: 'log10' });
  return number(logarithm!, 'double', isPresentText(document));
}

function isPresentText(text: TextValue): boolean {
  return text.present && (isAnyText(text) || text.known === undefined);
}

type Weights = 'termFrequency' | 'binary' | 'logarithmic';

function weightsOf(element: Element): Weights {
  const weights = element.choice(
    'localTermWeights',
    ['termFrequency', 'binary', 'logarithmic', 'augmentedNormalizedTermFrequency'],
    'termFrequency',
  );
  if (weights !== 'augmentedNormalizedTermFrequency') return weights;
  return element.refuse(
    'has localTermWeights augmentedNormalizedTermFrequency, for which the specification leaves open which terms the most frequent one is among',
    'Use termFrequency, binary or logarithmic.',
  );
}

/** The term, null for a missing one. */
function termOf(term: Value, element: Element): string | null {
  if (term.kind === 'constant' && (term.type === 'string' || term.type === 'integer' || term.value === null))
    return term.value === null ? null : String(term.value);
  return element.refuse('counts a term that is no constant text', 'Write the term as a <Constant>.');
}

/** Where words must be equal, all hits are best hits. */
function checkHits(element: Element): void {
  element.choice('countHits', ['allHits', 'bestHits'], 'allHits');
  const distance = element.number('maxLevenshteinDistance', 0);
  if (!Number.isInteger(distance) || distance < 0)
    element.fail('needs a whole number from 0 for maxLevenshteinDistance');
  if (distance > 0) {
    element.refuse(`has maxLevenshteinDistance ${distance}`, 'Count words that are equal to the term.');
  }
}

const CHANGES = new WeakMap<Element, readonly TextChange[]>();

/** What is done to the text first; found once for the many terms that a function is called for. */
function changesOf(element: Element, isCaseSensitive: boolean): readonly TextChange[] {
  let changes = CHANGES.get(element);
  if (changes === undefined) {
    changes = normalizationOf(element, isCaseSensitive);
    if (element.children.length > element.all('TextIndexNormalization').length + 1)
      element.refuse('holds what is not known inside <TextIndex>');
    if (changes.length > 0 && !isCaseSensitive) refuseCases(element);
    CHANGES.set(element, changes);
  }
  return changes;
}

/** A text that is folded has to have the same words. */
function refuseCases(element: Element): void {
  const { 'x-wordRE': wordRE, wordSeparatorCharacterRE: separator = SEPARATOR } = element.attributes;
  if (wordRE === undefined && ignoresCase(separator)) return;
  element.refuse(
    'ignores case, changes the text, and then parts its words by a pattern that may tell cases apart',
    'Let isCaseSensitive be true, and change the text by the function lowercase.',
  );
}

interface TextWords extends Words {
  readonly dependsOnVersion: boolean;
}

/** How a text and a term are made words. JPMML's x-wordRE goes before the separator. */
function wordsOf(element: Element): TextWords {
  if (!element.boolean('tokenize', true)) {
    element.refuse('has tokenize false, which engines take differently', 'Compare the text itself.');
  }
  const wordRE = element.attributes['x-wordRE'];
  if (wordRE !== undefined) return withPattern(wordRE, element, () => wordsLike(wordRE));
  const separator = element.attributes.wordSeparatorCharacterRE ?? SEPARATOR;
  return withPattern(separator, element, () => ({ ...wordsBetween(separator), dependsOnVersion: false }));
}

function countTerm(
  term: string,
  counting: Counting,
  { between }: Words,
  element: Element,
  { termCounts, b }: Lowering,
): Register {
  const words = readTerms({ ...counting, text: [], missing: 'nan' }, term)!;
  if (words.length > MAX_WORDS) element.refuse(`counts a term of more than ${MAX_WORDS} words`);
  if (words.length > 1 && between === undefined)
    element.refuse('counts a term of several words by a pattern that matches every character');
  // No word is empty: a term without words occurs nowhere.
  return termCounts.add(counting, words.length === 0 ? [''] : words, between ?? '', b);
}

/** No prediction where versions of Java find different words. */
function guardLetters(text: Register, lowering: Lowering): void {
  if (lowering.guardedTexts.has(text)) return;
  lowering.guardedTexts.add(text);
  const measure = { name: 'matches', pattern: VERSIONED_LETTERS } as const;
  const [found] = lowering.b.add({ kind: 'measure-text', input: text, measure, missing: 0 });
  lowering.guard(found!);
  lowering.note(
    'Texts with letters, digits or marks beyond ASCII make no prediction: versions of Java find other words in them by the \\b of x-wordRE. Import the model that scikit-learn saved instead.',
  );
}
