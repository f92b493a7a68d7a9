import { describe, expect, it } from 'vitest';
import { failure, importText, numbers, pmmlText, predict, type Row, schema, texts } from './files.ts';

function label(text: string, row: Row): string | null {
  return predict(text, row).label;
}

function tree(attributes: string, nodes: string, active: readonly string[], target?: string): string {
  return `<TreeModel functionName="classification" ${attributes}>${schema(active, target)}${nodes}</TreeModel>`;
}

describe('trees', () => {
  it('take classes that the target does not declare after those that it does', () => {
    const nodes = `<Node score="z"><True/><Node score="a"><SimplePredicate field="x" operator="greaterThan" value="0"/></Node></Node>`;
    const text = pmmlText(
      numbers('x') + texts('y', 'b', 'a'),
      tree('noTrueChildStrategy="returnLastPrediction"', nodes, ['x'], 'y'),
    );
    expect(importText(text).model.output.classes?.labels).toEqual(['b', 'a', 'z']);
    expect([label(text, { x: 1 }), label(text, { x: -1 })]).toEqual(['a', 'z']);
  });

  it('put false before true', () => {
    const nodes = `<Node><True/>
      <Node score="true"><SimplePredicate field="x" operator="greaterThan" value="0"/></Node>
      <Node score="false"><SimplePredicate field="x" operator="lessOrEqual" value="0"/></Node></Node>`;
    const target = '<DataField name="y" optype="categorical" dataType="boolean"/>';
    const { model } = importText(pmmlText(numbers('x') + target, tree('', nodes, ['x'], 'y')));
    expect(model.task).toBe('binary');
    expect(model.output.classes?.labels).toEqual(['false', 'true']);
  });

  it('a missing value without a default child has no prediction', () => {
    const nodes = `<Node id="0" score="a"><True/>
      <Node id="1" score="a"><SimplePredicate field="x" operator="greaterThan" value="0"/></Node>
      <Node id="2" score="b"><SimplePredicate field="x" operator="lessOrEqual" value="0"/></Node></Node>`;
    const text = pmmlText(
      numbers('x') + texts('y', 'a', 'b'),
      tree('missingValueStrategy="defaultChild"', nodes, ['x'], 'y'),
    );
    expect([1, 0, null].map((x) => label(text, { x }))).toEqual(['a', 'b', null]);
  });

  it('compare ordered texts by their declared order', () => {
    const field = `<DataField name="s" optype="ordinal" dataType="string"><Value value="low"/><Value value="middle"/><Value value="high"/></DataField>`;
    const nodes = `<Node score="a"><True/><Node score="b"><SimplePredicate field="s" operator="greaterOrEqual" value="middle"/></Node></Node>`;
    const model = tree('noTrueChildStrategy="returnLastPrediction"', nodes, ['s'], 'y');
    const text = pmmlText(field + texts('y', 'a', 'b'), model);
    expect(['low', 'middle', 'high'].map((s) => label(text, { s }))).toEqual(['a', 'b', 'b']);
    const unordered = text.replace('optype="ordinal"', 'optype="categorical"');
    expect(failure(unordered).message).toContain('order');
  });
});

/** Segments that answer x, z and 6, each where `predicates` says. */
function mining(
  method: string,
  predicates: readonly string[] = ['<True/>', '<True/>', '<True/>'],
  attributes = '',
): string {
  const tables = [
    '<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>',
    '<RegressionTable intercept="0"><NumericPredictor name="z" coefficient="1"/></RegressionTable>',
    '<RegressionTable intercept="6"/>',
  ];
  const segments = tables.map(
    (table, i) => `<Segment weight="${i + 1}">${predicates[i]}
    <RegressionModel functionName="regression">${schema(['x', 'z'])}${table}</RegressionModel></Segment>`,
  );
  return pmmlText(
    numbers('x', 'z'),
    `<MiningModel functionName="regression">${schema(['x', 'z'])}
    <Segmentation multipleModelMethod="${method}" ${attributes}>${segments.join('')}</Segmentation></MiningModel>`,
  );
}

