import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bundle, sessionCached } from '../../../src/compile/bundle.ts';

const resolveDir = import.meta.dirname;

function source(contents: string): { contents: string; resolveDir: string; name: string } {
  return { contents, resolveDir, name: 'scorer.ts' };
}

describe('bundle', () => {
  it('gives one expression whose value holds the exports as data properties', async () => {
    const { code, hash } = await bundle(source('export const half = (x: number): number => x / 2;'));
    const exports = runInNewContext(code) as Record<string, (x: number) => number>;
    expect(exports.half!(3)).toBe(1.5);
    expect(Object.getOwnPropertyDescriptor(exports, 'half')).toHaveProperty('value');
    expect(hash).toBe(createHash('sha256').update(code).digest('hex'));
  });

  it('drops what the exports do not reach', async () => {
    const { code } = await bundle(source('const unused = "never-reached"; export const one = () => 1;'));
    expect(code).not.toContain('never-reached');
  });

  it('includes npm packages', async () => {
    const { code } = await bundle(source('export { default as range } from "to-regex-range";'));
    const { range } = runInNewContext(code) as { range: (a: number, b: number) => string };
    expect(range(1, 9)).toBe('[1-9]');
  });

  it('lowers syntax to ES2020 and escapes what is not ASCII', async () => {
    const { code } = await bundle(
      source('let a: string | undefined; export const f = (): string => (a ??= "é");'),
    );
    expect(code).not.toContain('??=');
    expect(code).toMatch(/^[\x20-\x7e\n]*$/);
    expect((runInNewContext(code) as { f: () => string }).f()).toBe('é');
  });

  it('keeps a strict-mode directive in force', async () => {
    const { code } = await bundle(source('"use strict"; export function f() { return this === undefined; }'));
    expect(runInNewContext(`(0, ${code}.f)()`)).toBe(true);
  });

  it('is the same text for the same source', async () => {
    const text = 'export const f = () => 1;';
    expect(await bundle(source(text))).toEqual(await bundle(source(text)));
  });

  it('names file, line and column of a syntax error', async () => {
    await expect(bundle(source('export const a = 1;\nexport const = 2;'))).rejects.toMatchObject({
      code: 'PGS_COMPILE',
      message: expect.stringMatching(/scorer\.ts:2:14: /),
    });
  });

  it('refuses modules of Node', async () => {
    await expect(
      bundle(source('import { readFileSync } from "node:fs";\nexport const f = () => readFileSync("x");')),
    ).rejects.toMatchObject({
      code: 'PGS_COMPILE',
      message: expect.stringContaining('scorer.ts:1:30'),
      hint: expect.stringContaining('modules of Node itself'),
    });
  });
});

describe('sessionCached', () => {
  it('evaluates the bundle once per global object', async () => {
    const bundled = await bundle(
      source('globalThis.runs = (globalThis.runs ?? 0) + 1; export const f = () => 7;'),
    );
    const session: { runs?: number } = {};
    for (let call = 0; call < 3; call += 1) {
      expect(runInNewContext(`${sessionCached(bundled)}.f()`, session)).toBe(7);
    }
    expect(session.runs).toBe(1);
    expect(session).toHaveProperty([`pgscore:${bundled.hash}`]);
  });
});
