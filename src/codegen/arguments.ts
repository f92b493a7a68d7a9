/**
 * What a program takes for one feature: a number; or for a text feature the code that the encode-category step `step`
 * (index into `model.steps`) gives for it, since numbers cross into JavaScript faster than texts; or, with `text`, the
 * text itself. One text feature may stand there both ways.
 */
export type ProgramArgument =
  | { readonly feature: number; readonly step?: undefined; readonly text?: undefined }
  | { readonly feature: number; readonly step: number; readonly text?: undefined }
  | { readonly feature: number; readonly step?: undefined; readonly text: true };

/**
 * Up to this many arguments SQL passes each by itself, above them as arrays. PostgreSQL's own limit is 100, and one
 * is taken by the row in JSON.
 */
export const MAX_ARGUMENTS = 99;

/** Whether the program takes arrays: one of numbers and, where some arguments are texts, one of texts. */
export function takesArrays(args: readonly ProgramArgument[]): boolean {
  return args.length > MAX_ARGUMENTS;
}

/** The arrays that such a program takes, of one value an argument. */
export function toArrays<T>(args: readonly ProgramArgument[], values: readonly T[]): T[][] {
  const numbers = values.filter((_, k) => args[k]!.text === undefined);
  const texts = values.filter((_, k) => args[k]!.text === true);
  return texts.length === 0 ? [numbers] : [numbers, texts];
}
