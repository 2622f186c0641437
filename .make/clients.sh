#!/bin/sh
# Other people's clients for the tests, from the Python package index, into .build/clients; once.
# Without the index the tests that need them are left out, and say so.
set -eu
folder=.build/clients
[ -x "$folder/ready" ] && exit 0

rm -rf "$folder"
if python3 -m venv "$folder" && "$folder/bin/pip" install -q 'tuspy==1.1.0' 'aiotus==1.1.0'; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    echo 'tuspy and aiotus cannot be installed here; their tests are left out' >&2
    rm -rf "$folder"
fi
