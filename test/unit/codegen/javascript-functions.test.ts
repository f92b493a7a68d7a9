import { describe, expect, test } from 'vitest';
import { javascriptFunctions } from '../../../src/codegen/javascript-functions.ts';
import { compileProgram } from '../../../src/codegen/program.ts';
import type { Model } from '../../../src/ir/model.ts';
import { ensemble, regression, stump } from '../ir/models.ts';

const program = await compileProgram(regression([ensemble([stump({ test: 0, threshold: 0 })])]));

describe('the functions of a program', () => {
  test.each(['plv8', 'pljs'] as const)('are declared as what they are, in %s', (engine) => {
    const { value, outputs, sql } = javascriptFunctions(program, {
      engine,
      schema: 's"x',
      name: 'churn_v1',
    });
    expect(value.name).toBe('"s""x"."churn_v1_value"');
    expect(sql.split(`LANGUAGE ${engine} IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT`)).toHaveLength(3);
    expect(sql).toMatch(/CREATE OR REPLACE FUNCTION "s""x"\."churn_v1_value"\(.*x0 double precision\)\n/);
    expect(outputs.returns).toBe('double precision[]');
  });

  test('share their text, and what a session keeps: the program under its hash', () => {
    const { sql } = javascriptFunctions(program, { engine: 'plv8', schema: 's', name: 'm' });
    expect(sql.split(program.code)).toHaveLength(2);
    expect(sql).toContain(`pgscore:${program.hash}`);
  });

  test('need a name that PLJS can call', () => {
    const named = (engine: 'plv8' | 'pljs') =>
      javascriptFunctions(program, { engine, schema: 's', name: 'a-b' });
    expect(() => named('pljs')).toThrow('no JavaScript identifier');
    expect(named('plv8').value.name).toBe('"s"."a-b_value"');
  });

  test('take texts as text', async () => {
    const hashes = Array.from({ length: 100 }, (_, i) => i);
    const model: Model = {
      irVersion: 1,
      task: 'regression',
      features: hashes.map((i) => ({ kind: 'text', name: `t${i}`, categories: [] })),
      steps: hashes.map((input) => ({ kind: 'hash-text', input, missing: 0 })),
      output: { value: 100, raw: [100, 101] },
    };
    const options = { engine: 'pljs', schema: 's', name: 'm' } as const;
    const few = javascriptFunctions(await compileProgram(model), options).value;
    expect(few.argumentTypes).toEqual(['text', 'text', 'text']);
    const all = { ...model, output: { value: 100, raw: hashes.map((i) => 100 + i) } };
    const many = javascriptFunctions(await compileProgram(all), options);
    expect(many.value.argumentTypes).toEqual(['text', 'double precision[]', 'text[]']);
    expect(many.sql).toContain('(features text, x double precision[], t text[])');
  });

  test('take one array when there are more arguments than PostgreSQL allows', async () => {
    const trees = Array.from({ length: 101 }, (_, feature) => stump({ feature, test: 0, threshold: 0 }));
    const wide = await compileProgram(regression([ensemble(trees, {}, 101)], 101));
    const { value } = javascriptFunctions(wide, { engine: 'plv8', schema: 's', name: 'm' });
    expect(value.argumentTypes.at(-1)).toBe('double precision[]');
  });
});
