/**
 * A function that loads its module when it is first called: the TypeScript compiler and the database clients take
 * longer to load than most services take to start.
 */
export function deferred<Arguments extends unknown[], Result>(
  load: () => Promise<(...args: Arguments) => Promise<Result>>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => (await load())(...args);
}
