import { describe, expect, it } from 'vitest';
import type { Prediction } from '../../../../src/ir/model.ts';
import { failure, importText, numbers, pmmlText, predict, type Row, schema, texts } from './files.ts';

const always = '<True/>';

interface Part {
  /** Probabilities of a, b and c; a text: what the segment holds instead. */
  readonly says: readonly number[] | string;
  readonly where?: string;
  readonly attributes?: string;
}

function segment({ says, where = always, attributes = '' }: Part): string {
  if (typeof says === 'string') return `<Segment ${attributes}>${where}${says}</Segment>`;
  const shares = says
    .map(
      (probability, k) =>
        `<ScoreDistribution value="${'abc'[k]}" recordCount="0" probability="${probability}"/>`,
    )
    .join('');
  const best = 'abc'[says.indexOf(Math.max(...says))];
  return `<Segment ${attributes}>${where}<TreeModel functionName="classification">${schema(['x', 's'])}
    <Node score="${best}"><True/>${shares}</Node></TreeModel></Segment>`;
}

/** Segments that a MiningModel for the classes a, b and c, or for a number, combines. */
function mining(
  method: string,
  parts: readonly Part[],
  { attributes = '', output = '', regression = false } = {},
) {
  const fields = numbers('x') + texts('s', 'p', 'q', 'r') + texts('y', 'a', 'b', 'c');
  const kind = regression ? 'regression' : 'classification';
  return pmmlText(
    fields,
    `<MiningModel functionName="${kind}">${schema(['x', 's'], regression ? undefined : 'y')}${output && `<Output>${output}</Output>`}
    <Segmentation multipleModelMethod="${method}" ${attributes}>${parts.map(segment).join('')}</Segmentation></MiningModel>`,
  );
}

/** A segment's number: value, or none where x is missing. */
function table(value: number): string {
  return `<RegressionModel functionName="regression">${schema(['x', 's'])}<RegressionTable intercept="${value}"><NumericPredictor name="x" coefficient="0"/></RegressionTable></RegressionModel>`;
}

function constant(value: number): string {
  return `<RegressionModel functionName="regression">${schema(['x', 's'])}<RegressionTable intercept="${value}"/></RegressionModel>`;
}

/** A tree that says a where x is positive, and nothing where it is not. */
const onlyPositive = `<TreeModel functionName="classification">${schema(['x', 's'])}<Node><True/>
  <Node score="a"><SimplePredicate field="x" operator="greaterThan" value="0"/><ScoreDistribution value="a" recordCount="1"/></Node></Node></TreeModel>`;

const is = (value: string) => `<SimplePredicate field="s" operator="equal" value="${value}"/>`;
const row: Row = { x: 1, s: 'p' };

function expectShares(
  { label, probabilities }: Prediction,
  expected: readonly number[],
  winner: string,
): void {
  const got = Object.values(probabilities!);
  expect(label).toBe(winner);
  expect(got.length).toBe(expected.length);
  expected.forEach((share, k) => {
    expect(got[k]).toBeCloseTo(share, 14);
  });
}

function says(...lists: readonly (readonly number[])[]): Part[] {
  return lists.map((list) => ({ says: list }));
}

// "Multiple Models" of the specification: the winner by the greatest combined probability, then the averages of the
// models that gave it.
describe('classes by max', () => {
  it('are averaged over the models that gave the greatest probability', () => {
    // Greatest: 0.5, 0.45, 0.4. The first two have 0.5.
    const text = mining('max', says([0.5, 0.3, 0.2], [0.5, 0.1, 0.4], [0.2, 0.45, 0.35]));
    expectShares(predict(text, row), [0.5, 0.2, 0.3], 'a');
  });

  it('of equal ones, the first class decides', () => {
    const text = mining('max', says([0.8, 0.1, 0.1], [0.5, 0.1, 0.4], [0.1, 0.1, 0.8]));
    expectShares(predict(text, row), [0.8, 0.1, 0.1], 'a');
  });

  it('ask only segments that count, and have no answer when one has none', () => {
    const [first, second] = says([0.6, 0.3, 0.1], [0, 0.1, 0.9]);
    const some = mining('max', [first!, { ...second!, where: is('q') }]);
    expectShares(predict(some, row), [0.6, 0.3, 0.1], 'a');
    expectShares(predict(some, { x: 1, s: 'q' }), [0, 0.1, 0.9], 'c');
    const missing = mining('max', [first!, { says: onlyPositive }]);
    expectShares(predict(missing, row), [1, 0, 0], 'a');
    expect(predict(missing, { x: -1, s: 'p' })).toMatchObject({ label: null, value: null });
    const skipped = mining('max', [first!, { says: onlyPositive }], {
      attributes: 'missingPredictionTreatment="skipSegment"',
    });
    expectShares(predict(skipped, { x: -1, s: 'p' }), [0.6, 0.3, 0.1], 'a');
  });
});

