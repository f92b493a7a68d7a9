import type { Element } from './element.ts';

/** The position of a class; 1 and 1.0 are the same. @throws PgscoreError PGS_FILE for one that is no class. */
export function labelPosition(at: Element, labels: readonly string[], label: string): number {
  const found = labels.indexOf(label);
  if (found !== -1) return found;
  const number = Number(label);
  const same =
    label.trim() === '' ? -1 : labels.findIndex((each) => each.trim() !== '' && Number(each) === number);
  return same === -1
    ? at.fail(`names the class ${JSON.stringify(label.slice(0, 60))}, which is not declared`)
    : same;
}
