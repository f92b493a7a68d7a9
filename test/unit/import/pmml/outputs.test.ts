import { describe, expect, it } from 'vitest';
import { failure, importText, numbers, pmmlText, predict, type Row, schema, texts } from './files.ts';

/** An output field alone, so that it is what the model answers. */
function output(feature: string, attributes = '', type = 'string'): string {
  return `<Output><OutputField name="out" feature="${feature}" dataType="${type}" optype="categorical" isFinalResult="true" ${attributes}/></Output>`;
}

const positive = (field: string) => `<SimplePredicate field="${field}" operator="greaterThan" value="0"/>`;
const FIELDS = numbers('x', 'z') + texts('y', 'a', 'b');

function label(text: string, row: Row): string | null {
  return predict(text, row).label;
}

/** pointsBelow from baselines of 10, or pointsAbove; the second characteristic has a code of its own for each attribute. */
function scorecard(out: string, algorithm = 'pointsBelow'): string {
  const attribute = (score: number, predicate: string, code = '') =>
    `<Attribute partialScore="${score}" ${code && `reasonCode="${code}"`}>${predicate}</Attribute>`;
  return pmmlText(
    numbers('x', 'z'),
    `<Scorecard functionName="regression" reasonCodeAlgorithm="${algorithm}" baselineScore="10">${schema(['x', 'z'])}${out}
    <Characteristics>
    <Characteristic name="c0" reasonCode="R0">${attribute(4, positive('x'))}${attribute(30, '<True/>')}</Characteristic>
    <Characteristic name="c1" reasonCode="R1">${attribute(1, positive('z'), 'R2')}${attribute(4, '<True/>')}</Characteristic>
    <Characteristic name="c2" reasonCode="R0" baselineScore="1">${attribute(0, '<True/>')}</Characteristic>
    </Characteristics></Scorecard>`,
  );
}

describe('reason codes', () => {
  it('are the label and raw scores, points of one code summed', () => {
    expect(predict(scorecard(''), { x: 1, z: 1 })).toMatchObject({
      value: 5,
      label: 'R2',
      raw: [5, 7, 9, Number.NaN],
    });
    expect(predict(scorecard(''), { x: -1, z: -1 })).toMatchObject({
      label: 'R1',
      raw: [34, -19, Number.NaN, 6],
    });
  });

  it('are ranked by points, of equal ones in the order of the file; without points there is none', () => {
    const ranks = (row: Row, algorithm?: string) =>
      [1, 2, 3].map((rank) => label(scorecard(output('reasonCode', `rank="${rank}"`), algorithm), row));
    expect(ranks({ x: 1, z: 1 })).toEqual(['R2', 'R0', null]);
    expect(ranks({ x: -1, z: -1 })).toEqual(['R1', null, null]);
    expect(ranks({ x: -1, z: -1 }, 'pointsAbove')).toEqual(['R0', null, null]);
    const even = scorecard('').replace('partialScore="1"', 'partialScore="3"');
    // R0: 6 + 1, R2: 7.
    expect(label(even, { x: 1, z: 1 })).toBe('R0');
  });

  it('stay out where the file says so, or names none', () => {
    const without = scorecard('').replace('<Scorecard', '<Scorecard useReasonCodes="false"');
    expect(predict(without, { x: 1, z: 1 })).toMatchObject({ value: 5, label: null, raw: [5] });
    expect(predict(scorecard('').replace(/ reasonCode="\w+"/g, ''), { x: 1, z: 1 }).label).toBe(null);
  });

  it('need a baseline', () => {
    const error = failure(scorecard('').replace(' baselineScore="10"', ''));
    expect([error.code, error.message]).toEqual(['PGS_FILE', expect.stringContaining('baselineScore')]);
  });
});