describe('classes by median', () => {
  it('of an odd number of models are those of the middle one', () => {
    // Medians 0.5, 0.2, 0.3.
    const text = mining('median', says([0.8, 0.1, 0.1], [0.5, 0.2, 0.3], [0.1, 0.6, 0.3]));
    expectShares(predict(text, row), [0.5, 0.2, 0.3], 'a');
  });

  it('of an even number are the means of both in the middle', () => {
    // Medians 0.5, 0.35, 0.15; the second and the third stand around 0.5.
    const text = mining('median', says([0.8, 0.2, 0], [0.6, 0.1, 0.3], [0.4, 0.5, 0.1], [0.1, 0.7, 0.2]));
    expectShares(predict(text, row), [0.5, 0.3, 0.2], 'a');
  });

  it('the winner has the greatest median, though the model that decided gives another class more', () => {
    // Medians 0.4, 0.1, 0.35: a, by the first model.
    const text = mining('median', says([0.4, 0.6, 0], [0.5, 0.1, 0.4], [0.3, 0.1, 0.35]));
    expectShares(predict(text, row), [0.4, 0.6, 0], 'a');
    expect(importText(text).source.notes.join()).toContain('greatest median');
  });

  it('changes with the segments that count', () => {
    const [first, second, third] = says([0.8, 0.1, 0.1], [0.5, 0.2, 0.3], [0.1, 0.6, 0.3]);
    const text = mining('median', [first!, second!, { ...third!, where: is('q') }]);
    // Two models: (0.8 + 0.5) / 2, (0.1 + 0.2) / 2, (0.1 + 0.3) / 2.
    expectShares(predict(text, row), [0.65, 0.15, 0.2], 'a');
    expectShares(predict(text, { x: 1, s: 'q' }), [0.5, 0.2, 0.3], 'a');
  });

  it('by weight', () => {
    const parts = says([0.8, 0.1, 0.1], [0.5, 0.2, 0.3], [0.1, 0.6, 0.3]);
    const weights = [1, 1, 3];
    const weighted = parts.map((part, i) => ({ ...part, attributes: `weight="${weights[i]}"` }));
    // Half of the weight is 2.5: the third model's 3 is the median of each class.
    expectShares(predict(mining('weightedMedian', weighted), row), [0.1, 0.6, 0.3], 'b');
  });

  it('sums of classes are refused', () => {
    expect(failure(mining('sum', says([0.8, 0.1, 0.1], [0.5, 0.2, 0.3]))).code).toBe('PGS_UNSUPPORTED');
  });
});

describe('the median of numbers', () => {
  const three = (method: string, weights: readonly string[], where = always) =>
    mining(
      method,
      [9, 8, 6].map((value, i) => ({
        says: table(value),
        attributes: `weight="${weights[i]}"`,
        where: i === 2 ? where : always,
      })),
      { regression: true },
    );

  it('is of the segments that count', () => {
    const text = three('median', ['1', '1', '1'], is('p'));
    expect(predict(text, row).value).toBe(8);
    expect(predict(text, { x: 1, s: 'q' }).value).toBe(8.5);
    expect(predict(text, { x: null, s: 'q' }).value).toBe(null);
    const none = mining('median', [{ says: table(1), where: is('q') }], { regression: true });
    expect(predict(none, row).value).toBe(null);
  });

  it('by weight is the least value with half of the weight up to it', () => {
    expect(predict(three('weightedMedian', ['1', '2', '3']), row).value).toBe(6);
    expect(predict(three('weightedMedian', ['3', '3', '1']), row).value).toBe(8);
    // Without 6 of weight 1: 8 has half of 6.
    expect(predict(three('weightedMedian', ['3', '3', '1'], is('q')), row).value).toBe(8);
    // 0.3 is half of 0.1 + 0.2 + 0.3, which doubles sum to more than 0.6.
    expect(predict(three('weightedMedian', ['0.1', '0.2', '0.3']), row).value).toBe(6);
  });
});

