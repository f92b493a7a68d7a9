import type { ModelFile } from '../importer.ts';
import { isSinceType, type SinceType } from './dates.ts';
import type { Element } from './element.ts';
import type { DataType } from './values.ts';
import { parseXml } from './xml.ts';

/** A PMML file, its elements sorted by what they are for. */
export interface PmmlFile {
  readonly name: string;
  /** '4.4' as the file states it. */
  readonly version: string;
  /** The program that wrote the file, or null. */
  readonly application: string | null;
  readonly fields: ReadonlyMap<string, DataField>;
  /** The <DerivedField>s of the transformation dictionary. */
  readonly derived: readonly Element[];
  /** The <DefineFunction>s, by name. */
  readonly functions: ReadonlyMap<string, Element>;
  /** The one model that is scored. */
  readonly model: Element;
}

export interface DataField {
  readonly element: Element;
  readonly name: string;
  readonly optype: 'continuous' | 'categorical' | 'ordinal';
  readonly type: DataType;
  /** The declared values in their order, as they are written. */
  readonly valid: readonly string[];
  readonly invalid: readonly string[];
  readonly missing: readonly string[];
  readonly intervals: readonly Interval[];
}

/** A range of numbers; an absent end is infinite. */
export interface Interval {
  readonly left: number;
  readonly right: number;
  readonly leftClosed: boolean;
  readonly rightClosed: boolean;
}

export const MODELS: ReadonlySet<string> = new Set([
  'TreeModel',
  'MiningModel',
  'RegressionModel',
  'GeneralRegressionModel',
  'NaiveBayesModel',
  'NeuralNetwork',
  'SupportVectorMachineModel',
  'ClusteringModel',
  'Scorecard',
  'RuleSetModel',
  'NearestNeighborModel',
  'AnomalyDetectionModel',
  'AssociationModel',
  'BaselineModel',
  'BayesianNetworkModel',
  'GaussianProcessModel',
  'SequenceModel',
  'TextModel',
  'TimeSeriesModel',
]);

const DATA_TYPES: readonly DataType[] = [
  'string',
  'integer',
  'float',
  'double',
  'boolean',
  'date',
  'time',
  'dateTime',
];

/** @throws PgscoreError PGS_FILE for damaged files, PGS_UNSUPPORTED for other versions and models. */
export function scanPmml({ name, bytes }: ModelFile): PmmlFile {
  const root = parseXml(name, bytes);
  if (root.name !== 'PMML') root.fail('is no <PMML>');
  const version = root.string('version').trim();
  if (!/^(3\.[0-2]|4\.[0-4])(\.\d+)?$/.test(version)) {
    root.refuse(
      `is of version ${JSON.stringify(version.slice(0, 20))}`,
      'Export the model as PMML 4.4, or another version from 3.0 on.',
    );
  }
  root.allow('Header', 'MiningBuildTask', 'DataDictionary', 'TransformationDictionary', ...MODELS);
  const transformations = root.optional('TransformationDictionary');
  return {
    name,
    version,
    application: root.optional('Header')?.optional('Application')?.attributes.name ?? null,
    fields: scanFields(root.required('DataDictionary')),
    derived: transformations?.all('DerivedField') ?? [],
    functions: scanFunctions(transformations?.all('DefineFunction') ?? []),
    model: chooseModel(root),
  };
}

/** The first model that says that it may be scored. */
function chooseModel(root: Element): Element {
  const models = root.children.filter((child) => MODELS.has(child.name));
  const scorable = models.filter((model) => model.boolean('isScorable', true));
  if (models.length === 0) root.fail('holds no model');
  const [first, second] = scorable;
  if (first === undefined) return models[0]!.refuse('says that it is not scorable');
  if (second !== undefined) {
    second.refuse('is a second model', 'Keep one model a file.');
  }
  return first;
}

function scanFunctions(elements: readonly Element[]): ReadonlyMap<string, Element> {
  const functions = new Map<string, Element>();
  for (const element of elements) {
    const name = element.string('name');
    if (functions.has(name)) element.fail('is defined a second time');
    functions.set(name, element);
  }
  return functions;
}

