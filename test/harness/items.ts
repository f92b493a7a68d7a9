import { deployMade, sumModel } from './models.ts';
import type { PrivateServer } from './private-server.ts';
import { watch } from './sidecar.ts';

/** A table whose rows sidecars score (a + 2 b), and in `writes` a row for each prediction that is written. */
export async function createItems(server: PrivateServer): Promise<void> {
  // A session that has run PLJS does not heed the server's end.
  const client = await server.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
  await client.query(
    `CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8);
     CREATE TABLE writes (id bigint);
     CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NULL; END $$`,
  );
  await client.query(`SELECT pgscore.attach('pair', 'items', mode => 'async')`);
  await client.query(
    `CREATE TRIGGER count_write AFTER UPDATE OF pair_score ON items FOR EACH ROW EXECUTE FUNCTION count_write()`,
  );
  await watch(client, 'items');
  await client.end();
}

export const ITEMS_SCORED =
  'SELECT count(*) > 0 AND bool_and(pair_score IS NOT DISTINCT FROM a + 2 * b) FROM items';

/** Holds where no row was updated. */
export const ITEMS_WRITTEN_ONCE =
  'SELECT count(*) = count(DISTINCT id) AND count(*) = (SELECT count(*) FROM items) FROM writes';