const positive = (field: string) => `<SimplePredicate field="${field}" operator="greaterThan" value="0"/>`;

describe('segments', () => {
  it.each<[string, number]>([
    ['sum', 1 + 4 + 6],
    ['weightedSum', 1 + 8 + 18],
    ['average', 11 / 3],
    ['weightedAverage', 27 / 6],
    ['median', 4],
    // 1 of weight 1 and 4 of weight 2 have half of 6.
    ['weightedMedian', 4],
    ['max', 6],
    ['selectFirst', 1],
    ['modelChain', 6],
  ])('%s', (method, expected) => {
    expect(predict(mining(method), { x: 1, z: 4 }).value).toBe(expected);
  });

  it('count where their predicate is true', () => {
    const some = [positive('x'), positive('z'), '<False/>'];
    const value = (method: string, x: number, z: number) => predict(mining(method, some), { x, z }).value;
    expect(value('sum', 1, 4)).toBe(5);
    expect(value('average', 1, 4)).toBe(2.5);
    expect(value('weightedAverage', 1, 4)).toBe(3);
    expect(value('average', -1, 4)).toBe(4);
    expect(value('max', 1, -4)).toBe(1);
    expect(value('selectFirst', -1, 4)).toBe(4);
    expect(value('average', -1, -1)).toBe(null);
    expect(value('selectFirst', -1, -1)).toBe(null);
  });

  it('a missing prediction makes the whole missing, or is left out', () => {
    expect(predict(mining('average'), { x: 1 }).value).toBe(null);
    const skipped = mining('average', undefined, 'missingPredictionTreatment="skipSegment"');
    expect(predict(skipped, { x: 1 }).value).toBe(3.5);
  });

  it('x-multiModelChain is refused', () => {
    const error = failure(mining('x-multiModelChain'));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toContain('<Segmentation>');
  });

  it('of a chain read what those before them put out', () => {
    const first = `<Segment><True/><TreeModel functionName="classification">${schema(['x'])}
      <Output><OutputField name="group" feature="predictedValue" dataType="string" optype="categorical"/>
      <OutputField name="p" feature="probability" value="hi" dataType="double" optype="continuous"/></Output>
      <Node><True/><Node score="hi">${positive('x')}<ScoreDistribution value="hi" recordCount="3"/><ScoreDistribution value="lo" recordCount="1"/></Node>
      <Node score="lo"><SimplePredicate field="x" operator="lessOrEqual" value="0"/><ScoreDistribution value="lo" recordCount="1"/></Node></Node></TreeModel></Segment>`;
    const second = `<Segment><True/><RegressionModel functionName="regression">${schema(['group', 'p'])}
      <RegressionTable intercept="0"><NumericPredictor name="p" coefficient="100"/><CategoricalPredictor name="group" value="hi" coefficient="5"/></RegressionTable></RegressionModel></Segment>`;
    const text = pmmlText(
      numbers('x'),
      `<MiningModel functionName="regression">${schema(['x'])}<Segmentation multipleModelMethod="modelChain">${first}${second}</Segmentation></MiningModel>`,
    );
    expect([1, -1].map((x) => predict(text, { x }).value)).toEqual([80, 0]);
  });
});

describe('neighbours', () => {
  it('are found by what is derived from the instances', () => {
    const text = pmmlText(
      numbers('x') + texts('y', 'a', 'b'),
      `<NearestNeighborModel functionName="classification" numberOfNeighbors="1">${schema(['x'], 'y')}
      <LocalTransformations><DerivedField name="square" optype="continuous" dataType="double"><Apply function="*"><FieldRef field="x"/><FieldRef field="x"/></Apply></DerivedField></LocalTransformations>
      <TrainingInstances isTransformed="false"><InstanceFields><InstanceField field="x" column="x"/><InstanceField field="y" column="y"/></InstanceFields>
      <InlineTable><row><x>-3</x><y>a</y></row><row><x>1</x><y>b</y></row></InlineTable></TrainingInstances>
      <ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure>
      <KNNInputs><KNNInput field="square"/></KNNInputs></NearestNeighborModel>`,
    );
    // 9 and 1: 3 is next to -3, and 2 (its square 4) to 1.
    expect([3, 2].map((x) => label(text, { x }))).toEqual(['a', 'b']);
  });
});

