/** JSON Schemas of requests and answers: they check the requests, and the OpenAPI description shows them. */

const errorBody = {
  description: 'What is wrong with the request, or with the server',
  type: 'object',
  properties: { error: { type: 'string' } },
  required: ['error'],
} as const;

/** Answers that any route may give. */
export const errorAnswers = { '4xx': errorBody, '5xx': errorBody } as const;

const parameters = { type: 'object', additionalProperties: true } as const;
const id = { type: 'string', description: 'Of the request, and given back' } as const;
const shape = {
  type: 'array',
  maxItems: 16,
  items: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
} as const;

const tensorInfo = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    datatype: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer' }, description: '-1 for any length' },
  },
  required: ['name', 'datatype', 'shape'],
} as const;

const tensor = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    datatype: { type: 'string' },
    shape,
    parameters: {
      ...parameters,
      description:
        'binary_data_size: the elements are the next so many bytes behind the JSON, and data is absent',
    },
    data: { type: 'array', description: 'In row-major order, flat or nested as the shape is', items: {} },
  },
  required: ['name', 'shape', 'datatype'],
} as const;

export const modelPath = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
} as const;

export const versionPath = {
  type: 'object',
  properties: { ...modelPath.properties, version: { type: 'string' } },
  required: ['name', 'version'],
} as const;

export const inferenceRequest = {
  type: 'object',
  properties: {
    id,
    parameters: {
      ...parameters,
      description: 'binary_data_output: whether outputs follow the JSON as bytes',
    },
    inputs: { type: 'array', items: tensor },
    outputs: {
      type: 'array',
      description: 'Default: all',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          parameters: { ...parameters, description: 'binary_data: whether it follows the JSON as bytes' },
        },
        required: ['name'],
      },
    },
  },
  required: ['inputs'],
} as const;

export const binaryHeaders = {
  type: 'object',
  properties: {
    'Inference-Header-Content-Length': {
      type: 'string',
      description: 'Bytes of the JSON, when binary tensors follow it; in answers too',
    },
  },
} as const;

/** Written by hand in inference-answer.ts: integers keep all digits there. */
export const inferenceAnswer = {
  description: 'The output tensors',
  type: 'object',
  properties: {
    model_name: { type: 'string' },
    model_version: { type: 'string' },
    id,
    outputs: { type: 'array', items: tensor },
  },
  required: ['model_name', 'model_version', 'outputs'],
} as const;

export const health = {
  description: 'It lives, and is ready',
  type: 'object',
  properties: { live: { type: 'boolean' }, ready: { type: 'boolean' } },
} as const;

export const serverMetadata = {
  description: 'The server',
  type: 'object',
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    extensions: { type: 'array', items: { type: 'string' } },
  },
} as const;

export const modelMetadata = {
  description: 'What the model takes and gives',
  type: 'object',
  properties: {
    name: { type: 'string' },
    versions: { type: 'array', items: { type: 'string' } },
    platform: { type: 'string' },
    inputs: { type: 'array', items: tensorInfo },
    outputs: { type: 'array', items: tensorInfo },
  },
} as const;

export const modelReady = {
  description: 'Whether the model answers',
  type: 'object',
  properties: { name: { type: 'string' }, ready: { type: 'boolean' } },
} as const;

const row = {
  type: 'object',
  additionalProperties: true,
  description: 'One value a feature; null is missing',
} as const;

export const predictRequest = {
  type: 'object',
  description: 'Rows by feature name, or primary keys of an attached table',
  properties: {
    rows: { type: 'array', items: row },
    keys: { type: 'array', description: 'A value each, or an object by column for keys of several columns' },
    table: { type: 'string', description: 'With keys, when the model is attached to several tables' },
    version: { type: 'integer', minimum: 1, description: 'Default: the champion' },
  },
  additionalProperties: false,
  oneOf: [{ required: ['rows'] }, { required: ['keys'] }],
} as const;

export const predictAnswer = {
  description: 'One prediction a row; null for a key without a row',
  type: 'object',
  properties: {
    model: { type: 'string' },
    version: { type: 'integer' },
    predictions: {
      type: 'array',
      items: {
        type: 'object',
        nullable: true,
        properties: {
          value: { description: 'a number, "Infinity" or "-Infinity", or null' },
          label: { type: 'string', nullable: true },
          probabilities: { type: 'object', nullable: true, additionalProperties: true },
          raw: { type: 'array', items: {} },
          values: { type: 'array', items: {} },
        },
      },
    },
  },
} as const;