function scanFields(dictionary: Element): ReadonlyMap<string, DataField> {
  dictionary.allow('DataField', 'Taxonomy');
  const fields = new Map<string, DataField>();
  for (const element of dictionary.all('DataField')) {
    const field = scanField(element);
    if (fields.has(field.name)) element.fail('is declared a second time');
    fields.set(field.name, field);
  }
  return fields;
}

function scanField(element: Element): DataField {
  if (element.boolean('isCyclic', false)) element.refuse('is cyclic');
  const values = (property: string): readonly string[] => [
    ...new Set(
      element
        .all('Value')
        .filter((value) => (value.attributes.property ?? 'valid') === property)
        .map((value) => value.string('value')),
    ),
  ];
  return {
    element,
    name: element.string('name'),
    optype: element.choice('optype', ['continuous', 'categorical', 'ordinal']),
    type: storedType(dataTypeOf(element)),
    valid: values('valid'),
    invalid: values('invalid'),
    missing: values('missing'),
    intervals: element.all('Interval').map(scanInterval),
  };
}

export function scanInterval(element: Element): Interval {
  const closure = element.choice('closure', ['openOpen', 'openClosed', 'closedOpen', 'closedClosed']);
  return {
    left: element.number('leftMargin', -Infinity),
    right: element.number('rightMargin', Infinity),
    leftClosed: closure.startsWith('closed'),
    rightClosed: closure.endsWith('Closed'),
  };
}

/** The texts of an <Array>, which are parted by spaces; one with a space stands in quotes. R writes `n` wrong: it is not read. */
export function scanArray(element: Element): readonly string[] {
  const texts: string[] = [];
  const quoted = element.attributes.type !== 'real' && element.attributes.type !== 'int';
  const pattern = quoted ? /"((?:[^"\\]|\\[\s\S])*)"|[^\s"]\S*/g : /\S+/g;
  for (const [whole, inner] of element.text.matchAll(pattern)) {
    texts.push(inner === undefined ? whole : inner.replace(/\\(["\\])/g, '$1'));
  }
  return texts;
}

/** The numbers of an <Array>, or of a <REAL-SparseArray> or <INT-SparseArray>, whose gaps hold its default value. */
export function scanNumbers(element: Element): readonly number[] {
  if (!element.name.endsWith('SparseArray'))
    return scanArray(element).map((text) => element.parse(text, 'a value'));
  const indices = scanList(element, 'Indices');
  const entries = scanList(element, element.name === 'INT-SparseArray' ? 'INT-Entries' : 'REAL-Entries');
  const length = element.number('n', Math.max(0, ...indices));
  if (!Number.isInteger(length) || length < 0 || length > MAX_SPARSE)
    element.fail(`cannot hold ${length} values`);
  const numbers = new Array<number>(length).fill(element.number('defaultValue', 0));
  if (entries.length !== indices.length) element.fail('holds another number of entries than of indices');
  indices.forEach((index, k) => {
    if (!Number.isInteger(index) || index < 1 || index > length) element.fail(`has no index ${index}`);
    numbers[index - 1] = entries[k]!;
  });
  return numbers;
}

const MAX_SPARSE = 1_000_000;

function scanList(element: Element, name: string): readonly number[] {
  const list = element.optional(name);
  return list === undefined ? [] : (list.text.match(/\S+/g) ?? []).map((text) => list.parse(text, 'a value'));
}

/** @throws PgscoreError PGS_UNSUPPORTED for one that is not known. */
export function dataTypeOf(element: Element, otherwise?: DataType): DataType | SinceType {
  const written = element.attributes.dataType ?? otherwise ?? element.string('dataType');
  if (isSinceType(written)) return written;
  return (
    DATA_TYPES.find((type) => type === written) ??
    element.refuse(
      `is of data type ${JSON.stringify(written.slice(0, 40))}`,
      `Those that are known: ${DATA_TYPES.join(', ')}, timeSeconds, dateDaysSince[year], dateTimeSecondsSince[year].`,
    )
  );
}

/** What values of a type are: numbers of days and seconds are whole ones. */
export function storedType(type: DataType | SinceType): DataType {
  return isSinceType(type) ? 'integer' : type;
}
