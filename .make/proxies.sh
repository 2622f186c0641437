#!/bin/sh
# nginx and Caddy for Tests/Operating, from the distribution, and without a server that starts by itself.
# Exit code 1 without them, and says so: their rules are left out.
set -eu
[ -x "$(command -v nginx || echo /usr/sbin/nginx)" ] && [ -x "$(command -v caddy || echo /usr/bin/caddy)" ] && exit 0

root=
[ "$(id -u)" -eq 0 ] || root=sudo
echo 'installing nginx caddy'
# The packages start what they install; this forbids it for as long as it lasts.
policy=/usr/sbin/policy-rc.d
made=
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null && $root chmod +x $policy && made=1; }
status=0
{ $root apt-get update -q >/dev/null &&
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nginx caddy >/dev/null; } || {
    echo 'nginx and caddy cannot be installed here; what is tested behind them is left out' >&2
    status=1
}
[ -z "$made" ] || $root rm -f $policy
exit $status
