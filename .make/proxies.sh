#!/bin/sh
# nginx and Caddy for Tests/Operating, from the distribution, and without a server that starts by itself.
set -eu
root=
[ "$(id -u)" -eq 0 ] || root=sudo
# The packages start what they install; this forbids it for as long as it lasts.
policy=/usr/sbin/policy-rc.d
made=
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null && $root chmod +x $policy && made=1; }
status=0
sh .make/apt.sh nginx caddy || status=1
[ -z "$made" ] || $root rm -f $policy
exit $status
