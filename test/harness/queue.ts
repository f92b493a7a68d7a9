import type pg from 'pg';

export interface Job {
  readonly id: string;
  readonly key: string | null;
  readonly keys: readonly string[] | null;
  readonly row_count: number;
  readonly priority: number;
  readonly attempts: number;
  readonly last_error: string | null;
}

export interface Claimed {
  readonly id: string;
  readonly priority: number;
  readonly keys: readonly string[];
  readonly attempts: number;
}

/** The id of the table's last async binding. */
export async function bindingOf(client: pg.ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT id FROM pgscore_internal.bindings WHERE relation = $1::regclass AND mode = 'async' ORDER BY id DESC LIMIT 1`,
    [table],
  );
  return rows[0]!.id;
}

export async function jobs(client: pg.ClientBase, table: string): Promise<Job[]> {
  const { rows } = await client.query<Job>(
    `SELECT id, key, keys::text[], row_count, priority, attempts, last_error FROM pgscore_internal.jobs
      WHERE binding = $1 ORDER BY priority, id`,
    [await bindingOf(client, table)],
  );
  return rows;
}

/** The keys of all jobs, as often as they are there. */
export async function queued(client: pg.ClientBase, table: string): Promise<string[]> {
  return (await jobs(client, table)).flatMap(({ key, keys }) => keys ?? [key!]);
}

export async function claim(
  client: pg.ClientBase,
  binding: number,
  rows: number,
  after = '0',
): Promise<Claimed[]> {
  return (await client.query('SELECT * FROM pgscore_internal.claim($1, $2, $3)', [binding, rows, after]))
    .rows;
}

/** One sidecar transaction, step by step, so that a test can put other sessions' statements between the steps. */
export class Sidecar {
  readonly client: pg.ClientBase;
  readonly binding: number;
  readonly version: number;
  claimed: Claimed[] = [];
  readonly #read = new Map<string, Record<string, string | null>>();
  readonly #locked = new Map<string, string>();
  readonly #kept = new Set<string>();

  constructor(client: pg.ClientBase, binding: number, version = 1) {
    this.client = client;
    this.binding = binding;
    this.version = version;
  }

  get keys(): string[] {
    return [...new Set(this.claimed.flatMap(({ keys }) => keys))];
  }

  async claim(rows = 10_000): Promise<string[]> {
    await this.client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '250ms'`);
    this.claimed = await claim(this.client, this.binding, rows);
    return this.keys;
  }

  async read(): Promise<void> {
    for (const row of await this.#rows('read', this.keys)) this.#read.set(row.key!, row);
  }

  async lock(): Promise<string[]> {
    for (const row of await this.#rows('lock', this.keys)) this.#locked.set(row.key!, row.row_version!);
    return [...this.#locked.keys()];
  }

  /** Reads again what has changed since, or all; keeps the rows of which a feature differs or that are locked. */
  async fence(all = false): Promise<string[]> {
    for (const key of this.#read.keys()) if (!this.#locked.has(key)) this.#kept.add(key);
    for (const key of this.#locked.keys()) if (!this.#read.has(key)) this.#kept.add(key);
    const again = [...this.#locked].filter(
      ([key, version]) => this.#read.has(key) && (all || this.#read.get(key)!.row_version !== version),
    );
    for (const row of await this.#rows(
      'read',
      again.map(([key]) => key),
    )) {
      const { row_version: _, ...now } = row;
      const { row_version: __, ...before } = this.#read.get(row.key!)!;
      if (JSON.stringify(now) !== JSON.stringify(before)) this.#kept.add(row.key!);
    }
    return [...this.#kept];
  }

  /** Writes f0 + 2 × f1, the model `pair`. */
  async write(): Promise<string[]> {
    const keys = [...this.#locked.keys()].filter((key) => !this.#kept.has(key));
    const values = keys.map((key) => Number(this.#read.get(key)!.f0) + 2 * Number(this.#read.get(key)!.f1));
    await this.client.query(
      `SELECT count(*) FROM pgscore_internal.binding_${this.binding}_write($1, $2, NULL, NULL, $3)`,
      [keys, values, this.version],
    );
    return keys;
  }

  async finish(): Promise<void> {
    const gone = this.keys.filter((key) => !this.#read.has(key) && !this.#locked.has(key));
    await this.client.query('SELECT pgscore_internal.finish($1, $2, $3, $4, $5)', [
      this.binding,
      this.version,
      this.claimed.map(({ id }) => id),
      [...this.#kept],
      gone,
    ]);
  }

  async commit(): Promise<void> {
    await this.client.query('COMMIT');
  }

  async #rows(kind: string, keys: readonly string[]): Promise<Record<string, string | null>[]> {
    return (
      await this.client.query(`SELECT * FROM pgscore_internal.binding_${this.binding}_${kind}($1)`, [keys])
    ).rows;
  }
}

/** Works off the queue of a table's binding of the model `pair`. */
export async function score(client: pg.ClientBase, table: string, all = false, only?: number): Promise<void> {
  const binding = only ?? (await bindingOf(client, table));
  for (;;) {
    const sidecar = new Sidecar(client, binding);
    const keys = await sidecar.claim();
    await sidecar.read();
    await sidecar.lock();
    await sidecar.fence(all);
    await sidecar.write();
    await sidecar.finish();
    await sidecar.commit();
    if (keys.length === 0) return;
  }
}

/** Registers a version that the sidecar runs as the first of its name, without a file worth the name. */
export async function registerGraph(
  client: pg.ClientBase,
  model: string,
  features: readonly { readonly kind: 'number' | 'text' | 'array'; readonly name: string }[],
  output: Readonly<Record<string, unknown>>,
): Promise<void> {
  const signature = JSON.stringify(features);
  const graph = JSON.stringify({ graphVersion: 1, task: 'regression', features, inputs: [], output });
  await client.query(
    `INSERT INTO pgscore_internal.model_files (sha256, bytes, chunks) VALUES (repeat('0', 64), 1, 1) ON CONFLICT DO NOTHING`,
  );
  await client.query('INSERT INTO pgscore_internal.models (name) VALUES ($1)', [model]);
  await client.query(
    `INSERT INTO pgscore_internal.versions (model, version, content_hash, function_name, task, format, source_file,
       source_sha256, signature, notes, pgscore_version, golden_rows, runs_in, graph, file_sha256)
     VALUES ($1, 1, $1, $1 || '_v1', 'regression', 'onnx', 'm.onnx', repeat('0', 64), $2, '{}', '0.1.0', 0, 'sidecar', $3, repeat('0', 64))`,
    [model, signature, graph],
  );
  await client.query('UPDATE pgscore_internal.models SET champion = 1 WHERE name = $1', [model]);
}
