# Runs a throw-away PostgreSQL on 127.0.0.1 until standard input ends, then leaves nothing behind.
# Prints "ready" when it answers. However the caller ends, its end of the pipe closes, so no server
# outlives it. Arguments: folder of PostgreSQL's programs, port.
set -eu
programs=$1
port=$2
home=$(mktemp -d "${TMPDIR:-/tmp}/saldo-postgres.XXXXXX")

leave() {
    # At once, without a last checkpoint: the data is thrown away.
    "$programs/pg_ctl" stop --silent --mode=immediate --pgdata="$home/data" >/dev/null 2>&1 || true
    rm -rf "$home"
}
give_up() {
    cat "$home/log" >&2
    exit 1
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

"$programs/initdb" --pgdata="$home/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C \
    --no-sync >"$home/log" 2>&1 || give_up
cat >>"$home/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$home'
max_connections = 200
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
END
"$programs/pg_ctl" start --silent --wait --pgdata="$home/data" --log="$home/log" </dev/null >&2 || give_up
echo ready
read -r _ || true
