import { PgscoreError } from '../../errors.ts';
import type { ModelFile } from '../importer.ts';
import { isZip, unzip, zipNames } from '../zip.ts';

/** Hadoop's names of parts; the first letter keeps checksums and marks of success out. */
const PART = /^part-[^/]*$/;

/** The folder of a saved stage, at the top or one level down, as archives often have it. */
const METADATA = /^(?:[^/]+\/)?metadata\/part-[^/]*$/;

/** Whether a directory or an archive holds a stage that Spark saved. Unpacks nothing, never throws. */
export function holdsStage({ bytes, entries }: ModelFile): boolean {
  const names = entries === undefined ? (isZip(bytes) ? zipNames(bytes) : []) : [...entries.keys()];
  return names.some((name) => METADATA.test(name));
}

/** A folder of a saved model: where it stands, and its files. */
export class Directory {
  /** Of the model, for messages. */
  readonly file: string;
  /** '' for the root; otherwise it ends with a slash. */
  readonly path: string;
  private readonly tree: FolderTree;

  private constructor(file: string, path: string, tree: FolderTree) {
    this.file = file;
    this.path = path;
    this.tree = tree;
  }

  /** The root of a model: a directory's own entries, or those of its zip. @throws PgscoreError PGS_FILE */
  static open(file: ModelFile): Directory {
    const entries = file.entries ?? unzip(file.name, file.bytes);
    const root = [...entries.keys()].filter((name) => METADATA.test(name)).sort(byDepth)[0];
    if (root === undefined) throw new PgscoreError('PGS_FILE', `${file.name}: holds no metadata of Spark`);
    return new Directory(file.name, root.slice(0, root.lastIndexOf('metadata/')), folderTree(entries));
  }

  folder(name: string): Directory {
    return new Directory(this.file, `${this.path}${name}/`, this.tree);
  }

  has(folder: string): boolean {
    return this.tree.has(`${this.path}${folder}/`);
  }

  /** The names of the folders in this one. */
  folders(): readonly string[] {
    return [...(this.tree.get(this.path)?.folders ?? [])];
  }

  /** The parts of a data set in this folder, in the order of their names. Spark writes empty ones too. */
  parts(): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
    const files = this.tree.get(this.path)?.files ?? new Map<string, Uint8Array>();
    const names = [...files.keys()].filter((name) => PART.test(name)).sort();
    return names.map((name) => ({ name: `${this.path}${name}`, bytes: files.get(name)! }));
  }
}

interface Folder {
  readonly files: Map<string, Uint8Array>;
  readonly folders: Set<string>;
}

type FolderTree = ReadonlyMap<string, Folder>;

function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}

/** Every folder by its path. */
function folderTree(entries: ReadonlyMap<string, Uint8Array>): FolderTree {
  const tree = new Map<string, Folder>();
  const folderOf = (path: string): Folder => {
    const known = tree.get(path);
    if (known !== undefined) return known;
    const folder: Folder = { files: new Map(), folders: new Set() };
    tree.set(path, folder);
    const name = /([^/]+)\/$/.exec(path)?.[1];
    if (name !== undefined) folderOf(path.slice(0, path.length - name.length - 1)).folders.add(name);
    return folder;
  };
  for (const [name, bytes] of entries) {
    const cut = name.lastIndexOf('/') + 1;
    folderOf(name.slice(0, cut)).files.set(name.slice(cut), bytes);
  }
  return tree;
}
