import { badRequest } from './errors.ts';

/** Parameters of a request, an input or an output. What no extension of this server means anything by is ignored. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Extensions of Triton's that ask for another answer than this server gives. */
const REFUSED = ['shared_memory_region', 'classification'] as const;

/** Throws HttpError 400 for parameters that may not be ignored. `what` has them. */
export function checkParameters(parameters: Parameters = {}, what: string): void {
  const refused = REFUSED.find((name) => Boolean(parameters[name]));
  if (refused !== undefined) throw badRequest(`${what}: the parameter ${refused} is not supported`);
}

/** A parameter that is true or false, undefined when it is absent. Throws HttpError 400 for any other value. */
export function flagOf(parameters: Parameters = {}, name: string, what: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`${what}: the parameter ${name} must be true or false`);
}
