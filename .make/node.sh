#!/bin/sh
# Node for the tests of the page's module; Debian's is enough. A TypeScript compiler, where there is one, checks cairn.d.ts.
set -eu
if ! command -v node >/dev/null; then
    echo 'installing nodejs'
    root=
    [ "$(id -u)" -eq 0 ] || root=sudo
    $root apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q nodejs >/dev/null
fi