describe('clusters', () => {
  it('are alike by how many flags agree', () => {
    const cluster = (flags: string) => `<Cluster><Array n="3" type="int">${flags}</Array></Cluster>`;
    const text = (measure: string) =>
      pmmlText(
        numbers('a', 'b', 'c'),
        `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">${schema(['a', 'b', 'c'])}
        <ComparisonMeasure kind="similarity"><${measure}/></ComparisonMeasure>
        <ClusteringField field="a"/><ClusteringField field="b"/><ClusteringField field="c"/>${cluster('1 1 0')}${cluster('0 0 1')}</ClusteringModel>`,
      );
    const got = (measure: string) => predict(text(measure), { a: 1, b: 0, c: 0 });
    // First: a11 1, a01 1, a00 1; second: a10 1, a01 1, a00 1.
    expect(got('simpleMatching').raw).toEqual([2 / 3, 1 / 3]);
    expect(got('jaccard').raw).toEqual([1 / 2, 0]);
    expect(got('tanimoto').raw).toEqual([2 / 4, 1 / 5]);
    expect(got('tanimoto').label).toBe('1');
  });
});

describe('clusters, called and ranked', () => {
  /** At 0, 10 and 4 of x. */
  const text = (attributes: readonly string[], output = '', verification = '') =>
    pmmlText(
      numbers('x'),
      `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="3">${schema(['x'])}${output && `<Output>${output}</Output>`}
      <ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/>
      ${[0, 10, 4].map((x, i) => `<Cluster ${attributes[i] ?? ''}><Array n="1" type="real">${x}</Array></Cluster>`).join('')}${verification}</ClusteringModel>`,
    );

  it('by their ids, else by their names, else by their numbers', () => {
    const labels = (attributes: readonly string[]) =>
      importText(text(attributes)).model.output.classes?.labels;
    expect(labels(['id="a" name="A"', 'id="b" name="B"', 'id="c"'])).toEqual(['a', 'b', 'c']);
    expect(labels(['name="A"', 'name="B"', ''])).toEqual(['A', 'B', '3']);
    expect(labels(['name="A"', 'name="A"', ''])).toEqual(['1', '2', '3']);
  });

  it('by their distance', () => {
    const field = (feature: string, type = 'double') =>
      `<OutputField name="o" feature="${feature}" rank="2" isFinalResult="true" optype="continuous" dataType="${type}"/>`;
    const names = ['name="A"', 'name="B"', 'name="C"'];
    // 7 is 7, 3 and 3 away: of equal ones the first.
    expect(label(text(names, field('clusterId', 'string')), { x: 7 })).toBe('3');
    expect(label(text(names, field('predictedDisplayValue', 'string')), { x: 1 })).toBe('C');
    expect(predict(text(names, field('affinity')), { x: 1 }).value).toBe(3);
    expect(label(text(names, field('clusterId', 'string')), { x: null })).toBe(null);
  });

  it('by name or by number in the verification of the file', () => {
    const verified = (expected: string) =>
      text(
        ['name="A"', 'name="B"', 'name="C"'],
        '<OutputField name="o" feature="clusterId" optype="categorical" dataType="string"/>',
        `<ModelVerification><VerificationFields><VerificationField field="x"/><VerificationField field="o"/></VerificationFields>
        <InlineTable><row><x>9</x><o>${expected}</o></row></InlineTable></ModelVerification>`,
      );
    for (const expected of ['B', '2']) expect(() => importText(verified(expected))).not.toThrow();
    expect(failure(verified('3')).message).toContain('verification fails');
  });
});

