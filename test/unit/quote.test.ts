import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dollarQuote, quoteIdent, quoteLiteral } from '../../src/quote.ts';

test('identifiers', () => {
  expect(quoteIdent('select')).toBe('"select"');
  expect(quoteIdent('a"b')).toBe('"a""b"');
});

test('string constants hold whatever standard_conforming_strings is', () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("C:\\o'k")).toBe("E'C:\\\\o''k'");
});

test('dollar quotes are plain where that is enough, and the same for the same text', () => {
  expect(dollarQuote('SELECT 1')).toBe('$$SELECT 1$$');
  expect(dollarQuote('a $$ b')).toMatch(/^(\$q[0-9a-f]{8}\$)a \$\$ b\1$/);
  expect(dollarQuote('ends in $')).toMatch(/^(\$q[0-9a-f]{8}\$)ends in \$\1$/);
  expect(dollarQuote('a $$ b')).toBe(dollarQuote('a $$ b'));
});

test('a dollar-quoted text never holds its own delimiter, even when it quotes its own quoting', () => {
  const pieces = fc.array(fc.constantFrom('$', '$$', '$q', 'a', '1', ' '), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (parts) => {
      let text = parts.join('');
      for (let depth = 0; depth < 3; depth++) {
        const quoted = dollarQuote(text);
        const delimiter = /^\$[^$]*\$/.exec(quoted)?.[0] ?? '';
        expect(quoted.indexOf(delimiter, delimiter.length)).toBe(quoted.length - delimiter.length);
        text = quoted;
      }
    }),
  );
});

test('NUL is refused, since PostgreSQL has none', () => {
  for (const quote of [quoteIdent, quoteLiteral, dollarQuote]) {
    expect(() => quote('a\0b')).toThrow(RangeError);
  }
});
