#!/bin/sh
# Installs what a fresh Debian lacks, and nothing where all is there.
set -eu
command -v swift >/dev/null || {
    echo 'cairn needs a Swift 6.3 toolchain on the PATH: https://www.swift.org/install/linux/' >&2
    exit 1
}
exec sh .make/apt.sh libssl-dev liblz4-dev libsqlite3-dev pkg-config ca-certificates git curl openssl python3 \
    python3-venv gcc libc6-dev spin xfsprogs strace
