import type { Importer, ModelFile } from '../importer.ts';
import { lowerPmml } from './lower.ts';
import { scanPmml } from './scan.ts';
import { verify } from './verification.ts';

/** How far into a file `recognises` looks for the root element: comments and declarations may stand before it. */
const HEAD = 1 << 16;

/** The XML of the Data Mining Group's PMML: https://dmg.org/pmml/v4-4-1/GeneralStructure.html */
export const pmml: Importer = {
  format: 'pmml',
  title: 'PMML 3.0 to 4.4',
  recognises: (file) => ROOT.test(headOf(file)),
  read: (file, options) => {
    const scanned = scanPmml(file);
    const imported = lowerPmml(scanned, options);
    verify(scanned, imported.model, imported.outputs);
    return { model: imported.model, source: imported.source };
  },
};

const ROOT = /<(?:[A-Za-z_][\w.-]*:)?PMML[\s>]/;

/** The first characters, those of UTF-16 without their zero bytes. */
function headOf({ bytes }: ModelFile): string {
  const head = Buffer.from(bytes.subarray(0, HEAD)).toString('latin1').replaceAll('\0', '');
  return /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?\s*</.test(head) ? head : '';
}
