import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeEach, expect, test } from 'vitest';
import { get, serve } from './service.ts';

interface Operation {
  readonly summary?: string;
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

type Description = {
  readonly security?: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const TOKEN = 'a-token-of-some-length';
let description: Description;

beforeEach(async () => {
  const { url } = await serve({ tokens: [TOKEN] });
  description = JSON.parse((await get(`${url}/openapi.json`, { authorization: `Bearer ${TOKEN}` })).text);
});

test('the description is OpenAPI by its schema', async () => {
  const validator = new Validator();
  // The validator dereferences in place.
  const { valid, errors } = await validator.validate(structuredClone(description));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.0');
});

test('it has every route but itself and the metrics', () => {
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(operations.sort()).toEqual([
    'get /v2',
    'get /v2/',
    'get /v2/health/live',
    'get /v2/health/ready',
    'get /v2/models/{name}',
    'get /v2/models/{name}/ready',
    'get /v2/models/{name}/versions/{version}',
    'get /v2/models/{name}/versions/{version}/ready',
    'post /predict/{name}',
    'post /v2/models/{name}/infer',
    'post /v2/models/{name}/versions/{version}/infer',
  ]);
});

test('every operation says what it is, which parts of its path vary, and what comes back', () => {
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const { summary, parameters = [], responses } of Object.values(methods)) {
      expect(summary).toBeTruthy();
      const declared = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(Object.keys(responses)).toContain('200');
      for (const answer of Object.values(responses)) expect(answer.description).not.toBe('Default Response');
    }
  }
});

test('bodies are JSON, and bytes where tensors are', () => {
  const types = (path: string) => Object.keys(description.paths[path]!.post!.requestBody!.content);
  expect(types('/predict/{name}')).toEqual(['application/json']);
  expect(types('/v2/models/{name}/infer')).toEqual(['application/json', 'application/octet-stream']);
});

test('a token is needed but for health', () => {
  expect(description.security).toEqual([{ token: [] }]);
  for (const [path, methods] of Object.entries(description.paths)) {
    const health = path.startsWith('/v2/health/');
    for (const { security } of Object.values(methods)) expect(security).toEqual(health ? [] : undefined);
  }
});
