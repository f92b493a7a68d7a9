import { describe, expect, it } from 'vitest';
import { failure, numbers, pmmlText, predict, schema, texts } from './files.ts';

const FIELDS = numbers('age', 'income') + texts('sex', 'f', 'm') + texts('y', 'a', 'b', 'c');

function mining(inner: string, functionName = 'regression', target?: string): string {
  return pmmlText(
    FIELDS,
    `<MiningModel functionName="${functionName}">${schema(['age', 'income', 'sex'], target)}${inner}</MiningModel>`,
  );
}

const table = (intercept: number, slope: number, attributes = '') =>
  `<RegressionTable intercept="${intercept}" ${attributes}><NumericPredictor name="income" coefficient="${slope}"/></RegressionTable>`;
const upTo = (field: string, value: number) =>
  `<SimplePredicate field="${field}" operator="lessOrEqual" value="${value}"/>`;

/** https://dmg.org/pmml/v4-4-1/MultipleModels.html, where these are called model sequencing and model selection. */
describe('embedded models', () => {
  it('read what those before them answer', () => {
    const first = `<Regression functionName="regression"><ResultField name="term" feature="predictedValue"/>${table(2, 0.5)}</Regression>`;
    const second = `<DecisionTree functionName="regression" noTrueChildStrategy="returnLastPrediction"><Node score="78.91"><True/><Node score="32.32">${upTo('term', 42)}</Node></Node></DecisionTree>`;
    const text = mining(first + second);
    expect([80, 80.01, null].map((income) => predict(text, { income }).value)).toEqual([32.32, 78.91, 78.91]);
    expect(failure(mining(second)).message).toContain('"term"');
  });

  it('may derive fields of their own, and name probabilities', () => {
    const derived =
      '<LocalTransformations><DerivedField name="double" optype="continuous" dataType="double"><Apply function="*"><FieldRef field="income"/><Constant dataType="double">2</Constant></Apply></DerivedField></LocalTransformations>';
    const first = `<Regression functionName="classification" normalizationMethod="none">${derived}<ResultField name="p" feature="probability" value="b" dataType="double"/>
      <RegressionTable targetCategory="a" intercept="0"><NumericPredictor name="double" coefficient="0.25"/></RegressionTable><RegressionTable targetCategory="b" intercept="0"/></Regression>`;
    const second =
      '<Regression functionName="regression"><RegressionTable intercept="1"><NumericPredictor name="p" coefficient="100"/></RegressionTable></Regression>';
    // p of a is income / 2.
    expect(predict(mining(first + second), { income: 0.5 }).value).toBe(76);
    expect(failure(mining(first + second.replace('"p"', '"double"'))).message).toContain('"double"');
  });

  it('answer in the node where a row ends', () => {
    const embedded = (intercept: number, slope: number) =>
      `<Regression functionName="regression">${table(intercept, slope)}</Regression>`;
    const tree = `<DecisionTree functionName="regression"><Node score="0"><True/>
      <Node score="0">${upTo('age', 50)}${embedded(0, 2)}</Node>
      <Node score="7"><SimplePredicate field="sex" operator="equal" value="f"/></Node>
      <Node score="0"><SimplePredicate field="age" operator="greaterThan" value="50"/>${embedded(5, -1)}</Node></Node></DecisionTree>`;
    const value = (age: number | null, sex: string | null, income: number | null) =>
      predict(mining(tree), { age, sex, income }).value;
    expect([value(50, 'm', 3), value(51, 'f', 3), value(51, 'm', 3)]).toEqual([6, 7, 2]);
    expect([value(50, 'm', null), value(51, 'f', null), value(null, 'm', 3)]).toEqual([null, 7, null]);
  });

  it('answer classes together with nodes that do', () => {
    const embedded = `<Regression functionName="classification">${table(0, 1, 'targetCategory="c"')}<RegressionTable targetCategory="a" intercept="0"/></Regression>`;
    const tree = `<DecisionTree functionName="classification"><Node score="b"><True/>
      <Node score="b">${upTo('age', 50)}<ScoreDistribution value="b" recordCount="3"/><ScoreDistribution value="a" recordCount="1"/></Node>
      <Node score="b"><SimplePredicate field="age" operator="greaterThan" value="50"/>${embedded}</Node></Node></DecisionTree>`;
    const text = mining(tree, 'classification', 'y');
    expect(predict(text, { age: 40, income: 0.75 })).toMatchObject({
      label: 'b',
      probabilities: { a: 0.25, b: 0.75, c: 0 },
    });
    expect(predict(text, { age: 60, income: 0.75 })).toMatchObject({
      label: 'c',
      probabilities: { a: 0.25, b: 0, c: 0.75 },
    });
    expect(predict(text, { income: 0.75 }).label).toBe(null);
  });

  it('stand in a tree of a segment too', () => {
    const node = `<Node score="1"><True/><Regression functionName="regression">${table(1, 1)}</Regression></Node>`;
    const segment = `<Segment><True/><TreeModel functionName="regression">${schema(['income'])}${node}</TreeModel></Segment>`;
    const text = mining(`<Segmentation multipleModelMethod="sum">${segment}${segment}</Segmentation>`);
    expect(predict(text, { income: 4 }).value).toBe(10);
  });

  it.each([
    [
      'targets of their own',
      '<Regression functionName="regression"><Targets><Target rescaleFactor="2"/></Targets>',
      '<Targets>',
    ],
    ['none at all', '', 'neither'],
  ])('are refused with %s', (_, start, reason) => {
    const text = mining(start && `${start}${table(0, 1)}</Regression>`);
    expect(failure(text).message).toContain(reason);
  });

  it('are refused where a node answers a number and its model a class', () => {
    const embedded = `<Regression functionName="classification">${table(0, 1, 'targetCategory="c"')}<RegressionTable targetCategory="a" intercept="0"/></Regression>`;
    const text = mining(
      `<DecisionTree functionName="regression"><Node score="1"><True/>${embedded}</Node></DecisionTree>`,
    );
    expect(failure(text).message).toContain('another kind of result');
  });
});
