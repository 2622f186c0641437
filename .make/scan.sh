#!/bin/sh
# schemathesis for Tests/Operating/scan.py, from the Python package index, into .build/scan; once.
# Exit code 1 without it, and says so: the scan is left out.
set -eu
folder=.build/scan
[ -x "$folder/ready" ] && exit 0

rm -rf "$folder"
if python3 -m venv "$folder" && "$folder/bin/pip" install -q 'schemathesis==4.32.5'; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    echo 'schemathesis cannot be installed here; the scan is left out' >&2
    rm -rf "$folder"
    exit 1
fi
