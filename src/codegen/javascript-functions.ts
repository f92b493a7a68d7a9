import { sessionCached } from '../compile/bundle.ts';
import { dollarQuote, quoteIdent } from '../quote.ts';
import { takesArrays, toArrays } from './arguments.ts';
import type { Program } from './program.ts';

export interface SqlFunction {
  /** Schema and name, quoted. */
  readonly name: string;
  /** Argument types in order: text, then double precision or text each, or double precision[] and perhaps text[]. */
  readonly argumentTypes: readonly string[];
  readonly returns: string;
}

export interface JavaScriptFunctions {
  /** Gives the prediction's value. */
  readonly value: SqlFunction;
  /** Gives all outputs, as `Program.outputs` lays them out. */
  readonly outputs: SqlFunction;
  /** One statement that creates both, in which the program, most of their text, stands once. */
  readonly sql: string;
}

export interface JavaScriptNames {
  readonly engine: 'plv8' | 'pljs';
  readonly schema: string;
  readonly name: string;
  /** What errors of the user's own code call the model; default `name`. */
  readonly title?: string;
}

/** The same statements, with the model in front of what they throw. */
function naming(title: string, statements: string): string {
  const message = `${JSON.stringify(`${title}: `)} + error.message`;
  return `try {\n${statements}\n} catch (error) {\nthrow new Error(${message});\n}`;
}

/**
 * The program as two functions of the database, `<name>_value` and `<name>_outputs`. Their first argument is a row as
 * the text of a JSON object; one that does not fit the signature gives NULL, and for outputs the empty array, since
 * PLJS knows no NULL for an array. When the text is NULL, the others count: in the order of `Program.arguments`, as
 * double precision each, or text where the program takes the text itself; when they are more than MAX_ARGUMENTS, as
 * `toArrays` has them. NULL is missing. Each function carries
 * the whole program, so that it needs nothing else to exist; the first call of either in a session decodes the
 * constants, for both. On PLJS a function's name has to be a JavaScript identifier.
 */
export function javascriptFunctions(
  program: Program,
  { engine, schema, name, title = name }: JavaScriptNames,
): JavaScriptFunctions {
  if (engine === 'pljs' && !/^[A-Za-z_$][\w$]*$/.test(name)) {
    throw new TypeError(
      `PLJS cannot call a function ${JSON.stringify(name)}: it is no JavaScript identifier.`,
    );
  }
  const parameters = parametersOf(program);
  const names = parameters.map(({ name }) => name);
  const declared = [{ name: 'features', type: 'text' }, ...parameters];
  const declare = (part: 'value' | 'outputs', returns: string): SqlFunction => ({
    name: `${quoteIdent(schema)}.${quoteIdent(`${name}_${part}`)}`,
    argumentTypes: declared.map(({ type }) => type),
    returns,
  });
  const create = (part: 'value' | 'outputs', { name: qualified, returns }: SqlFunction, unfit: string) => {
    const head =
      `CREATE OR REPLACE FUNCTION ${qualified}(${declared.map((each) => `${each.name} ${each.type}`).join(', ')})\n` +
      `RETURNS ${returns} LANGUAGE ${engine} IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT\nAS `;
    const score = [
      `if (features === null) return program.${part}(${names.join(', ')});`,
      'const row = program.read(features);',
      `return row === null ? ${unfit} : program.${part}(...row);`,
    ].join('\n');
    const body = program.throws ? naming(title, score) : score;
    return `  EXECUTE ${dollarQuote(head)} || quote_literal(program || ${dollarQuote(body)});\n`;
  };
  const value = declare('value', 'double precision');
  const outputs = declare('outputs', 'double precision[]');
  const block =
    `\nDECLARE\n  program text := ${dollarQuote(`const program = ${sessionCached(program)};\n`)};\nBEGIN\n` +
    `${create('value', value, 'null')}${create('outputs', outputs, '[]')}END\n`;
  return { value, outputs, sql: `DO ${dollarQuote(block)};\n` };
}

/** What the functions take beside the row in JSON. */
function parametersOf({ arguments: args }: Program): { name: string; type: string }[] {
  if (!takesArrays(args)) {
    return args.map(({ text }, k) => ({ name: `x${k}`, type: text ? 'text' : 'double precision' }));
  }
  const types = ['double precision[]', 'text[]'];
  return toArrays(args, args).map((_, i) => ({ name: i === 0 ? 'x' : 't', type: types[i]! }));
}
