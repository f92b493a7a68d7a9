import { SaxesParser } from 'saxes';
import { PgscoreError } from '../../errors.ts';
import { Element } from './element.ts';

/** Trees nest one element a level; recursion over the elements is bounded by this. */
const MAX_DEPTH = 1000;

/** Some 2 GB of memory. */
const MAX_ELEMENTS = 5_000_000;

/** Characters given to the parser at once, so that limits end a hostile file early. */
const CHUNK = 1 << 16;

/**
 * The root element of an XML file. Names lose their prefixes; <Extension>, and
 * what vendors name X-…, is left out with all that it holds. Nothing is
 * fetched and no entity is declared: a document type is refused.
 * @throws PgscoreError PGS_FILE for what is no well-formed XML, PGS_UNSUPPORTED for one that is too great.
 */
export function parseXml(file: string, bytes: Uint8Array): Element {
  const text = decode(file, bytes);
  const parser = new SaxesParser({ xmlns: false });
  const open: Element[] = [];
  let root: Element | undefined;
  let elements = 0;
  let ignored = 0;

  parser.on('error', (error) => damaged(file, error.message.slice(0, 200)));
  parser.on('doctype', () => damaged(file, 'it has a document type (<!DOCTYPE …>), which PMML has not'));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length + ignored >= MAX_DEPTH)
      damaged(file, `its elements are nested more than ${MAX_DEPTH} deep`);
    const local = localName(name);
    if (ignored > 0 || local.startsWith('X-') || (local === 'Extension' && !isTransparent(open.at(-1)))) {
      ignored++;
      return;
    }
    if (++elements > MAX_ELEMENTS) throw tooGreat(file);
    const parent = open.at(-1);
    if (local === 'Extension') {
      open.push(parent!);
      return;
    }
    const element = new Element(file, local, attributes as Record<string, string>, parser.line);
    parent?.append(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    if (ignored > 0) ignored--;
    else open.pop();
  });
  const addText = (part: string): void => {
    const element = open.at(-1);
    if (ignored > 0 || element === undefined) return;
    // Blanks between elements are none of a file's texts, but for a constant and the cells of a table.
    const mayBeBlank = element.name === 'Constant' || open.at(-2)?.name === 'row';
    if (element.text !== '' || mayBeBlank || /\S/.test(part)) element.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);

  for (let start = 0; start < text.length; start += CHUNK) parser.write(text.slice(start, start + CHUNK));
  parser.close();
  return root ?? damaged(file, 'it holds no element');
}

/** R wrote continuous inputs of naive Bayes so before PMML 4.2 had a place for them. */
function isTransparent(parent: Element | undefined): boolean {
  return parent?.name === 'BayesInputs' || parent?.name === 'BayesInput';
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}

/** The text by its byte order mark or its XML declaration; UTF-8 without either. */
function decode(file: string, bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    return damaged(file, `its encoding ${JSON.stringify(encoding.slice(0, 40))} is not known`);
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    if (bytes.length >= 2 ** 29 - 25 || !(cause instanceof TypeError)) throw tooGreat(file, cause);
    return damaged(file, `it is not valid ${encoding.toUpperCase()}`);
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const declared = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(head);
  return declared?.[1]?.toLowerCase() ?? 'utf-8';
}

function damaged(file: string, what: string): never {
  throw new PgscoreError('PGS_FILE', `${file}: the XML cannot be read: ${what}.`, {
    hint: 'The file is damaged or no PMML: export the model again.',
  });
}

function tooGreat(file: string, cause?: unknown): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file}: the model is too great to be read.`, {
    cause,
    hint: 'Train with fewer or less deep trees.',
  });
}
