import { Command } from 'commander';
import { createScorer, programScorer } from '../codegen/score.ts';
import { predictFile } from '../predict.ts';
import { predictGraphFile } from '../predict-graph.ts';
import {
  type AnyModelOptions,
  addAnyModelOptions,
  isTypeScript,
  readAnyModel,
  readScorer,
} from './model-file.ts';

/** `pgscore predict FILE --input rows.csv`. */
export function predictCommand(): Command {
  return addAnyModelOptions(new Command('predict'))
    .description(
      'score rows in this process, without a database, with the code that the database or the sidecar would run',
    )
    .argument('<file>', 'a model file or directory, or a scorer in TypeScript')
    .requiredOption('--input <rows>', 'rows to score: .csv with a header, or .jsonl')
    .addHelpText('after', HELP)
    .action(run);
}

const HELP = `
Prints one JSON object a row: {"value", "label", "probabilities", "raw"}, and "values" for a model that predicts
several numbers. In CSV an empty field is null, which means missing. Columns that are no features are ignored.
Arrays are written as PostgreSQL does ({{1,2},{3,4}}, \\x… for a bytea of float32), or as lists in .jsonl.`;

async function run(path: string, { input, ...options }: AnyModelOptions & { input: string }): Promise<void> {
  for await (const line of await predictions(path, input, options)) {
    if (!process.stdout.write(`${line}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

async function predictions(
  path: string,
  input: string,
  options: AnyModelOptions,
): Promise<AsyncIterable<string>> {
  if (isTypeScript(path)) {
    const { signature, program } = await readScorer(path, options);
    return predictFile(
      { features: signature.features, score: programScorer(signature, program).score },
      input,
    );
  }
  const { file, imported } = await readAnyModel(path, options);
  if (imported.kind === 'graph') return predictGraphFile(imported.graph, file, input);
  const { model } = imported;
  return predictFile({ features: model.features, score: (await createScorer(model)).score }, input);
}
