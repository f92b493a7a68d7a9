import { Command } from 'commander';
import { predictFile } from '../predict.ts';
import { addModelOptions, type ModelOptions, readModel } from './model-file.ts';

/** `pgscore predict FILE --input rows.csv`. */
export function predictCommand(): Command {
  return addModelOptions(new Command('predict'))
    .description('score rows in this process, without a database, with the code that the database would run')
    .argument('<file>', 'a model file or directory')
    .requiredOption('--input <rows>', 'rows to score: .csv with a header, or .jsonl')
    .addHelpText('after', HELP)
    .action(run);
}

const HELP = `
Prints one JSON object a row: {"value", "label", "probabilities", "raw"}, and "values" for a model that predicts
several numbers. In CSV an empty field is null, which means missing. Columns that are no features are ignored.`;

async function run(path: string, { input, ...options }: ModelOptions & { input: string }): Promise<void> {
  const { imported } = await readModel(path, options);
  for await (const line of predictFile(imported.model, input)) {
    if (!process.stdout.write(`${line}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}
