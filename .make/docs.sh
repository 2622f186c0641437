#!/bin/sh
# The reference of our libraries as static pages, from what was built for release: docs.sh TO
#
# Of DocC only what comes with the toolchain: no plugin, no other build.
set -eu
to=$1
build=$(cd .build/release && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What our modules are made over: the C modules of other packages, and ours.
set --
for map in "$build"/*.build/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap \
    .build/checkouts/*/Sources/*/module.modulemap Sources/System/*/module.modulemap \
    Sources/System/*/include/module.modulemap; do
    [ ! -e "$map" ] || set -- "$@" -I "$(dirname "$map")"
done
for module in CairnEngine:Sources/Engine CairnDisk:Sources/Stores/Disk CairnServer:Sources/Server \
    CairnClient:Sources/Client; do
    name=${module%%:*}
    mkdir -p "$work/$name"
    swift symbolgraph-extract -module-name "$name" -minimum-access-level public -skip-synthesized-members \
        -target "$(uname -m)-unknown-linux-gnu" -I "$build/Modules" "$@" -output-dir "$work/$name"
    # That not every parameter is told of is our way; a link that leads nowhere is not.
    docc convert "${module#*:}/$name.docc" --additional-symbol-graph-dir "$work/$name" --ide-console-output \
        --output-path "$work/$name.doccarchive" >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
    if grep '^/[^ ]*: \(warning\|error\): ' "$work/log" | grep -v 'Parameter .* is missing documentation' >&2; then
        exit 1
    fi
done
rm -rf "$to"
docc merge "$work"/*.doccarchive --synthesized-landing-page-name Cairn --output-path "$to"
echo "read them by: python3 -m http.server --bind 127.0.0.1 --directory $to"
