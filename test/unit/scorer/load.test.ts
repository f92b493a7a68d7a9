import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/load-model.ts';

describe('loadModel', () => {
  it('takes a scorer written in TypeScript', async () => {
    const model = await loadModel('test/models/scorers/offer.ts', { function: 'offer' });
    expect(model).toMatchObject({
      task: 'multiclass',
      labels: ['discount', 'none', 'upgrade'],
      features: [
        { name: 'tenure' },
        { name: 'contract' },
        { name: 'paperless', categories: [0, 1] },
        { name: 'comment' },
      ],
    });
    // Points: discount 1, none 1, upgrade 3 of 5.
    const row = { tenure: 24, contract: null, paperless: true, comment: null };
    expect(model.score(row)).toMatchObject({ value: 0.6, label: 'upgrade', raw: [1, 1, 3] });
  });

  it('gives its errors with the code that rows have', async () => {
    const { score } = await loadModel('test/models/scorers/risk.ts');
    expect(() => score({ tenure: -1, charges: 1, contract: null })).toThrow(
      expect.objectContaining({
        code: 'PGS_INPUT',
        message: 'score() threw RangeError: a tenure of -1 months',
      }),
    );
    expect(() => score({ tenure: 1, contract: null })).toThrow(
      expect.objectContaining({ code: 'PGS_INPUT', message: expect.stringContaining('"charges" is absent') }),
    );
  });

  it('says which functions there are', async () => {
    await expect(loadModel('test/models/scorers/risk.ts', { function: 'rate' })).rejects.toMatchObject({
      code: 'PGS_USAGE',
      message: 'test/models/scorers/risk.ts exports no function "rate": score',
    });
    await expect(loadModel('test/models/scorers/none.ts')).rejects.toMatchObject({ code: 'PGS_FILE' });
  });
});
