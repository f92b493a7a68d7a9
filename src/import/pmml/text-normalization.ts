import { changeText } from '../../ir/evaluate-text-makers.ts';
import type { TextChange } from '../../ir/model.ts';
import { foldPattern } from '../patterns/fold.ts';
import { PatternError } from '../patterns/parser.ts';
import { parseReplacement, translatePcre } from '../patterns/pcre.ts';
import type { Element } from './element.ts';
import { tableRows } from './tables.ts';
import { withPattern } from './text-functions.ts';

const FOLD: TextChange = { name: 'fold-case' };

/**
 * What the <TextIndexNormalization>s of a <TextIndex> make of its text: each row of a table replaces all that it finds, a
 * text anywhere, also within words, as JPMML and PMML4S have it, or a pattern of PCRE. Where they ignore case, the text is
 * folded first, and stays so.
 */
export function normalizationOf(textIndex: Element, isCaseSensitive: boolean): readonly TextChange[] {
  const normalizations = textIndex.all('TextIndexNormalization');
  const changes: TextChange[] = [];
  for (const normalization of normalizations) {
    checkAttributes(normalization);
    const own = normalization.boolean('isCaseSensitive', isCaseSensitive);
    if (own !== isCaseSensitive) {
      normalization.refuse('has another isCaseSensitive than its <TextIndex>', 'Let both have the same one.');
    }
    changes.push(...rowChanges(normalization, isCaseSensitive));
  }
  return changes.length === 0 || isCaseSensitive ? changes : [FOLD, ...changes];
}

function checkAttributes(normalization: Element): void {
  normalization.allow('InlineTable', 'TableLocator');
  if (normalization.boolean('recursive', false)) {
    normalization.refuse('is recursive', 'Write its rows as often as they are to be applied.');
  }
  const distance = normalization.number('maxLevenshteinDistance', 0);
  if (distance !== 0) normalization.refuse(`has maxLevenshteinDistance ${distance}`, 'Use patterns.');
}

function rowChanges(normalization: Element, isCaseSensitive: boolean): readonly TextChange[] {
  const { inField = 'string', outField = 'stem', regexField = 'regex' } = normalization.attributes;
  const cell = (row: ReadonlyMap<string, string>, name: string): string =>
    row.get(name) ??
    normalization.fail(`has a row without a cell of the column ${JSON.stringify(name.slice(0, 60))}`);
  return tableRows(normalization).map((row) => {
    const [from, to] = [cell(row, inField), cell(row, outField)];
    return row.get(regexField)?.trim().toLowerCase() === 'true'
      ? patternChange(from, to, isCaseSensitive, normalization)
      : textChange(from, to, isCaseSensitive, normalization);
  });
}

function patternChange(from: string, to: string, isCaseSensitive: boolean, at: Element): TextChange {
  return withPattern(from, at, () => {
    const pattern = translatePcre(isCaseSensitive ? from : foldPattern(from));
    if (pattern.mayBeEmpty) throw new PatternError('may match an empty text');
    return {
      name: 'replace',
      pattern: pattern.source,
      by: parseReplacement(folded(to, isCaseSensitive), pattern),
    };
  });
}

function textChange(from: string, to: string, isCaseSensitive: boolean, at: Element): TextChange {
  if (from === '') at.fail('replaces an empty text');
  if (/[$\\]/.test(to)) {
    at.refuse('replaces a text by one with $ or \\, which engines take differently', 'Use a pattern.');
  }
  const pattern = [...folded(from, isCaseSensitive)].map(
    (each) => `\\u{${each.codePointAt(0)!.toString(16)}}`,
  );
  return { name: 'replace', pattern: pattern.join(''), by: [folded(to, isCaseSensitive)].filter(Boolean) };
}

function folded(text: string, isCaseSensitive: boolean): string {
  return isCaseSensitive ? text : changeText(FOLD, text)!;
}
