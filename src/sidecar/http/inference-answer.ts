import type { TensorValue } from '../tensor-data.ts';
import { datatypeOf } from './datatypes.ts';
import { badRequest } from './errors.ts';
import { checkParameters, flagOf, type Parameters } from './parameters.ts';
import { outputsOf } from './rows-as-tensors.ts';
import type { ServedVersion } from './service.ts';
import { binaryOf } from './tensor-binary.ts';
import { dataJson } from './tensor-json.ts';

export interface RequestedOutput {
  readonly name: string;
  readonly parameters?: Parameters;
}

/** An output as the request wants it. */
interface WantedOutput {
  readonly name: string;
  readonly binary: boolean;
}

/** The outputs that a request names, in its order, or all. Throws HttpError 400 for names that are none. */
export function wantedOutputs(
  version: ServedVersion,
  request: {
    readonly parameters?: Parameters;
    readonly outputs?: readonly RequestedOutput[];
  },
): readonly WantedOutput[] {
  const names = outputsOf(version).map(({ name }) => name);
  const binaryByDefault = flagOf(request.parameters, 'binary_data_output', 'the request') ?? false;
  const wanted: readonly RequestedOutput[] =
    request.outputs === undefined || request.outputs.length === 0
      ? names.map((name) => ({ name }))
      : request.outputs;
  const seen = new Set<string>();
  return wanted.map(({ name, parameters }) => {
    if (!names.includes(name)) {
      throw badRequest(`there is no output ${JSON.stringify(name)}; the outputs are ${names.join(', ')}`);
    }
    if (seen.has(name)) throw badRequest(`output ${name} is asked for twice`);
    seen.add(name);
    const what = `output ${name}`;
    checkParameters(parameters, what);
    return { name, binary: flagOf(parameters, 'binary_data', what) ?? binaryByDefault };
  });
}

/** The JSON of an answer, and the binary tensors that follow it, in its order. */
export function answerBody(
  { model, version }: ServedVersion,
  id: string | undefined,
  wanted: readonly WantedOutput[],
  outputs: ReadonlyMap<string, TensorValue>,
): { readonly json: string; readonly parts: readonly Buffer[] } {
  const parts: Buffer[] = [];
  const tensors = wanted.map(({ name, binary }) => {
    const tensor = outputs.get(name)!;
    const head = { name, shape: tensor.dims, datatype: datatypeOf(tensor.type) };
    if (!binary) return `${JSON.stringify(head).slice(0, -1)},"data":${dataJson(tensor)}}`;
    const bytes = binaryOf(tensor);
    parts.push(bytes);
    return JSON.stringify({ ...head, parameters: { binary_data_size: bytes.length } });
  });
  const head = JSON.stringify({
    model_name: model,
    model_version: String(version),
    ...(id === undefined ? {} : { id }),
  });
  return { json: `${head.slice(0, -1)},"outputs":[${tensors.join()}]}`, parts };
}
