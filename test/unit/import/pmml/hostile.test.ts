import { describe, expect, it } from 'vitest';
import { importers } from '../../../../src/import/registry.ts';
import { failure, numbers, pmmlText, predict, schema, texts } from './files.ts';

const MODEL = `<RegressionModel functionName="regression">${schema(['x'])}<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel>`;
const SOUND = pmmlText(numbers('x'), MODEL);

function inTime<T>(seconds: number, work: () => T): T {
  const started = performance.now();
  const result = work();
  expect(performance.now() - started).toBeLessThan(seconds * 1000);
  return result;
}

function local(fields: string): string {
  return SOUND.replace(
    '<RegressionTable',
    `<LocalTransformations>${fields}</LocalTransformations><RegressionTable`,
  );
}

describe('recognising', () => {
  const formats = (bytes: Uint8Array) =>
    importers.filter((importer) => importer.recognises({ name: 'm', bytes })).map(({ format }) => format);
  const encode = (text: string) => new TextEncoder().encode(text);

  it('knows the root element behind declarations and comments', () => {
    expect(formats(encode(SOUND))).toEqual(['pmml']);
    expect(formats(encode(`<!-- by hand -->\n${SOUND.replace(/^<\?xml.*?\?>/, '')}`))).toEqual(['pmml']);
    expect(formats(encode('<p:PMML xmlns:p="http://www.dmg.org/PMML-4_1" version="4.1"/>'))).toEqual([
      'pmml',
    ]);
    expect(formats(Buffer.from(`\ufeff${SOUND}`, 'utf16le'))).toEqual(['pmml']);
  });

  it('leaves other XML alone', () => {
    expect(formats(encode('<?xml version="1.0"?><svg/>'))).toEqual([]);
    expect(failure('<?xml version="1.0"?><svg/>').message).toContain('XML without a <PMML> element');
  });
});

describe('encodings', () => {
  it('UTF-16 and Latin-1 are read as they say', () => {
    const named = SOUND.replaceAll('"x"', '"größe"');
    const score = (bytes: Uint8Array) => failureOrFeature(bytes);
    expect(score(Buffer.from(`\ufeff${named}`, 'utf16le'))).toBe('größe');
    expect(score(Buffer.from(named.replace('UTF-8', 'ISO-8859-1'), 'latin1'))).toBe('größe');
  });

  it('wrong ones are refused', () => {
    expect(failure(Buffer.from(SOUND.replaceAll('"x"', '"größe"'), 'latin1')).message).toContain(
      'not valid UTF-8',
    );
    expect(failure(SOUND.replace('UTF-8', 'klingon')).message).toContain('klingon');
  });
});

function failureOrFeature(bytes: Uint8Array): string {
  const pmml = importers.find(({ format }) => format === 'pmml')!;
  return pmml.read({ name: 'm.pmml', bytes }, {}).model.features[0]!.name;
}