describe('naive Bayes', () => {
  it('counts by Poisson distributions', () => {
    const text = pmmlText(
      numbers('n') + texts('y', 'a', 'b'),
      `<NaiveBayesModel functionName="classification" threshold="0.001">${schema(['n'], 'y')}
      <BayesInputs><BayesInput fieldName="n"><TargetValueStats>
      <TargetValueStat value="a"><PoissonDistribution mean="2"/></TargetValueStat>
      <TargetValueStat value="b"><PoissonDistribution mean="5"/></TargetValueStat></TargetValueStats></BayesInput></BayesInputs>
      <BayesOutput fieldName="y"><TargetValueCounts><TargetValueCount value="a" count="30"/><TargetValueCount value="b" count="10"/></TargetValueCounts></BayesOutput></NaiveBayesModel>`,
    );
    const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
    const density = (n: number, mean: number) => (Math.exp(-mean) * mean ** n) / factorial(n);
    for (const n of [0, 1, 3, 7, 11, 12]) {
      const a = 30 * Math.max(0.001, density(n, 2));
      const b = 10 * Math.max(0.001, density(n, 5));
      expect(predict(text, { n }).value).toBeCloseTo(b / (a + b), 13);
    }
    // Beyond the table, and for what is no count, both are at the threshold; a missing count adds nothing.
    for (const n of [14, 1000, -1, 2.5, null]) expect(predict(text, { n }).value).toBeCloseTo(0.25, 14);
    expect(failure(text.replace('threshold="0.001"', 'threshold="0"')).code).toBe('PGS_UNSUPPORTED');
    expect(failure(text.replace('mean="2"', 'mean="1e9"')).code).toBe('PGS_UNSUPPORTED');
    expect(failure(text.replace('mean="2"', 'mean="-2"')).code).toBe('PGS_FILE');
  });
});

describe('rules', () => {
  it('sum weights by class; a class without a rule that fires does not win', () => {
    const rule = (score: string, field: string, weight: number) =>
      `<SimpleRule score="${score}" weight="${weight}">${positive(field)}</SimpleRule>`;
    const text = (weight: number) =>
      pmmlText(
        numbers('x', 'z') + texts('y', 'a', 'b'),
        `<RuleSetModel functionName="classification">${schema(['x', 'z'], 'y')}<RuleSet defaultScore="a"><RuleSelectionMethod criterion="weightedSum"/>
        ${rule('a', 'x', 0.5)}${rule('b', 'z', weight)}${rule('b', 'z', 0)}</RuleSet></RuleSetModel>`,
      );
    const rows = [
      { x: 1, z: 1 },
      { x: -1, z: 1 },
      { x: -1, z: -1 },
    ];
    const labels = (weight: number) => rows.map((row) => label(text(weight), row));
    // Of equal sums, the class that the dictionary names first.
    expect(labels(0.5)).toEqual(['a', 'b', 'a']);
    expect(labels(0.75)).toEqual(['b', 'b', 'a']);
    expect(labels(0)).toEqual(['a', 'b', 'a']);
  });
});

describe('scorecards', () => {
  it('compute partial scores, and the points of their reason codes', () => {
    const text = pmmlText(
      numbers('x'),
      `<Scorecard functionName="regression" initialScore="100" useReasonCodes="true" reasonCodeAlgorithm="pointsBelow" baselineScore="20" baselineMethod="max">${schema(['x'])}
      <Output><OutputField name="score" feature="predictedValue" optype="continuous" dataType="double"/>
      <OutputField name="why" feature="reasonCode" rank="1" optype="categorical" dataType="string"/></Output>
      <Characteristics><Characteristic name="c" reasonCode="R"><Attribute partialScore="7">${positive('x')}
      <ComplexPartialScore><Apply function="*"><FieldRef field="x"/><Constant dataType="double">3</Constant></Apply></ComplexPartialScore></Attribute>
      <Attribute partialScore="-1"><True/></Attribute></Characteristic></Characteristics></Scorecard>`,
    );
    // The expression stands over the partialScore beside it; the baseline is for reason codes alone.
    expect([2, -2, null].map((x) => predict(text, { x }).value)).toEqual([106, 99, 99]);
    expect(predict(text, { x: 2 })).toMatchObject({ label: 'R', raw: [106, 14] });
    expect(importText(text).source.notes).toEqual([
      'The label is the first reason code; raw holds the score and then the points of R.',
    ]);
  });
});