describe('missing predictions', () => {
  const parts: readonly Part[] = [
    { says: table(1), attributes: 'weight="3"' },
    { says: constant(5), attributes: 'weight="1"' },
    { says: constant(9), attributes: 'weight="4"', where: is('q') },
  ];
  const text = (method: string, attributes: string) =>
    mining(method, parts, { attributes, regression: true });

  it('are skipped up to a share of the segments that count', () => {
    const skip = (threshold: number, method = 'average') =>
      text(method, `missingPredictionTreatment="skipSegment" missingThreshold="${threshold}"`);
    const missing = { x: null, s: 'p' };
    // One of two.
    expect(predict(skip(0.5), missing).value).toBe(5);
    expect(predict(skip(0.49), missing).value).toBe(null);
    expect(predict(skip(0.49), row).value).toBe(3);
    // One of three.
    expect(predict(skip(0.49), { x: null, s: 'q' }).value).toBe(7);
    // By weight: 3 of 4, and 3 of 8.
    expect(predict(skip(0.74, 'weightedAverage'), missing).value).toBe(null);
    expect(predict(skip(0.75, 'weightedAverage'), missing).value).toBe(5);
    expect(predict(skip(0.375, 'weightedMedian'), { x: null, s: 'q' }).value).toBe(9);
    expect(failure(skip(1.5)).code).toBe('PGS_FILE');
  });

  it('make the median missing, unless they are skipped', () => {
    // No answer of weight 3, 5 of weight 1, 9 of weight 4.
    const missing = { x: null, s: 'q' };
    for (const method of ['median', 'weightedMedian']) {
      expect(predict(text(method, ''), missing).value).toBe(null);
    }
    expect(predict(text('median', 'missingPredictionTreatment="skipSegment"'), missing).value).toBe(7);
  });

  it('of votes end the vote above a share', () => {
    const votes = (attributes: string) =>
      mining('majorityVote', [{ says: onlyPositive }, ...says([0, 1, 0], [0, 1, 0])], { attributes });
    const missing = { x: -1, s: 'p' };
    expect(predict(votes('missingThreshold="0.34"'), missing).label).toBe('b');
    expect(predict(votes('missingThreshold="0.33"'), missing).label).toBe(null);
    expect(predict(votes('missingPredictionTreatment="returnMissing"'), missing).label).toBe(null);
    expect(predict(votes('missingThreshold="0.33"'), row).label).toBe('b');
  });

  it('are treated as converters said before PMML 4.4 had a word for it', () => {
    const skip = 'x-missingPredictionTreatment="skipSegment" x-missingThreshold="0.75"';
    // 5 of weight 1, where 1 of weight 3 is missing.
    expect(predict(text('x-weightedSum', skip), { x: null, s: 'p' }).value).toBe(5);
    expect(predict(text('x-weightedMedian', skip.replace('0.75', '0.7')), { x: null, s: 'p' }).value).toBe(
      null,
    );
    // 1 of weight 3 has more than half of the weight.
    expect(predict(text('x-weightedMedian', skip), row).value).toBe(1);
    const trees = mining('majorityVote', [{ says: onlyPositive }, ...says([0, 1, 0], [0, 1, 0])], {
      attributes: 'x-missingPredictionTreatment="returnMissing"',
    });
    expect(predict(trees, { x: -1, s: 'p' }).label).toBe(null);
  });

  it('lead to the next segment, where the first is selected', () => {
    expect(predict(text('selectFirst', ''), { x: null, s: 'p' }).value).toBe(null);
    const skip = text('selectFirst', 'missingPredictionTreatment="skipSegment"');
    expect(predict(skip, { x: null, s: 'p' }).value).toBe(5);
    expect(predict(skip, row).value).toBe(1);
  });

  it('end a chain where the file says so', () => {
    const always = [parts[0]!, parts[1]!];
    const chain = (treatment: string) =>
      mining('modelChain', always, {
        attributes: `missingPredictionTreatment="${treatment}"`,
        regression: true,
      });
    expect(predict(chain('continue'), { x: null, s: 'p' }).value).toBe(5);
    expect(predict(chain('returnMissing'), { x: null, s: 'p' }).value).toBe(null);
    expect(predict(chain('returnMissing'), row).value).toBe(5);
    expect(failure(chain('skipSegment')).code).toBe('PGS_UNSUPPORTED');
  });
});

