import { type Field, shorten } from './field.ts';
import { scanHash } from './scan.ts';

/** A target statistic: a number for a category, or for a combination of categories and binary tests. */
export interface CtrFeature {
  readonly type: CtrType;
  readonly identifier: string;
  /** In hashing order: categories, then float tests, then one-hot tests. */
  readonly elements: readonly CtrElement[];
  /** The next four are float32. */
  readonly prior: number;
  readonly denominator: number;
  readonly shift: number;
  readonly scale: number;
  /** Which class, or border between classes, is counted. */
  readonly target: number;
  /** float32. */
  readonly borders: readonly number[];
}

export type CtrElement =
  | { readonly kind: 'category'; readonly feature: number }
  | { readonly kind: 'border'; readonly feature: number; readonly border: number }
  | { readonly kind: 'value'; readonly feature: number; readonly value: number };

const TYPES = [
  'Borders',
  'Buckets',
  'BinarizedTargetMeanValue',
  'FloatTargetMeanValue',
  'Counter',
  'FeatureFreq',
] as const;
export type CtrType = (typeof TYPES)[number];

/** What was counted in training. */
export interface CtrTable {
  /** The counts of each combined hash. */
  readonly rows: ReadonlyMap<bigint, readonly number[]>;
  /** Of Counter and FeatureFreq. */
  readonly denominator: number;
  /** Numbers a row. */
  readonly width: number;
}

const MAX_INDEX = 10_000_000;
const MAX_STRIDE = 10_000;
/** Far more than max_ctr_complexity lets training combine. */
const MAX_ELEMENTS = 256;

export function scanCtrs(ctr: Field): CtrFeature {
  const type = ctr.get('ctr_type').text();
  const known = TYPES.find((each) => each === type) ?? ctr.fail(`is of the unknown type '${shorten(type)}'`);
  const float32 = (key: string) => Math.fround(ctr.get(key).number());
  const elements = ctr.list('elements').map(scanElement);
  if (elements.length === 0 || elements.length > MAX_ELEMENTS) {
    ctr.fail(`has ${elements.length} elements; from 1 to ${MAX_ELEMENTS} are supported`);
  }
  return {
    type: known,
    identifier: ctr.get('identifier').text(),
    elements: HASHING_ORDER.flatMap((kind) => elements.filter((element) => element.kind === kind)),
    prior: float32('prior_numerator'),
    denominator: float32('prior_denomerator'),
    shift: float32('shift'),
    scale: float32('scale'),
    target: ctr.get('target_border_idx').integer(0, MAX_INDEX),
    borders: (ctr.optional('borders')?.numbers() ?? []).map(Math.fround),
  };
}

const HASHING_ORDER: readonly CtrElement['kind'][] = ['category', 'border', 'value'];

function scanElement(element: Field): CtrElement {
  const kind = element.get('combination_element').text();
  switch (kind) {
    case 'cat_feature_value':
      return { kind: 'category', feature: element.get('cat_feature_index').integer(0, MAX_INDEX) };
    case 'float_feature':
      return {
        kind: 'border',
        feature: element.get('float_feature_index').integer(0, MAX_INDEX),
        border: Math.fround(element.get('border').number()),
      };
    case 'cat_feature_exact_value':
      return {
        kind: 'value',
        feature: element.get('cat_feature_index').integer(0, MAX_INDEX),
        value: scanHash(element.get('value')),
      };
    default:
      return element.fail(`is the unknown element '${shorten(kind)}'`);
  }
}

export function scanTables(data: Field | undefined): ReadonlyMap<string, CtrTable> {
  if (data === undefined) return new Map();
  return new Map(data.keys().map((key) => [key, scanTable(data.get(key))]));
}

/** CatBoost marks the free places of its hash tables with this hash; the file repeats one of them as if it were used. */
const FREE = 2n ** 64n - 1n;

function scanTable(table: Field): CtrTable {
  const stride = table.get('hash_stride').integer(2, MAX_STRIDE);
  const cells = table.list('hash_map');
  if (cells.length % stride !== 0) table.fail(`has a hash_map that is no list of rows of ${stride}`);
  const rows = new Map<bigint, readonly number[]>();
  for (let start = 0; start < cells.length; start += stride) {
    const hash = scanCombinedHash(cells[start]!);
    const counts = cells.slice(start + 1, start + stride).map((cell) => cell.number());
    if (hash !== FREE) rows.set(hash, counts);
  }
  return { rows, width: stride - 1, denominator: table.optional('counter_denominator')?.number() ?? 0 };
}

/** 64 bits, written as text. */
function scanCombinedHash(cell: Field): bigint {
  const text = cell.text();
  return /^\d{1,20}$/.test(text) ? BigInt(text) : cell.fail(`must be a hash, but is '${shorten(text)}'`);
}
