import { describe, expect, it } from 'vitest';
import { failure, importText, numbers, pmmlText, predict, schema, texts } from './files.ts';

/** y = x, with whatever the <MiningField> and the <DataField> of x say. */
function identity(mining: string, declared = '', extra = ''): string {
  return pmmlText(
    `<DataField name="x" optype="continuous" dataType="double">${declared}</DataField>${numbers('y')}`,
    `<RegressionModel functionName="regression"><MiningSchema><MiningField name="x" ${mining}/><MiningField name="y" usageType="target"/></MiningSchema>
    ${extra}<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable></RegressionModel>`,
  );
}

function values(text: string, xs: readonly (number | null)[]): (number | null)[] {
  return xs.map((x) => predict(text, { x }).value);
}

const RANGE = '<Interval closure="closedOpen" leftMargin="0" rightMargin="10"/>';

describe('<MiningField>', () => {
  it('replaces missing values', () => {
    expect(values(identity('missingValueReplacement="3"'), [null, 1])).toEqual([3, 1]);
  });

  it('makes no prediction of an invalid value, unless it says otherwise', () => {
    expect(values(identity('', RANGE), [0, 9.5, 10, -1, null])).toEqual([0, 9.5, null, null, null]);
    expect(values(identity('invalidValueTreatment="asIs"', RANGE), [10, -1])).toEqual([10, -1]);
    const missing = identity('invalidValueTreatment="asMissing" missingValueReplacement="4"', RANGE);
    expect(values(missing, [10, -1, 2, null])).toEqual([4, 4, 2, 4]);
    const replaced = identity('invalidValueTreatment="asValue" invalidValueReplacement="6"', RANGE);
    expect(values(replaced, [10, 2])).toEqual([6, 2]);
  });

  it('makes no prediction of a missing value where it says so', () => {
    expect(values(identity('missingValueTreatment="returnInvalid"'), [null, 1])).toEqual([null, 1]);
  });

  it('treats outliers', () => {
    const extreme = identity('outliers="asExtremeValues" lowValue="0" highValue="5"');
    expect(values(extreme, [-1, 0, 5, 6, null])).toEqual([0, 0, 5, 5, null]);
    const missing = identity('outliers="asMissingValues" highValue="5" missingValueReplacement="1"');
    expect(values(missing, [-1, 5, 6])).toEqual([-1, 5, 1]);
  });

  it('takes declared values for missing or invalid', () => {
    const declared = '<Value value="-999" property="missing"/><Value value="-998" property="invalid"/>';
    const text = identity('missingValueReplacement="7"', declared);
    expect(values(text, [-999, -998, 1])).toEqual([7, null, 1]);
  });

  it('knows the texts that are declared', () => {
    const model = (mining: string) =>
      pmmlText(
        texts('s', 'a', 'b') + numbers('y'),
        `<RegressionModel functionName="regression"><MiningSchema><MiningField name="s" ${mining}/><MiningField name="y" usageType="target"/></MiningSchema>
        <RegressionTable intercept="1"><CategoricalPredictor name="s" value="b" coefficient="2"/></RegressionTable></RegressionModel>`,
      );
    const got = (mining: string) => ['a', 'b', 'z', null].map((s) => predict(model(mining), { s }).value);
    // A missing category adds nothing.
    expect(got('')).toEqual([1, 3, null, 1]);
    expect(got('invalidValueTreatment="asIs"')).toEqual([1, 3, 1, 1]);
    expect(got('missingValueReplacement="b"')).toEqual([1, 3, null, 3]);
    expect(got('invalidValueTreatment="asMissing" missingValueReplacement="b"')).toEqual([1, 3, 3, 3]);
  });

  it('gives the signature its order', () => {
    const fields = numbers('b', 'a') + texts('s', 'u', 'v');
    const model = `<RegressionModel functionName="regression">${schema(['a', 's', 'b'])}
      <RegressionTable intercept="1"/></RegressionModel>`;
    expect(importText(pmmlText(fields, model)).model.features).toEqual([
      { kind: 'number', name: 'a' },
      { kind: 'text', name: 's', categories: ['u', 'v'] },
      { kind: 'number', name: 'b' },
    ]);
  });
});

