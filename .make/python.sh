#!/bin/sh
# What spec/openapi-check.py needs: taken from the system where it can be imported, else from the Python package index,
# into .build/python; once. Without either the test that runs it is left out, and says so.
set -eu
folder=.build/python
[ -x "$folder/ready" ] && exit 0

rm -rf "$folder"
if python3 -m venv --system-site-packages "$folder" &&
    { "$folder/bin/python" -c 'import jsonschema, openapi_spec_validator, yaml' 2>/dev/null ||
        "$folder/bin/python" -m pip install -q openapi-spec-validator jsonschema pyyaml; }; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    echo 'openapi-spec-validator cannot be installed here; its test is left out' >&2
    rm -rf "$folder"
fi
