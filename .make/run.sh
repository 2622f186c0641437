#!/bin/sh
# A server on a free loopback port, a real file put onto it, fetched back and compared; then it keeps serving.
#   PORT  tried first      DATA  the store      FILE  what to put      ONCE=1  ends after the verification
set -eu
cairn=$1
file=${FILE:-$cairn}
work=$(mktemp -d)
server=

stop() {
    status=$?
    trap - EXIT INT TERM
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$work"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Port 0 lets the system choose when the wanted one is taken.
start() {
    "$cairn" serve --listen "127.0.0.1:$1" --data "$DATA" >"$work/out" 2>"$work/log" &
    server=$!
    for _ in $(seq 200); do
        url=$(sed -n 's/.*listening on \(http:[^ ,]*\).*/\1/p' "$work/out")
        [ -n "$url" ] && return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}
start "$PORT" || { grep -qi 'in use' "$work/log" && start 0; } || { cat "$work/out" "$work/log" >&2; exit 1; }

echo "putting $file"
"$cairn" put "$file" --to "$url" --json >"$work/put"
here=$("$cairn" id "$file" | cut -d ' ' -f 1)
there=$(sed -n 's/.*"contentId" *: *"\([0-9a-f]*\)".*/\1/p' "$work/put")
address=$(sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p' "$work/put" | sed 's,\\/,/,g')
"$cairn" get "$address" -o "$work/back" --quiet
cmp "$file" "$work/back"
[ "$here" = "$there" ] || { echo "content id $there on the server, $here here" >&2; exit 1; }

echo "verified $(wc -c <"$file") bytes, content id $here"
echo "  file    $address"
echo "  server  $url"
[ -z "$ONCE" ] || exit 0
echo "  put more with: $cairn put FILE --to $url"
echo "serving until Ctrl-C"
wait "$server"