describe('neural networks', () => {
  const network = (activation: string, attributes = '') =>
    pmmlText(
      numbers('x', 'y'),
      `<NeuralNetwork functionName="regression" activationFunction="${activation}" ${attributes}>${schema(['x'], 'y')}
      <NeuralInputs><NeuralInput id="i"><DerivedField optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></NeuralInput></NeuralInputs>
      <NeuralLayer><Neuron id="o"><Con from="i" weight="2"/></Neuron></NeuralLayer>
      <NeuralOutputs><NeuralOutput outputNeuron="o"><DerivedField optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField></NeuralOutput></NeuralOutputs></NeuralNetwork>`,
    );

  it.each<[string, number, number]>([
    ['threshold', 1, 1],
    ['logistic', 1, 1 / (1 + Math.exp(-2))],
    ['tanh', 1, Math.tanh(2)],
    ['identity', 1, 2],
    ['exponential', 1, Math.exp(2)],
    ['reciprocal', 1, 0.5],
    ['square', 1, 4],
    ['Gauss', 1, Math.exp(-4)],
    ['sine', 1, Math.sin(2)],
    ['cosine', 1, Math.cos(2)],
    ['Elliott', 1, 2 / 3],
    ['arctan', 1, (2 * Math.atan(2)) / Math.PI],
    ['rectifier', -1, 0],
  ])('%s', (activation, x, expected) => {
    expect(predict(network(activation), { x }).value).toBeCloseTo(expected, 14);
  });

  it('a rectifier leaks, a radial basis has a width and an altitude', () => {
    expect(predict(network('rectifier', 'leakage="0.25"'), { x: -1 }).value).toBe(-0.5);
    // One connection: altitude * exp(-(x - 2)² / (2 * 3²)).
    const radial = network('radialBasis', 'width="3" altitude="1.5"');
    expect(predict(radial, { x: 5 }).value).toBeCloseTo(1.5 * Math.exp(-0.5), 14);
  });
});

describe('general regressions', () => {
  it('Cox: the baseline at the time, times exp(score - reference)', () => {
    const text = pmmlText(
      numbers('x', 'time', 'y'),
      `<GeneralRegressionModel functionName="regression" modelType="CoxRegression" endTimeVariable="time">${schema(['x', 'time'], 'y')}
      <ParameterList><Parameter name="p" referencePoint="1"/></ParameterList><CovariateList><Predictor name="x"/></CovariateList>
      <PPMatrix><PPCell value="1" predictorName="x" parameterName="p"/></PPMatrix><ParamMatrix><PCell parameterName="p" beta="0.5"/></ParamMatrix>
      <BaseCumHazardTables maxTime="10"><BaselineCell time="2" cumHazard="0.1"/><BaselineCell time="5" cumHazard="0.4"/></BaseCumHazardTables></GeneralRegressionModel>`,
    );
    const at = (time: number, x = 3) => predict(text, { time, x }).value;
    expect(importText(text).model.task).toBe('survival');
    expect([at(1), at(2), at(6), at(11)]).toEqual([0, 0.1 * Math.exp(1), 0.4 * Math.exp(1), null]);
  });

  it('a contrast matrix gives a category its numbers', () => {
    const text = pmmlText(
      texts('s', 'p', 'q') + numbers('y'),
      `<GeneralRegressionModel functionName="regression" modelType="generalLinear">${schema(['s'], 'y')}
      <ParameterList><Parameter name="p0"/><Parameter name="p1"/></ParameterList>
      <FactorList><Predictor name="s"><Categories><Category value="p"/><Category value="q"/></Categories>
      <Matrix nbRows="2" nbCols="1"><Array type="real" n="1">1</Array><Array type="real" n="1">-1</Array></Matrix></Predictor></FactorList>
      <PPMatrix><PPCell value="1" predictorName="s" parameterName="p1"/></PPMatrix>
      <ParamMatrix><PCell parameterName="p0" beta="10"/><PCell parameterName="p1" beta="2"/></ParamMatrix></GeneralRegressionModel>`,
    );
    expect(['p', 'q', null].map((s) => predict(text, { s }).value)).toEqual([12, 8, null]);
  });
});