describe('selectAll', () => {
  const all = (where: readonly string[], output = '') =>
    mining(
      'selectAll',
      where.map((each, i) => ({ says: table(i + 1), where: each, attributes: `id="${i + 1}"` })),
      { regression: true, output },
    );

  it('has one answer where the segments ask one field for different values', () => {
    const text = all([is('p'), is('q')]);
    expect(['p', 'q', 'r'].map((s) => predict(text, { x: 0, s }).value)).toEqual([1, 2, null]);
  });

  it('has the numbers of all segments where several may hold, and the first of them as its value', () => {
    const text = all([is('p'), always, is('q')]);
    expect(predict(text, { x: 0, s: 'p' })).toMatchObject({ value: 1, values: [1, 2, Number.NaN] });
    expect(predict(text, { x: 0, s: 'q' })).toMatchObject({ value: 2, raw: [Number.NaN, 2, 3] });
    // An invalid value of the input leaves nothing.
    expect(predict(text, { x: 0, s: 'z' })).toMatchObject({ value: null, raw: [NaN, NaN, NaN] });
    expect(importText(text).source.notes.join()).toContain('the first segment that holds');
  });

  it('is refused where several may hold that answer classes', () => {
    const error = failure(mining('selectAll', says([1, 0, 0], [0, 1, 0])));
    expect([error.code, error.message]).toEqual([
      'PGS_UNSUPPORTED',
      expect.stringContaining('more than one segment'),
    ]);
  });

  it('has the answer of the one segment that the output names', () => {
    const field =
      '<OutputField name="o" segmentId="2" feature="predictedValue" dataType="double" optype="continuous"/>';
    expect(predict(all([always, always], field), row).value).toBe(2);
    expect(failure(all([always, always], field.replace('"2"', '"7"'))).code).toBe('PGS_FILE');
  });
});

describe('clusters of several segments', () => {
  const cluster = (centres: readonly number[]) =>
    `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">${schema(['x', 's'])}
    <ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/>
    ${centres.map((centre, i) => `<Cluster id="${'pq'[i]}"><Array type="real" n="1">${centre}</Array></Cluster>`).join('')}</ClusteringModel>`;
  const clusters = (method: string) =>
    mining(method, [
      { says: cluster([0, 2]) },
      { says: cluster([0, 6]) },
      { says: cluster([0, 9]), where: is('p') },
    ]).replace('functionName="classification">', 'functionName="clustering">');

  it('are voted for by their ids', () => {
    // Nearer to the second centres from 1, 3 and 4.5 on.
    expect([0, 2, 4].map((x) => predict(clusters('majorityVote'), { x, s: 'p' }).label)).toEqual([
      'p',
      'p',
      'q',
    ]);
    // Of equal votes, the first.
    expect([2, 4].map((x) => predict(clusters('majorityVote'), { x, s: 'q' }).label)).toEqual(['p', 'q']);
  });

  it('are those of the first segment that holds', () => {
    const text = clusters('selectFirst').replace('<Segment ><True/>', `<Segment >${is('q')}`);
    expect(predict(text, { x: 2, s: 'q' }).label).toBe('q');
    expect(predict(text, { x: 2, s: 'p' }).label).toBe('p');
  });
});

