import { Command } from 'commander';
import { withClient } from '../db/with-client.ts';
import { listModels, type ModelState } from '../deploy/models.ts';
import { note, table } from './output.ts';

/** `pgscore models`. */
export function modelsCommand(): Command {
  return new Command('models')
    .description('list the models, their versions and what they are attached to')
    .argument('[model]', 'only this one')
    .option('--json', 'print one JSON object')
    .action(run);
}

async function run(model: string | undefined, { json }: { json?: true }): Promise<void> {
  const models = await withClient((client) => listModels(client, model), note);
  if (json === true) console.log(JSON.stringify({ models }));
  else
    console.log(
      models.length === 0
        ? 'no model is deployed yet: pgscore deploy FILE --name NAME'
        : models.map(describe).join('\n\n'),
    );
}

function describe({ name, versions, bindings }: ModelState): string {
  const rows = versions.map((version) => ({
    model: name,
    version: version.version,
    champion: version.is_champion ? 'yes' : '',
    task: version.task,
    'runs in': version.runs_in,
    format: [version.format, version.format_version].filter(Boolean).join(' '),
    file: version.source_file,
    golden: version.golden_rows,
    deployed: version.deployed_at,
    by: version.deployed_by,
  }));
  const attached = bindings.map(
    (binding) =>
      `attached to ${binding.relation}.${binding.value_column}${binding.problem === null ? '' : ` (broken: ${binding.problem})`}`,
  );
  return [table(rows), ...attached].join('\n');
}
