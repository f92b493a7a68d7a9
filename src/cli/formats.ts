import { Command } from 'commander';
import { PgscoreError } from '../errors.ts';
import { differenceText, type FormatSupport, listFormats, type ScoringEngine } from '../formats.ts';
import { print, table } from './output.ts';

/** `pgscore formats`. */
export function formatsCommand(): Command {
  return new Command('formats')
    .description('list what can be scored, where, and what the tests hold it to')
    .argument('[format]', 'one format, by its id or the start of it')
    .option('--json', 'print one JSON array')
    .addHelpText('after', HELP)
    .action(run);
}

const HELP = `
Each line is a model, objective or operator with the cases that the test suite holds to the numbers that its own engine
gave, and the bound of |got - expected| / (1 + |expected|) over them; 0 is bit for bit. "node" is the database's code in
Node. What is refused stands at the end, with the error that it meets.`;

function run(wanted: string | undefined, { json }: { json?: true }): void {
  const formats = listFormats().filter(({ format }) => format.startsWith(wanted ?? ''));
  if (formats.length === 0) throw unknownFormat(wanted!);
  print(json, formats, describe(formats));
}

function unknownFormat(wanted: string): PgscoreError {
  return new PgscoreError('PGS_USAGE', `there is no format ${JSON.stringify(wanted)}`, {
    hint: `The formats: ${listFormats()
      .map(({ format }) => format)
      .join(', ')}.`,
  });
}

const ENGINES: readonly ScoringEngine[] = ['database', 'node', 'sidecar'];

function describe(formats: readonly FormatSupport[]): string {
  const lines = formats.flatMap(({ format, models }) =>
    models.flatMap(({ model, engines, recordedBy }) =>
      ENGINES.flatMap((engine) => {
        const result = engines[engine];
        if (result === undefined) return [];
        const { passed, largestDifference } = result;
        return [
          {
            format,
            model,
            engine,
            passed,
            difference: differenceText(largestDifference),
            'expected numbers by': recordedBy.join(', '),
          },
        ];
      }),
    ),
  );
  const refused = formats.flatMap(({ format, refused: cases }) =>
    cases.map((each) => ({ format, refused: each.case, because: each.reason })),
  );
  return [table(lines), ...(refused.length === 0 ? [] : [table(refused)])].join('\n\n');
}
