# Runs a throw-away PostgreSQL on 127.0.0.1 until standard input ends, then leaves nothing behind.
# Prints "ready" when it answers. However the caller ends, its end of the pipe closes, so no server
# outlives it. Arguments: folder of PostgreSQL's programs, port.
set -eu
programs=$1
port=$2
home=$(mktemp -d "${TMPDIR:-/tmp}/saldo-postgres.XXXXXX")
server=

leave() {
    if [ -n "$server" ]; then
        # SIGQUIT: at once, without a last checkpoint; the data is thrown away.
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" || true
    fi
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
"$programs/postgres" -D "$home/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$home" -c max_connections=200 -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off -c autovacuum=off >"$home/log" 2>&1 </dev/null &
server=$!

until "$programs/pg_isready" --quiet --host=127.0.0.1 --port="$port"; do
    kill -0 "$server" 2>/dev/null || give_up
    sleep 0.1
done
echo ready
read -r _ || true
