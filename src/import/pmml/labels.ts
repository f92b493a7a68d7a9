import type { Element } from './element.ts';

/** The position of a class; 1 and 1.0 are the same. @throws PgscoreError PGS_FILE for one that is no class. */
export function labelPosition(at: Element, labels: readonly string[], label: string): number {
  const found = findLabel(labels, label);
  return found === -1
    ? at.fail(`names the class ${JSON.stringify(label.slice(0, 60))}, which is not declared`)
    : found;
}

/** As labelPosition, -1 for one that is no class. */
export function findLabel(labels: readonly string[], label: string): number {
  const found = labels.indexOf(label);
  if (found !== -1 || label.trim() === '') return found;
  const number = Number(label);
  return labels.findIndex((each) => each.trim() !== '' && Number(each) === number);
}
