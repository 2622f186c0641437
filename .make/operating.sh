#!/bin/sh
# What shows that a server may be put on the internet (spec/operating.md):
#   operating.sh CAIRN         the short forms of all, for `make test`
#   operating.sh CAIRN WHAT    one alone, and at length: renewal, slow, scan, proxies, smuggling or unit
# A rule that is broken ends it with 1. Each says what it needs. What cannot be installed is left out, or, with STRICT
# in the environment, ends it.
set -eu
cairn=$1
tests=Tests/Operating

# Ends with 77 where no systemd can be booted: that is the machine's affair, and cannot be installed.
unit() {
    [ "$(id -u)" -eq 0 ] && sh .make/apt.sh systemd-container || return 77
    python3 $tests/unit.py "$cairn"
}
scan() { sh .make/venv.sh scan 'schemathesis==4.32.5'; }
left_out() {
    echo "$1 cannot be installed here; what is tested with it is left out" >&2
    [ -z "${STRICT-}" ]
}

case ${2-} in
renewal) exec python3 $tests/renewal.py "$cairn" --seconds 120 ;;
slow) exec python3 Benchmarks/slow.py "$cairn" ;;
scan) scan && exec python3 $tests/scan.py "$cairn" .build/scan/bin/schemathesis ;;
proxies) sh .make/proxies.sh && exec python3 $tests/proxies.py "$cairn" --length 30000000000 ;;
unit) unit; exit ;;
smuggling) sh .make/proxies.sh && exec python3 $tests/smuggling.py "$cairn" --mutants 100000 ;;
esac

alone=
sh .make/proxies.sh || { left_out 'nginx or Caddy' && alone=--no-proxy; }
python3 $tests/smuggling.py "$cairn" $alone
[ -n "$alone" ] || python3 $tests/proxies.py "$cairn" --length 200000000
python3 Benchmarks/slow.py "$cairn" --short
python3 $tests/renewal.py "$cairn" --seconds 10
python3 $tests/hooks.py "$cairn"
unit || { [ $? -eq 77 ] && echo 'the unit is not started: no systemd can be booted here' >&2; }
python3 .make/man.py "$cairn" .build/man/cairn.1
for what in tokens limits claims; do python3 Tests/Security/$what.py "$cairn"; done
if scan; then
    python3 $tests/scan.py "$cairn" .build/scan/bin/schemathesis --examples 5
else
    left_out schemathesis
fi
