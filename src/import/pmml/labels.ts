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

/** The declared classes in their order, and after them those that the model names besides. */
export function withDeclared(
  declared: readonly string[] | undefined,
  named: readonly string[],
): readonly string[] {
  const labels = [...(declared ?? [])];
  for (const label of named) if (findLabel(labels, label) === -1) labels.push(label);
  return labels;
}
