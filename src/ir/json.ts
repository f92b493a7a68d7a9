import type { GraphModel } from './graph.ts';
import type { Model } from './model.ts';
import { type Violation, validate } from './validate.ts';

/** A text is no JSON, or not that of a sound model. `violations` is empty when the text is no JSON at all. */
export class ModelJsonError extends Error {
  readonly violations: readonly Violation[];

  constructor(message: string, violations: readonly Violation[], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ModelJsonError';
    this.violations = violations;
  }
}

/**
 * What JSON has no number for, or what jsonb would change (-0), stands as `{"float": "-0"}`; every other number is
 * its shortest decimal text, which JSON.parse, json and jsonb all read back as the same float64.
 */
const SPECIALS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** Models nest 8 levels; more is no model. Bounds the recursion whatever the text is. */
const MAX_DEPTH = 16;

/** The model as one line of JSON. modelFromJson gives the same model back, every number bit for bit. */
export function modelToJson(model: Model): string {
  return JSON.stringify(replaceSpecials(model));
}

/**
 * The model of a JSON text.
 * @throws ModelJsonError when the text is no JSON, or the value breaks a rule of the IR.
 */
export function modelFromJson(text: string): Model {
  const value = parse(text);
  const violations = validate(value);
  if (violations.length > 0) {
    const first = violations[0]!;
    const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
    throw new ModelJsonError(
      `The JSON is no sound model: ${first.path}: ${first.message}${more}`,
      violations,
    );
  }
  return value as Model;
}

/** As modelToJson, of a graph. */
export function graphToJson(graph: GraphModel): string {
  return JSON.stringify(replaceSpecials(graph));
}

/** The graph of a JSON text. @throws ModelJsonError when the text is no JSON, or a graph of a later pgscore. */
export function graphFromJson(text: string): GraphModel {
  const value = parse(text) as Partial<GraphModel> | null;
  if (value?.graphVersion === 1) return value as GraphModel;
  throw new ModelJsonError('The JSON is no graph of version 1: it was written by another pgscore.', []);
}

function parse(text: string): unknown {
  try {
    return restoreSpecials(JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof ModelJsonError) throw error;
    throw new ModelJsonError(`The text is no JSON: ${(error as Error).message}`, [], error);
  }
}

/** The value itself where nothing is special, so that a large model is not copied. */
function replaceSpecials(value: unknown): unknown {
  if (typeof value === 'number') return specialOf(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return replaceInArray(value);
  let changed = false;
  const entries = Object.entries(value).map(([key, inner]) => {
    const replaced = replaceSpecials(inner);
    if (replaced !== inner) changed = true;
    return [key, replaced] as const;
  });
  return changed ? Object.fromEntries(entries) : value;
}

function replaceInArray(array: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const replaced = replaceSpecials(array[i]);
    if (Object.is(replaced, array[i])) continue;
    copy ??= array.slice();
    copy[i] = replaced;
  }
  return copy ?? array;
}

function specialOf(value: number): { readonly float: string } | undefined {
  if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
  return { float: Object.is(value, -0) ? '-0' : String(value) };
}

/** Restores in place: the value is fresh from JSON.parse and nobody else's. */
function restoreSpecials(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH)
    throw new ModelJsonError(`The JSON is no model: nested deeper than ${MAX_DEPTH}.`, []);
  const holder = value as Record<string, unknown>;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] === 'object') value[i] = restoreSpecials(value[i], depth + 1);
    }
    return value;
  }
  const keys = Object.keys(holder);
  if (keys.length === 1 && typeof holder.float === 'string') {
    const special = SPECIALS.get(holder.float);
    if (special === undefined) throw new ModelJsonError(`"${holder.float.slice(0, 60)}" is no number.`, []);
    return special;
  }
  for (const key of keys) {
    const restored = restoreSpecials(holder[key], depth + 1);
    if (restored !== holder[key]) holder[key] = restored;
  }
  return value;
}
