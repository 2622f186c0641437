#!/bin/sh
# run.sh FUZZER SECONDS [TARGET...]: each target replays its kept corpus, then looks for more for SECONDS, two at a time.
# An input that breaks something is kept under .build-fuzz/found; it is run again with
#     FUZZ_TARGET=<target> .build-fuzz/release/fuzz <file>
# KEEP=1 writes what was learnt back into Tests/Fuzz/corpus, as few and as short inputs as show all of it.
set -eu
fuzzer=$1
seconds=$2
shift 2
here=$(dirname "$0")
work=.build-fuzz
[ $# -gt 0 ] || set -- manifest manifest-json proof missing frames lz4 run footer chunk-file record request fields bodies

python3 "$here/seeds.py" "$work/seeds"
mkdir -p "$work/found" "$work/log"

fuzz() {
    corpus="$here/corpus/$1"
    learnt="$work/learnt/$1"
    mkdir -p "$corpus" "$learnt"
    dictionary=
    case $1 in request | fields) dictionary="-dict=$here/request.dict" ;; esac
    FUZZ_TARGET=$1 "$fuzzer" -max_total_time="$seconds" -max_len=2048 -timeout=10 -rss_limit_mb=1024 -verbosity=1 \
        -print_final_stats=1 $dictionary -artifact_prefix="$work/found/$1-" \
        "$learnt" "$corpus" "$work/seeds/$1" >"$work/log/$1" 2>&1 || return 1
    [ -z "${KEEP:-}" ] || keep "$1" "$corpus" "$learnt" >>"$work/log/$1" 2>&1
}

keep() {
    fewest="$work/fewest/$1"
    rm -rf "$fewest"
    mkdir -p "$fewest"
    FUZZ_TARGET=$1 "$fuzzer" -merge=1 -max_len=512 "$fewest" "$2" "$3" "$work/seeds/$1"
    rm -rf "$2"
    cp -r "$fewest" "$2"
}

tell() {
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log/$1")
    covered=$(grep -o 'cov: [0-9]*' "$work/log/$1" | tail -1)
    echo "$1: ${runs:-0} inputs, $covered"
}

broken=0
check() {
    if wait "$2"; then tell "$1"; else
        broken=1
        echo "$1: BROKEN; the input is in $work/found" >&2
        grep -E 'claim broken|Fatal error|ERROR|SUMMARY' "$work/log/$1" >&2 || tail -5 "$work/log/$1" >&2
    fi
}

while [ $# -gt 0 ]; do
    one=$1
    fuzz "$one" &
    first=$!
    shift
    if [ $# -gt 0 ]; then
        other=$1
        fuzz "$other" &
        second=$!
        shift
        check "$other" "$second"
    fi
    check "$one" "$first"
done
exit $broken
