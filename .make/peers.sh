#!/bin/sh
# Other upload servers for `make crash-peers`: those of Debian, and those of the Python package index into .build/peers.
# What cannot be installed is left out of the table, which says so.
set -eu
sh .make/apt.sh rclone nginx-light || echo 'rclone and nginx cannot be installed here' >&2
sh .make/venv.sh peers 'resumable-upload==0.3.0' 'tuspyserver==4.4.3' 'uvicorn==0.54.0' 'copyparty==1.20.26' ||
    echo 'the servers of the Python package index cannot be installed here' >&2
