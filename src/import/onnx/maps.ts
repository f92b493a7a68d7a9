import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, mapAt, type Operator, oneRow, tensorAt } from './operator.ts';
import { checkSize } from './shapes.ts';
import { type Constant, type Element, tensor, type Value } from './value.ts';

/** ai.onnx.ml operators between maps and tensors. */
export const maps: Readonly<Record<string, Operator>> = {
  ZipMap: zipMap,
  DictVectorizer: dictVectorizer,
  CastMap: castMap,
};

function zipMap(call: Call): readonly Value[] {
  const x = tensorAt(call, 0);
  const texts = call.attributes.texts('classlabels_strings');
  const keys: readonly Constant[] = texts.length > 0 ? texts : call.attributes.ints('classlabels_int64s');
  if (oneRow(x) !== keys.length) throw new NodeError(`${keys.length} labels for ${oneRow(x)} columns`);
  return [{ kind: 'sequence', values: [{ kind: 'map', keys, values: x.elements }] }];
}

/** Keys that a row lacks count as 0: so does a missing number. */
function dictVectorizer(call: Call): readonly Value[] {
  const map = mapAt(call, 0);
  const texts = call.attributes.texts('string_vocabulary');
  const vocabulary: readonly Constant[] = texts.length > 0 ? texts : call.attributes.ints('int64_vocabulary');
  const found = vocabulary.map((key): Element => map.values[map.keys.indexOf(key)] ?? 0);
  const elements = call.program.map(found, 'float32', [{ name: 'impute', missing: Number.NaN, by: [0] }]);
  return [tensor('float32', [1, elements.length], elements)];
}

/** The sparse form alone: the dense one has a shape that the row decides. */
function castMap(call: Call): readonly Value[] {
  const { attributes, program } = call;
  const map = mapAt(call, 0);
  if (attributes.text('map_form', 'DENSE') !== 'SPARSE') throw new UnsupportedNode('map_form is DENSE');
  const to = attributes.text('cast_to', 'TO_FLOAT');
  if (to === 'TO_STRING') throw new UnsupportedNode('it casts numbers of a row to texts');
  const size = attributes.int('max_map', 1);
  checkSize([size]);
  const found = Array.from({ length: size }, (_, key): Element => map.values[map.keys.indexOf(key)] ?? 0);
  const filled = program.map(found, 'float32', [{ name: 'impute', missing: Number.NaN, by: [0] }]);
  if (to === 'TO_FLOAT') return [tensor('float32', [1, size], filled)];
  return [tensor('int64', [1, size], program.map(filled, 'float64', [{ name: 'truncate' }]))];
}
