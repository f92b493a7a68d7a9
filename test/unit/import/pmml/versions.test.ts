import { describe, expect, it } from 'vitest';
import { expressionModel, failure, importText, numbers, pmmlText, predict, schema, texts } from './files.ts';

const versioned = (text: string, version: string) => text.replace('version="4.4"', `version="${version}"`);
const table = '<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable>';
const regression = (attributes = '') =>
  pmmlText(
    numbers('x'),
    `<RegressionModel functionName="regression" ${attributes}>${schema(['x'])}${table}</RegressionModel>`,
  );

describe('versions', () => {
  it.each(['3.0', '3.1', '3.2', '4.0', '4.1', '4.2', '4.2.1', '4.3', '4.4', '4.4.1'])('%s', (version) => {
    const text = versioned(regression(), version);
    expect(predict(text, { x: 3 }).value).toBe(7);
    expect(importText(text).source.formatVersion).toBe(version);
  });

  it.each(['2.1', '3.3', '5.0', '4', 'x'])('%s is refused', (version) => {
    const error = failure(versioned(regression(), version));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining(`"${version}"`)]);
  });

  it('before 3.2 may derive the coordinates of centres, and are refused then', () => {
    const text = pmmlText(
      numbers('x'),
      `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="1">${schema(['x'])}
      <ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/>
      <CenterFields><DerivedField name="c" optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></CenterFields>
      <Cluster><Array type="real" n="1">1</Array></Cluster></ClusteringModel>`,
    );
    expect(failure(versioned(text, '3.1')).message).toContain('<CenterFields>');
  });

  it('do not say what a logistic regression without a normalisation is', () => {
    expect(failure(versioned(regression('modelType="logisticRegression"'), '3.0')).message).toContain(
      'normalizationMethod',
    );
  });

  it('mean other things by mapMissingTo of a function in 4.1', () => {
    const fields = numbers('x', 'y');
    const sum = '<Apply function="sum" mapMissingTo="-1"><FieldRef field="x"/><FieldRef field="y"/></Apply>';
    const text = expressionModel(fields, ['x', 'y'], sum);
    // A sum leaves a missing value out: that is missing to the function, but its result is not.
    expect(predict(text, { x: 1 }).value).toBe(-1);
    expect(predict(versioned(text, '4.1'), { x: 1 }).value).toBe(1);
    expect(predict(versioned(text, '4.1'), {}).value).toBe(-1);
  });

  it('have constants for parameters in files of SAS', () => {
    const cut = `<DefineFunction name="cut" optype="categorical" dataType="string"><ParameterField name="WIDTH" optype="continuous"/><ParameterField name="text" optype="categorical"/>
      <Apply function="substring"><FieldRef field="text"/><Constant>1</Constant><Constant>WIDTH</Constant></Apply></DefineFunction>`;
    const call =
      '<Apply function="equal"><Apply function="cut"><Constant>2</Constant><FieldRef field="s"/></Apply><Constant dataType="string">ab</Constant></Apply>';
    const text = expressionModel(texts('s'), ['s'], call, { dictionary: cut });
    expect([predict(text, { s: 'abc' }).value, predict(text, { s: 'a' }).value]).toEqual([1, 0]);
  });
});
