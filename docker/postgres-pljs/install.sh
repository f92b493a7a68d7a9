#!/bin/sh
# Installs PostgreSQL and PLJS from Debian's own packages, on Debian sid, as root. Makes no database: entrypoint.sh
# does that at the first start.
set -eu

version=18

export DEBIAN_FRONTEND=noninteractive
mkdir -p /etc/postgresql-common
# The package would make a database of its own at once, with a password that nobody knows.
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf

apt-get update
apt-get install --yes --no-install-recommends "postgresql-$version" "postgresql-$version-pljs"
apt-get clean
rm -rf /var/lib/apt/lists/*

# One path for entrypoint.sh and for people, whatever the version.
ln -sfn "/usr/lib/postgresql/$version" /usr/lib/postgresql/current
install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/pgscore