describe('<Targets>', () => {
  const target = (attributes: string, inner = '') =>
    identity('', '', `<Targets><Target field="y" ${attributes}>${inner}</Target></Targets>`);

  it('limits, scales and rounds, in this order', () => {
    const text = target('min="0" max="10" rescaleFactor="2" rescaleConstant="0.5" castInteger="round"');
    // 3.25: 6.5 + 0.5 = 7; 20: 10 * 2 + 0.5 = 20.5, up to 21; -4: 0.5, up to 1.
    expect(values(text, [3.25, 20, -4])).toEqual([7, 21, 1]);
    expect(values(target('castInteger="floor"'), [2.7, -2.5])).toEqual([2, -3]);
    expect(values(target('castInteger="ceiling"'), [2.1])).toEqual([3]);
  });

  it('gives a default where there is no prediction', () => {
    expect(values(target('', '<TargetValue defaultValue="42"/>'), [null, 1])).toEqual([42, 1]);
  });
});

describe('<Output>', () => {
  const output = (fields: string) => identity('', '', `<Output>${fields}</Output>`);
  const doubled = (final: string) =>
    `<OutputField name="twice" feature="transformedValue" dataType="double" optype="continuous" ${final}>
    <Apply function="*"><FieldRef field="p"/><Constant dataType="double">2</Constant></Apply></OutputField>`;

  it('leaves the prediction as it is', () => {
    const text = output(`<OutputField name="p" feature="predictedValue"/>${doubled('')}`);
    expect(values(text, [3])).toEqual([3]);
    expect(importText(text).source.notes.join()).toContain('twice');
  });

  it('is the value where it is the final result', () => {
    expect(
      values(
        output(`<OutputField name="p" feature="predictedValue"/>${doubled('isFinalResult="true"')}`),
        [3],
      ),
    ).toEqual([6]);
    expect(
      values(
        output(`<OutputField name="p" feature="predictedValue" isFinalResult="false"/>${doubled('')}`),
        [3],
      ),
    ).toEqual([6]);
  });
});

describe('<ModelVerification>', () => {
  const verified = (row: string, field = '') =>
    identity('', '', '').replace(
      '</RegressionModel>',
      `<ModelVerification recordCount="1"><VerificationFields><VerificationField field="x" column="x"/>
      <VerificationField field="y" column="y" ${field}/></VerificationFields><InlineTable><row><x>1</x><y>1</y></row>${row}</InlineTable></ModelVerification></RegressionModel>`,
    );

  it('is run when the file is read', () => {
    expect(predict(verified('<row><x>2</x><y>2.000001</y></row>'), { x: 5 }).value).toBe(5);
    const error = failure(verified('<row><x>2</x><y>2.1</y></row>'));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toContain('row 2 expects y to be 2.1, but it is scored as 2');
  });

  it('allows what the file allows', () => {
    expect(predict(verified('<row><x>2</x><y>2.1</y></row>', 'precision="0.1"'), { x: 5 }).value).toBe(5);
    const near = verified('<row><x>1E-9</x><y>0</y></row>', 'zeroThreshold="1E-8"');
    expect(predict(near, { x: 5 }).value).toBe(5);
  });

  it('is not about output fields that a prediction does not hold', () => {
    // The id of a leaf is no prediction of a tree.
    const text = verified('<row><x>2</x><y>2</y><leaf>17</leaf></row>').replace(
      '</VerificationFields>',
      '<VerificationField field="leaf"/></VerificationFields>',
    );
    const leaf = '<Output><OutputField name="leaf" feature="entityId"/></Output>';
    expect(predict(text.replace('</MiningSchema>', `</MiningSchema>${leaf}`), { x: 5 }).value).toBe(5);
  });
});

describe('options', () => {
  const classes = pmmlText(
    numbers('x') + texts('y', 'no', 'yes'),
    `<RegressionModel functionName="classification" normalizationMethod="logit">${schema(['x'], 'y')}
    <RegressionTable targetCategory="no" intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>
    <RegressionTable targetCategory="yes" intercept="0"/></RegressionModel>`,
  );

  it('give other labels, one a class', () => {
    expect(predict(classes, { x: 1 }, { labels: ['A', 'B'] }).label).toBe('A');
    expect(failure(classes, { labels: ['A'] }).code).toBe('PGS_USAGE');
    expect(failure(identity(''), { labels: ['A', 'B'] }).code).toBe('PGS_USAGE');
    expect(failure(classes, { features: ['z'] }).code).toBe('PGS_USAGE');
  });
});