describe('weights that rows vary', () => {
  const variable = '<VariableWeight field="x"/>';
  const numbersBy = (method: string, attributes = '') =>
    mining(
      method,
      [
        { says: `${constant(10)}${variable}`, attributes: 'weight="2"' },
        { says: constant(1), where: is('p'), attributes: 'weight="3"' },
      ],
      { regression: true, attributes },
    );

  it('multiply the weights of the file', () => {
    // 10 counts for 2 x, 1 for 3 where s is p.
    expect(predict(numbersBy('weightedAverage'), { x: 1, s: 'p' }).value).toBe(23 / 5);
    expect(predict(numbersBy('weightedAverage'), { x: 4, s: 'q' }).value).toBe(10);
    expect(predict(numbersBy('weightedSum'), { x: 4, s: 'p' }).value).toBe(83);
    expect(predict(numbersBy('weightedMedian'), { x: 1, s: 'p' }).value).toBe(1);
    expect(predict(numbersBy('weightedMedian'), { x: 2, s: 'p' }).value).toBe(10);
    expect(predict(numbersBy('average'), { x: 4, s: 'p' }).value).toBe(5.5);
    expect(predict(numbersBy('weightedSum'), { s: 'p' }).value).toBe(null);
  });

  it('count in votes, and may be what the segment puts out', () => {
    const own = (value: number) =>
      `<RegressionModel functionName="classification">${schema(['x', 's'])}<Output><OutputField name="sure" feature="probability" value="a" dataType="double" optype="continuous"/></Output>
      <RegressionTable targetCategory="a" intercept="${value}"/><RegressionTable targetCategory="b" intercept="0"/></RegressionModel><VariableWeight field="sure"/>`;
    // The one says a with 0.75, the other b with 0.375 and a weight of 2.
    const text = mining('weightedMajorityVote', [
      { says: own(0.75) },
      { says: own(0.375), attributes: 'weight="2"' },
      { says: [0, 0, 1], where: is('q') },
    ]);
    expectShares(predict(text, row), [0.5, 0.5, 0], 'a');
    expectShares(predict(text, { x: 1, s: 'q' }), [0.3, 0.3, 0.4], 'c');
  });
});

describe('output fields', () => {
  const field = (name: string, attributes: string, expression = '') =>
    `<OutputField name="${name}" optype="continuous" dataType="double" ${attributes}>${expression}</OutputField>`;

  it('give parts of a segment, which a later one may read', () => {
    const difference = '<Apply function="-"><FieldRef field="two"/><FieldRef field="one"/></Apply>';
    const output =
      field('one', 'segmentId="1" feature="predictedValue"') +
      field('two', 'segmentId="2" feature="predictedValue"') +
      field('difference', 'feature="transformedValue" isFinalResult="true"', difference);
    const parts = [
      { says: table(10), attributes: 'id="1"' },
      { says: constant(30), attributes: 'id="2"', where: is('p') },
    ];
    const text = mining('average', parts, { regression: true, output });
    expect(predict(text, row).value).toBe(20);
    // The second segment does not count.
    expect(predict(text, { x: 1, s: 'q' }).value).toBe(null);
    const absent = text.replace('segmentId="2"', 'segmentId="3"');
    expect(failure(absent).message).toContain('"3"');
  });

  it('rank classes', () => {
    const ranked = (attributes: string) =>
      mining('average', says([0.5, 0.2, 0.3]), { output: field('o', `isFinalResult="true" ${attributes}`) });
    const text = ranked('feature="predictedValue" rank="2"').replace(
      'optype="continuous" dataType="double" isFinal',
      'optype="categorical" dataType="string" isFinal',
    );
    expect(predict(text, row).label).toBe('c');
    expect(
      [1, 2, 3].map((rank) => predict(ranked(`feature="probability" rank="${rank}"`), row).value),
    ).toEqual([
      // Rank 1 is the prediction itself: the index of the class.
      0, 0.3, 0.2,
    ]);
    expect(failure(ranked('feature="probability" rank="4"')).message).toContain('number 4 of 3');
    expect(failure(ranked('feature="probability" rank="0"')).code).toBe('PGS_FILE');
  });

  it('say which are not part of a prediction', () => {
    const output =
      field('best', 'feature="predictedValue"') + field('next', 'feature="probability" rank="2"');
    const { notes } = importText(mining('average', says([0.5, 0.2, 0.3]), { output })).source;
    expect(notes.join()).toContain('output fields next.');
  });
});
