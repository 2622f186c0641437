#!/bin/sh
# What `make bench` compares with: Debian's, and those of the Python package index in .build. What cannot be installed is
# left out of the tables, which say so.
set -eu
sh .make/peers.sh
root=
[ "$(id -u)" -eq 0 ] || root=sudo
# The packages start what they install; this forbids it for as long as it lasts.
policy=/usr/sbin/policy-rc.d
made=
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null && $root chmod +x $policy && made=1; }
sh .make/apt.sh rsync restic casync docker-registry || echo 'rsync, restic, casync or a registry cannot be installed' >&2
[ -z "$made" ] || $root rm -f $policy
sh .make/venv.sh moto 'moto[s3,server]==5.2.5' || echo 'an S3 server cannot be installed here' >&2
