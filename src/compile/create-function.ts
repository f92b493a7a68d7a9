import { dollarQuote, quoteIdent } from '../quote.ts';
import type { Parallel, Volatility } from './tags.ts';

export interface FunctionDefinition {
  readonly name: string;
  readonly schema: string | undefined;
  readonly arguments: readonly { readonly name: string; readonly sqlType: string }[];
  /** As it stands after RETURNS: `float8`, `SETOF text`, `TABLE ("a" int)`, `trigger`. */
  readonly returns: string;
  readonly language: string;
  readonly volatility: Volatility;
  readonly parallel: Parallel;
  readonly strict: boolean;
  readonly body: string;
}

/** The CREATE FUNCTION statement. Every property that has a default is written out, so that a reader sees it. */
export function createFunction(definition: FunctionDefinition): string {
  const declared = definition.arguments.map((argument) => `${quoteIdent(argument.name)} ${argument.sqlType}`);
  return [
    `CREATE OR REPLACE FUNCTION ${qualifiedName(definition)}(${declared.join(', ')})`,
    `RETURNS ${definition.returns}`,
    `LANGUAGE ${definition.language}`,
    `${definition.volatility} PARALLEL ${definition.parallel}`,
    definition.strict ? 'RETURNS NULL ON NULL INPUT' : 'CALLED ON NULL INPUT',
    `AS ${dollarQuote(`\n${definition.body}\n`)};`,
    '',
  ].join('\n');
}

/** The function's name, with the schema when it has one. */
export function qualifiedName({ schema, name }: { schema: string | undefined; name: string }): string {
  return schema === undefined ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`;
}
