#!/bin/sh
# Starts PostgreSQL in the foreground; at the first start makes the database, with PLJS in it. Arguments go to
# postgres, for example: -c work_mem=64MB
#
# POSTGRES_PASSWORD   required at the first start
# POSTGRES_USER       the superuser; postgres unless given
# POSTGRES_DB         the database; the user's name unless given
# PGDATA              where the data is; its parent must be writable for the user postgres
set -eu

bin=/usr/lib/postgresql/current/bin
PGDATA=${PGDATA:-/var/lib/postgresql/pgscore/data}
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
export PGDATA

# postgres refuses to run as root.
if [ "$(id -u)" = 0 ]; then
  chown postgres:postgres "$(dirname "$PGDATA")"
  exec setpriv --reuid=postgres --regid=postgres --init-groups sh "$0" "$@"
fi

make_database() {
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo 'entrypoint.sh: set POSTGRES_PASSWORD for the first start' >&2
    exit 1
  fi
  # Under another name until it is complete, so that a start that is cut off leaves nothing half done in use.
  new="$PGDATA.new"
  rm -rf "$new"
  password=$(mktemp)
  printf '%s' "$POSTGRES_PASSWORD" >"$password"
  "$bin/initdb" -D "$new" -U "$user" --pwfile="$password" --auth=scram-sha-256 --auth-local=peer \
    --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8
  rm -f "$password"
  echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
  # Single-user mode: nobody can connect before the database is complete.
  if [ "$database" != postgres ]; then
    single "$new" postgres "CREATE DATABASE \"$(printf '%s' "$database" | sed 's/"/""/g')\""
  fi
  single "$new" "$database" 'CREATE EXTENSION pljs'
  mv "$new" "$PGDATA"
}

single() {
  printf '%s\n' "$3" | "$bin/postgres" --single -j -D "$1" -c exit_on_error=on "$2" >/dev/null
}

[ -s "$PGDATA/PG_VERSION" ] || make_database
exec "$bin/postgres" -D "$PGDATA" -c listen_addresses='*' "$@"
