import { fileURLToPath } from 'node:url';

/** The path of a file below test/models. */
export function modelPath(file: string): string {
  return fileURLToPath(new URL(`../models/${file}`, import.meta.url));
}
