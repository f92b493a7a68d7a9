import type { Importer } from '../importer.ts';
import { lowerLightgbm } from './lower.ts';
import { scanLightgbm } from './scan.ts';

/** The model text that LightGBM 3 and 4 save (Booster.save_model, model_to_string, the CLI). */
export const lightgbm: Importer = {
  format: 'lightgbm-text',
  title: 'LightGBM model text',
  recognises: (file) => /^tree\r?\n/.test(String.fromCharCode(...file.bytes.subarray(0, 6))),
  read: (file, options) => lowerLightgbm(scanLightgbm(file.name, file.bytes), options),
};