describe('XML', () => {
  it('a document type is refused, whatever it declares', () => {
    const lol = Array.from({ length: 10 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
      '',
    );
    const bomb = SOUND.replace('<PMML', `<!DOCTYPE PMML [<!ENTITY l0 "lol">${lol}]><PMML`).replace(
      '<Header/>',
      '<Header copyright="&l10;"/>',
    );
    const external = SOUND.replace('<PMML', '<!DOCTYPE PMML [<!ENTITY f SYSTEM "file:///etc/passwd">]><PMML');
    for (const text of [bomb, external]) {
      const error = inTime(1, () => failure(text));
      expect(error.code).toBe('PGS_FILE');
      expect(error.message).toContain('document type');
    }
  });

  it('unknown entities are refused', () => {
    expect(failure(SOUND.replace('<Header/>', '<Header copyright="&bomb;"/>')).code).toBe('PGS_FILE');
  });

  it('100,000 nested elements end soon', () => {
    const nested = (name: string) => SOUND.replace('<Header/>', `<Header>${`<${name}>`.repeat(100_000)}`);
    for (const name of ['Node', 'Extension']) {
      const error = inTime(5, () => failure(nested(name)));
      expect(error.code).toBe('PGS_FILE');
      expect(error.message).toContain('nested');
    }
  });

  it('every truncation is refused', () => {
    for (let length = SOUND.indexOf('<PMML') + 6; length < SOUND.length; length += 7) {
      expect(failure(SOUND.slice(0, length)).code).toBe('PGS_FILE');
    }
  });

  it('no single changed character makes anything but a PgscoreError', () => {
    const bytes = new TextEncoder().encode(SOUND);
    for (let at = 0; at < bytes.length; at++) {
      for (const byte of [0, 0x3c, 0x22, 0x39, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = byte;
        try {
          failure(changed);
        } catch (error) {
          expect((error as Error).message).toBe('The file was imported.');
        }
      }
    }
  });
});

describe('files that do not hold together', () => {
  it.each<[string, string, string]>([
    ['an unknown field', SOUND.replace('NumericPredictor name="x"', 'NumericPredictor name="z"'), '"z"'],
    [
      'a mining field that is nowhere declared',
      SOUND.replace('MiningField name="x"', 'MiningField name="z"'),
      '"z"',
    ],
    ['a field declared twice', pmmlText(numbers('x', 'x'), MODEL), 'second time'],
    [
      'a mining field listed twice',
      pmmlText(numbers('x'), MODEL.replace(/<MiningField.*?\/>/, '$&$&')),
      'second time',
    ],
    ['a number that is none', SOUND.replace('coefficient="2"', 'coefficient="two"'), '"two"'],
    ['no version', SOUND.replace(/ version="4.4"/, ''), 'version'],
    ['no data dictionary', SOUND.replace(/<DataDictionary>.*?<\/DataDictionary>/, ''), 'DataDictionary'],
    ['no model', pmmlText(numbers('x'), ''), 'no model'],
  ])('%s', (_, text, shown) => {
    const error = failure(text);
    expect(error.code).toBe('PGS_FILE');
    expect(error.message).toContain(shown);
  });

  it('derived fields that depend on one another', () => {
    const field = (name: string, of: string) =>
      `<DerivedField name="${name}" optype="continuous" dataType="double"><FieldRef field="${of}"/></DerivedField>`;
    const text = local(field('a', 'b') + field('b', 'a')).replace(
      'NumericPredictor name="x"',
      'NumericPredictor name="a"',
    );
    const error = failure(text);
    expect(error.code).toBe('PGS_FILE');
    expect(error.message).toContain('depend on itself');
  });

  it('absurd counts', () => {
    const text = pmmlText(
      numbers('x') + texts('y', 'a', 'b'),
      `<SupportVectorMachineModel functionName="classification">${schema(['x'], 'y')}<LinearKernelType/>
      <VectorDictionary><VectorFields><FieldRef field="x"/></VectorFields><VectorInstance id="v"><REAL-SparseArray n="99999999999"/></VectorInstance></VectorDictionary>
      <SupportVectorMachine targetCategory="a"><SupportVectors/><Coefficients/></SupportVectorMachine></SupportVectorMachineModel>`,
    );
    expect(inTime(1, () => failure(text)).message).toContain('99999999999');
  });
});

describe('what is not scored', () => {
  it.each<[string, string, string]>([
    ['another version', SOUND.replace('version="4.4"', 'version="2.1"'), '2.1'],
    ['another kind of model', SOUND.replaceAll('RegressionModel', 'TimeSeriesModel'), 'TimeSeriesModel'],
    ['a second model', pmmlText(numbers('x'), MODEL + MODEL), 'second model'],
    [
      'an unknown element',
      SOUND.replace('<RegressionTable', '<Frobnicator/><RegressionTable'),
      'Frobnicator',
    ],
    [
      'an unknown method',
      SOUND.replace('functionName="regression"', 'functionName="regression" normalizationMethod="magic"'),
      'magic',
    ],
    [
      'a model that says that it is not scorable',
      SOUND.replace('functionName', 'isScorable="false" functionName'),
      'scorable',
    ],
  ])('%s', (_, text, shown) => {
    const error = failure(text);
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toContain(shown);
    expect(error.hint).toBeTruthy();
  });

  it('extensions are no part of the model', () => {
    const text = SOUND.replace('<Header/>', '<Header/><Extension><Node/><Extension/></Extension>');
    expect(predict(text, { x: 3 }).value).toBe(7);
  });
});
