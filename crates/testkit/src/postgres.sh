# One private PostgreSQL on port $1, for as long as standard input stays open: when the test process is
# gone, however it went, so are the server and its folder.
set -u
# Caught, not ignored: what is ignored would be for the server too.
trap : INT TERM HUP
umask 077
# Not below a folder of root's: the server runs as somebody else then.
folder=$(mktemp -d /tmp/pass-postgres-XXXXXX) || { echo "cannot make a folder in /tmp"; exit 1; }
finish() {
  [ -f "$folder/data/postmaster.pid" ] && "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1
  rm -rf "$folder"
}
bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)" 2>/dev/null)
[ -x "$bin/initdb" ] || { echo "PostgreSQL is not installed (package postgresql)"; rm -rf "$folder"; exit 1; }
if "$bin/initdb" -D "$folder/data" -A trust -U postgres --no-sync --locale=C -E UTF8 >"$folder/log" 2>&1 &&
  "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-p $1 -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories='' -c max_connections=400 -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c autovacuum=off" start >/dev/null 2>&1
then
  echo ready
  cat >/dev/null
else
  echo "PostgreSQL does not start: $(tail -n 3 "$folder/log" | tr '\n' ' ')"
fi
finish
