#!/bin/sh
# Installs what a fresh Debian lacks, and nothing where all is there.
set -eu

command -v swift >/dev/null || {
    echo 'cairn needs a Swift 6.3 toolchain on the PATH: https://www.swift.org/install/linux/' >&2
    exit 1
}

missing=
for package in libssl-dev liblz4-dev libsqlite3-dev pkg-config git curl openssl python3 python3-venv gcc libc6-dev \
    spin xfsprogs strace; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

echo "installing$missing"
root=
[ "$(id -u)" -eq 0 ] || root=sudo
$root apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q $missing >/dev/null
