import ts from 'typescript';
import { compileError } from './program.ts';
import { parseIdentifier, parseSqlReturn, parseSqlType, type SqlReturn, type SqlType } from './sql-type.ts';

export type Volatility = 'IMMUTABLE' | 'STABLE' | 'VOLATILE';
export type Parallel = 'SAFE' | 'RESTRICTED' | 'UNSAFE';

/** What the JSDoc tags of one function say. */
export interface FunctionTags {
  readonly parameters: ReadonlyMap<string, SqlType>;
  readonly returns: SqlReturn | undefined;
  /** PostgreSQL's own default, VOLATILE, when no tag declares another. */
  readonly volatility: Volatility;
  /** PostgreSQL's own default, UNSAFE, when no tag declares another. */
  readonly parallel: Parallel;
  readonly schema: string | undefined;
  readonly isTrigger: boolean;
  readonly strict: boolean;
}

type MutableTags = { -readonly [K in keyof FunctionTags]: FunctionTags[K] } & {
  parameters: Map<string, SqlType>;
};

type TagReader = (tags: MutableTags, text: string, tag: ts.JSDocTag) => void;

const readers: Readonly<Record<string, TagReader>> = {
  plv8ify_param: readParameter,
  plv8ify_return: readReturn,
  plv8ify_returns: readReturn,
  plv8ify_volatility: (tags, text, tag) => {
    tags.volatility = oneOf(['IMMUTABLE', 'STABLE', 'VOLATILE'], text, tag);
  },
  plv8ify_parallel: (tags, text, tag) => {
    tags.parallel = oneOf(['SAFE', 'RESTRICTED', 'UNSAFE'], text, tag);
  },
  plv8ify_schema_name: (tags, text, tag) => {
    if (!/^("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)$/u.test(text)) {
      throw compileError(tag, `'${text}' is no schema name`, 'write one name: @plv8ify_schema_name scoring');
    }
    tags.schema = parseIdentifier(text).name;
  },
  plv8ify_trigger: (tags) => {
    tags.isTrigger = true;
  },
  pgscore_strict: (tags) => {
    tags.strict = true;
  },
};

/**
 * Reads the tags of a function with the given parameters.
 *
 * @throws PgscoreError PGS_COMPILE for a plv8ify tag that does not exist, a value that it does not take, and a
 * parameter that the function does not have.
 */
export function readTags(declaration: ts.Node, parameterNames: readonly string[]): FunctionTags {
  const tags: MutableTags = {
    parameters: new Map(),
    returns: undefined,
    volatility: 'VOLATILE',
    parallel: 'UNSAFE',
    schema: undefined,
    isTrigger: false,
    strict: false,
  };
  for (const tag of ts.getJSDocTags(declaration)) {
    const name = tag.tagName.text;
    const reader = readers[name];
    if (reader !== undefined) reader(tags, commentText(tag), tag);
    else if (/^(plv8ify|pgscore)_/.test(name)) {
      throw compileError(tag, `there is no tag @${name}`, `the tags are ${tagNames()}`);
    }
    const last = [...tags.parameters.keys()].at(-1);
    if (last !== undefined && !parameterNames.includes(last)) {
      throw compileError(
        tag,
        `the function has no parameter '${last}'`,
        `its parameters are: ${parameterNames.join(', ') || 'none'}`,
      );
    }
  }
  return tags;
}

function tagNames(): string {
  return Object.keys(readers)
    .map((name) => `@${name}`)
    .join(', ');
}

function commentText(tag: ts.JSDocTag): string {
  return (ts.getTextOfJSDocComment(tag.comment) ?? '').trim();
}

function readParameter(tags: MutableTags, text: string, tag: ts.JSDocTag): void {
  const match = /^\{(.+)\}\s+(\S+)/s.exec(text);
  const type = match === null ? undefined : parseSqlType(match[1]!);
  if (match === null || type === undefined) {
    throw compileError(
      tag,
      `cannot read '@plv8ify_param ${text}'`,
      'write @plv8ify_param {sql type} parameter',
    );
  }
  tags.parameters.set(match[2]!, type);
}

function readReturn(tags: MutableTags, text: string, tag: ts.JSDocTag): void {
  const match = /^\{(.+)\}/s.exec(text);
  const returns = match === null ? undefined : parseSqlReturn(match[1]!);
  if (returns === undefined) {
    throw compileError(
      tag,
      `cannot read '@${tag.tagName.text} ${text}'`,
      'write @plv8ify_return {sql type}, {setof sql type} or {table (name type, …)}',
    );
  }
  tags.returns = returns;
}

function oneOf<const Word extends string>(words: readonly Word[], text: string, tag: ts.JSDocTag): Word {
  const wanted = text.split(/\s/, 1)[0]!.toUpperCase();
  const found = words.find((word) => word === wanted);
  if (found === undefined) {
    throw compileError(
      tag,
      `@${tag.tagName.text} '${text}' is none of its values`,
      `use ${words.join(', ')}`,
    );
  }
  return found;
}
