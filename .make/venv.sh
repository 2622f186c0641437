#!/bin/sh
# venv.sh NAME REQUIREMENT...: a Python environment in .build/NAME with these packages of the index; made once.
set -eu
folder=.build/$1
shift
[ -x "$folder/ready" ] && exit 0

rm -rf "$folder"
if python3 -m venv "$folder" && "$folder/bin/python" -m pip install -q "$@"; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    rm -rf "$folder"
    exit 1
fi
