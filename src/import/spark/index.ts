import { PgscoreError } from '../../errors.ts';
import type { Model } from '../../ir/model.ts';
import { guardOutput } from '../guard.ts';
import type { ImportedModel, Importer, ImportOptions, ModelFile } from '../importer.ts';
import { moveRegisters } from '../move-registers.ts';
import { Directory, holdsStage } from './directory.ts';
import { MAX_FEATURES } from './features.ts';
import { Frame } from './frame.ts';
import { Lowering } from './lowering.ts';
import { outputOf } from './output.ts';
import { parquetBudget } from './parquet.ts';
import { lowerStage } from './registry.ts';
import { readStage, type Stage } from './stage.ts';

/** Directories that MLWritable of Spark 2 to 4 saved, and zip archives of them. */
export const sparkDirectory: Importer = {
  format: 'spark-ml',
  title: 'Spark MLlib directory (or its zip)',
  recognises: holdsStage,
  read: (file, options) => {
    try {
      return lower(file, options);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new PgscoreError('PGS_UNSUPPORTED', `${file.name}: the model is too great to be read.`, {
        cause: error,
        hint: 'Train with fewer or smaller parts.',
      });
    }
  },
};

function lower(file: ModelFile, options: ImportOptions): ImportedModel {
  const root = readStage(Directory.open(file), parquetBudget());
  const lowering = new Lowering(file.name, options);
  const frame = new Frame();
  lowerStage(root, frame, lowering);
  const found = outputOf(root, frame, lowering);
  const { task, output } = guardOutput(found, lowering.guards, lowering.builder);
  const features = lowering.features.features(file.name, options);
  if (features.length === 0) root.refuse('its prediction needs no column');
  if (new Set(features.map(({ name }) => name)).size < features.length)
    root.refuse('has two features of the same name', 'Give other names with --features.');
  const open: Model = { irVersion: 1, task, features, steps: lowering.builder.steps, output };
  // Only now is it known how many registers the features take.
  const model = moveRegisters(open, (register) =>
    register < MAX_FEATURES ? register : register - MAX_FEATURES + features.length,
  );
  return {
    model,
    source: {
      format: sparkDirectory.format,
      formatVersion: root.version,
      objective: objectiveOf(root, lowering),
      notes: [...lowering.notes],
    },
  };
}

function objectiveOf(root: Stage, { predictions }: Lowering): string {
  return predictions.at(-1)?.stage.name ?? root.name;
}
