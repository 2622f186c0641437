#!/bin/sh
# What drives the page in the tests: Chromium from Debian, Playwright and axe from the Python package index, into
# .build/browser; once. Playwright downloads no browser. Without them these tests are left out, and say so.
set -eu
folder=.build/browser
[ -x "$folder/ready" ] && command -v chromium >/dev/null && exit 0

rm -rf "$folder"
root=
[ "$(id -u)" -eq 0 ] || root=sudo
command -v chromium >/dev/null ||
    { $root apt-get update -q && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends \
        chromium fonts-inter; } >/dev/null || true
if command -v chromium >/dev/null && python3 -m venv "$folder" &&
    "$folder/bin/pip" install -q 'playwright==1.65.2' 'axe-playwright-python==0.1.8'; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    echo 'Chromium and Playwright cannot be installed here; the tests of the page are left out' >&2
    rm -rf "$folder"
fi
