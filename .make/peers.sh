#!/bin/sh
# Other upload servers for `make crash-peers`: those of Debian, and those of the Python package index into .build/peers;
# once. What cannot be installed is left out of the table, which says so.
set -eu
folder=.build/peers
root=
[ "$(id -u)" -eq 0 ] || root=sudo

for package in rclone nginx-light; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' && continue
    $root apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends "$package" >/dev/null ||
        echo "$package cannot be installed here" >&2
done

[ -x "$folder/ready" ] && exit 0
rm -rf "$folder"
if python3 -m venv "$folder" && "$folder/bin/pip" install -q \
    'resumable-upload==0.3.0' 'tuspyserver==4.4.3' 'uvicorn==0.54.0' 'copyparty==1.20.26'; then
    printf '#!/bin/sh\n' >"$folder/ready"
    chmod +x "$folder/ready"
else
    echo 'the servers of the Python package index cannot be installed here' >&2
    rm -rf "$folder"
fi
