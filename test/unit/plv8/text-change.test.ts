import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RECENT_CHARACTERS } from '../../../src/ir/characters.ts';
import { foldCase } from '../../../src/ir/evaluate-terms.ts';
import { createMask, createTextChanges } from '../../../src/plv8/text-change.ts';
import { readJson } from '../../conformance/runner.ts';

/** What Python 3.11 makes of every character; see make.py there. */
interface Unicode {
  readonly words: readonly (readonly [first: number, last: number])[];
  readonly blocks: Readonly<Record<string, readonly string[]>>;
}

const python = readJson<Unicode>('unicode/unicode.json');
const changes = createTextChanges(RECENT_CHARACTERS);

/** All characters but NUL and surrogates, by blocks of 1024. */
const blocks = Array.from({ length: 0x440 }, (_, block) => block)
  .filter((block) => block < 0x36 || block >= 0x38)
  .map((block) =>
    Array.from({ length: 1024 }, (_, i) => block * 1024 + i)
      .filter((code) => code > 0)
      .map((code) => String.fromCodePoint(code)),
  );

describe('every character is what Python 3.11 makes of it', () => {
  it.each([
    ['lowercase', changes.lowercase],
    ['uppercase', changes.uppercase],
    ['strip-marks', changes['strip-marks']],
    ['to-ascii', changes['to-ascii']],
    ['sigma', (character: string) => changes.lowercase(`A${character}Σ${character}A`)],
  ])('%s', (name, change) => {
    const hashes = blocks.map((characters) =>
      createHash('sha256')
        .update(characters.map((character) => `${change(character)}\n`).join(''))
        .digest('hex')
        .slice(0, 16),
    );
    expect(hashes).toEqual(python.blocks[name]);
  });

  it('a word', () => {
    const mask = createMask(RECENT_CHARACTERS);
    const word = /^[\p{L}\p{N}_]$/u;
    const words: [number, number][] = [];
    for (const character of blocks.flat()) {
      if (!word.test(mask(character))) continue;
      const code = character.codePointAt(0)!;
      if (words.at(-1)?.[1] === code - 1) words.at(-1)![1] = code;
      else words.push([code, code]);
    }
    expect(words).toEqual(python.words);
  });

  it('lower case by itself, as C has it', () => {
    const { lowercase } = changes;
    expect(lowercase('ΑΣ İ ǅ ẞ')).toBe('ας i\u0307 ǆ ß');
    expect(changes['lowercase-each']('ΑΣ İ ǅ ẞ')).toBe('ασ i ǆ ß');
  });

  it('the lower case of the upper case by itself, as the second opinion has it', () => {
    // Java's equalsIgnoreCase: σ and ς, ı and i, the Kelvin sign and k are equal, ß and ss are not.
    expect(changes['fold-case']('ΑΣς İı ǅ ẞß \u212a')).toBe('ασσ ii ǆ ßß k');
    const characters = blocks.flat();
    expect(characters.filter((each) => changes['fold-case'](each) !== foldCase(each))).toEqual([]);
  });
});
