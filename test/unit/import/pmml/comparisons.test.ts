import { describe, expect, it } from 'vitest';
import { failure, pmmlText, predict, schema, texts } from './files.ts';

const MATRIX =
  '<Matrix kind="symmetric"><Array type="real" n="1">0</Array><Array type="real" n="2">1 0</Array><Array type="real" n="3">4 2 0</Array></Matrix>';

/** Distances of a colour, red 0, green 1 and 4 from it and so on, and of a size by its interval. */
function clusters(matrix = MATRIX, centres: readonly [string, string] = ['red 5', 'blue 30']): string {
  const size = `<DataField name="size" optype="continuous" dataType="double">
    <Interval closure="closedOpen" leftMargin="0" rightMargin="10"/><Interval closure="closedClosed" leftMargin="10" rightMargin="50"/></DataField>`;
  return pmmlText(
    texts('colour', 'red', 'green', 'blue') + size,
    `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">${schema(['colour', 'size'])}
    <ComparisonMeasure kind="distance"><cityBlock/></ComparisonMeasure>
    <ClusteringField field="colour" compareFunction="table" fieldWeight="2"><Comparisons>${matrix}</Comparisons></ClusteringField>
    <ClusteringField field="size" compareFunction="table"><Comparisons><Matrix kind="diagonal" diagDefault="0" offDiagDefault="3"/></Comparisons></ClusteringField>
    ${centres.map((centre, i) => `<Cluster id="${i + 1}"><Array type="string" n="2">${centre}</Array></Cluster>`).join('')}</ClusteringModel>`,
  );
}

describe('comparisons by a table', () => {
  it('tell distances of values and of intervals', () => {
    const distances = (colour: string | null, size: number | null) =>
      predict(clusters(), { colour, size }).raw;
    // 2 * (0, 4) + (0, 3).
    expect(distances('red', 0)).toEqual([0, 11]);
    // 2 * (1, 2) + (3, 0).
    expect(distances('green', 10)).toEqual([5, 4]);
    // A missing field adds nothing, and what is known counts twice.
    expect(distances(null, 10)).toEqual([6, 0]);
    expect(predict(clusters(), { colour: 'green', size: 10 }).label).toBe('2');
    expect(predict(clusters(), { colour: 'pink', size: 10 }).label).toBe(null);
    expect(predict(clusters(), { colour: 'red', size: 51 }).label).toBe(null);
  });

  it.each([
    [
      'any',
      '<Matrix><Array type="real">0 1 4</Array><Array type="real">9 0 2</Array><Array type="real">4 2 0</Array></Matrix>',
      [21, 4],
    ],
    [
      'cells',
      '<Matrix kind="symmetric" diagDefault="0" offDiagDefault="7"><MatCell row="2" col="1">1</MatCell></Matrix>',
      [5, 14],
    ],
    [
      'diagonal',
      '<Matrix kind="diagonal" offDiagDefault="1"><Array type="real">5 6 7</Array></Matrix>',
      [5, 2],
    ],
  ])('read a matrix: %s', (_, matrix, expected) => {
    expect(predict(clusters(matrix), { colour: 'green', size: 10 }).raw).toEqual(expected);
  });

  it.each([
    [
      'a row too few',
      '<Matrix kind="symmetric"><Array type="real">0</Array><Array type="real">1 0</Array></Matrix>',
      'rows',
    ],
    [
      'a row too long',
      '<Matrix kind="symmetric"><Array type="real">0 1</Array><Array type="real">1 0</Array><Array type="real">1 0 0</Array></Matrix>',
      'rows',
    ],
    ['a cell outside', '<Matrix><MatCell row="4" col="1">1</MatCell></Matrix>', 'outside'],
  ])('refuse a matrix with %s', (_, matrix, reason) => {
    const error = failure(clusters(matrix));
    expect([error.code, error.message]).toEqual(['PGS_FILE', expect.stringContaining(reason)]);
  });

  it('refuse a coordinate that is no value of its field, and what has no values', () => {
    expect(failure(clusters(MATRIX, ['1 5', 'blue 30'])).message).toContain('"1"');
    expect(failure(clusters(MATRIX, ['red 5', 'blue 90'])).message).toContain('"90"');
    const open = clusters().replace(/<Value [^>]*>/g, '');
    expect(failure(open).message).toContain('neither values nor intervals');
  });

  it('are not those of distributions, for which there is no formula', () => {
    const error = failure(clusters().replace('centerBased', 'distributionBased'));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining('no formula')]);
  });
});