describe('entities', () => {
  const tree = (out: string, functionName = 'classification') =>
    pmmlText(
      FIELDS,
      `<TreeModel functionName="${functionName}" noTrueChildStrategy="returnLastPrediction">${schema(['x', 'z'], 'y')}${out}
      <Node id="root" score="0"><True/><Node id="left" score="1">${positive('x')}</Node></Node></TreeModel>`,
    );

  it('are the nodes of a tree', () => {
    const text = tree(output('entityId'), 'regression').replace(
      'usageType="target"',
      'usageType="supplementary"',
    );
    expect([1, -1].map((x) => label(text, { x }))).toEqual(['left', 'root']);
    const unnamed = text.replace(' id="left"', '');
    expect(failure(unnamed).message).toContain('entityId');
  });

  it('are the rule that decides', () => {
    const rule = (id: string, score: string, field: string, weight: number) =>
      `<SimpleRule id="${id}" score="${score}" weight="${weight}">${positive(field)}</SimpleRule>`;
    const text = (criterion: string) =>
      pmmlText(
        FIELDS,
        `<RuleSetModel functionName="classification">${schema(['x', 'z'], 'y')}${output('entityId')}
        <RuleSet defaultScore="a"><RuleSelectionMethod criterion="${criterion}"/>${rule('r1', 'a', 'x', 0.5)}${rule('r2', 'b', 'z', 0.75)}</RuleSet></RuleSetModel>`,
      );
    const both = { x: 1, z: 1 };
    expect([label(text('firstHit'), both), label(text('weightedMax'), both)]).toEqual(['r1', 'r2']);
    expect(label(text('firstHit'), { x: -1, z: -1 })).toBe(null);
    expect(failure(text('weightedSum')).message).toContain('entityId');
  });

  it('are the segment that answers', () => {
    const segment = (id: string, predicate: string, intercept: number) =>
      `<Segment id="${id}">${predicate}<RegressionModel functionName="regression">${schema(['x', 'z'])}<RegressionTable intercept="${intercept}"/></RegressionModel></Segment>`;
    const text = pmmlText(
      numbers('x', 'z'),
      `<MiningModel functionName="regression">${schema(['x', 'z'])}${output('entityId')}<Segmentation multipleModelMethod="selectFirst">
      ${segment('s1', positive('x'), 1)}${segment('s2', positive('z'), 2)}</Segmentation></MiningModel>`,
    );
    expect([{ x: 1 }, { x: -1, z: 1 }, { x: -1, z: -1 }].map((row) => label(text, row))).toEqual([
      's1',
      's2',
      null,
    ]);
  });

  const neighbours = (out: string, attributes = '') =>
    pmmlText(
      numbers('x', 'y'),
      `<NearestNeighborModel functionName="regression" numberOfNeighbors="2" ${attributes}>${schema(['x'], 'y')}${out}
      <TrainingInstances isTransformed="true"><InstanceFields><InstanceField field="id" column="id"/><InstanceField field="x" column="x"/><InstanceField field="y" column="y"/></InstanceFields>
      <InlineTable><row><id>p</id><x>0</x><y>1</y></row><row><id>q</id><x>3</x><y>2</y></row><row><id>r</id><x>9</x><y>4</y></row></InlineTable></TrainingInstances>
      <ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><KNNInputs><KNNInput field="x"/></KNNInputs></NearestNeighborModel>`,
    );

  it('are the nearest instances, by their ids or numbers', () => {
    const id = (rank: number, attributes?: string) =>
      label(neighbours(output('entityId', `rank="${rank}"`), attributes), { x: 2 });
    expect([id(1), id(2), id(3)]).toEqual(['2', '1', null]);
    expect([id(1, 'instanceIdVariable="id"'), id(2, 'instanceIdVariable="id"')]).toEqual(['q', 'p']);
    expect(label(neighbours(output('entityId')), {})).toBe(null);
  });

  it('have a distance', () => {
    const distance = (rank: number) =>
      predict(neighbours(output('affinity', `rank="${rank}"`, 'double')), { x: 2 }).value;
    expect([distance(1), distance(2)]).toEqual([1, 2]);
  });
});

describe('numbers beside the value', () => {
  const regression = (fields: string) =>
    pmmlText(
      numbers('x', 'z'),
      `<RegressionModel functionName="regression">${schema(['x', 'z'])}<Output>${fields}</Output><RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel>`,
    );
  const computed = (name: string, expression: string, attributes = '') =>
    `<OutputField name="${name}" feature="transformedValue" ${attributes}>${expression}</OutputField>`;
  const score = '<OutputField name="score" feature="predictedValue" dataType="double"/>';
  const ratio = computed(
    'ratio',
    '<Apply function="/"><FieldRef field="score"/><FieldRef field="z"/></Apply>',
  );

  it('end the raw scores, each with its own missing values', () => {
    const text = regression(
      score + ratio + computed('hidden', '<FieldRef field="z"/>', 'isFinalResult="false"'),
    );
    expect(predict(text, { x: 4, z: 3 })).toMatchObject({ value: 9, raw: [9, 3] });
    // A division by zero makes the quotient invalid, not the prediction.
    expect(predict(text, { x: 4, z: 0 })).toMatchObject({ value: 9, raw: [9, Number.NaN] });
    expect(importText(text).source.notes).toEqual([
      'raw ends in the output fields ratio.',
      'A prediction does not hold the output fields hidden.',
    ]);
  });

  it('stay out when they are texts, or cannot be computed', () => {
    const named = computed('named', '<Constant dataType="string">a</Constant>');
    const lag = computed('lag', '<Lag field="z"/>');
    const text = regression(score + named + lag + ratio);
    expect(predict(text, { x: 4, z: 3 }).raw).toEqual([9, 3]);
    expect(importText(text).source.notes.join()).toContain('output fields named, lag.');
  });

  it('are held to the verification of the file', () => {
    const rows = (value: number) =>
      `<ModelVerification><VerificationFields><VerificationField field="x"/><VerificationField field="z"/><VerificationField field="ratio"/></VerificationFields><InlineTable><row><x>4</x><z>3</z><ratio>${value}</ratio></row></InlineTable></ModelVerification>`;
    const text = (value: number) =>
      regression(score + ratio).replace('</RegressionModel>', `${rows(value)}</RegressionModel>`);
    expect(predict(text(3), { x: 4, z: 3 }).value).toBe(9);
    expect(failure(text(4)).message).toContain('ratio');
  });
});

describe('what is shown', () => {
  it('of a class is by its target, or by its field', () => {
    const fields = FIELDS.replace(
      '<Value value="a"/>',
      '<Value value="a" displayValue="A in words"/>',
    ).replace('<Value value="b"/>', '<Value value="b" displayValue="B in words"/>');
    const target =
      '<Targets><Target field="y"><TargetValue value="b" displayValue="the target\'s B"/></Target></Targets>';
    const text = pmmlText(
      fields,
      `<TreeModel functionName="classification" noTrueChildStrategy="returnLastPrediction">${schema(['x'], 'y')}${output('predictedDisplayValue')}${target}
      <Node score="b"><True/><Node score="a">${positive('x')}</Node></Node></TreeModel>`,
    );
    expect([1, -1].map((x) => label(text, { x }))).toEqual(['A in words', "the target's B"]);
  });
});
