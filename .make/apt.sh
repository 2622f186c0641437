#!/bin/sh
# apt.sh PACKAGE...: installs those of Debian's packages that are lacking here.
set -eu
missing=
for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

echo "installing$missing"
root=
[ "$(id -u)" -eq 0 ] || root=sudo
$root apt-get update -q >/dev/null
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
