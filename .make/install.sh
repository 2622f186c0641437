#!/bin/sh
# Puts the command, its manual page, what completes its words, and its unit where the system looks for them:
#   install.sh CAIRN PREFIX [DESTDIR]
# The unit names the command by its path, as PREFIX has it.
set -eu
cairn=$1 prefix=$2 into=${3-}$2
case $prefix in
/*) ;;
*)
    echo "the prefix is '$prefix': give one that begins with /, for the unit names the command by it" >&2
    exit 64
    ;;
esac

# Printed to the end before it is installed, so that a command that fails leaves no half of a file.
printed=$(mktemp -d)
trap 'rm -rf "$printed"' EXIT
python3 .make/man.py "$cairn" "$printed/cairn.1" >/dev/null
for shell in bash zsh fish; do "$cairn" --generate-completion-script $shell >"$printed/$shell"; done
sed "s|^ExecStart=/usr/local/|ExecStart=$prefix/|" spec/operating/cairn.service >"$printed/unit"

put() {
    install -D -m "$1" "$2" "$into/$3"
    echo "$into/$3"
}
# Anew, and put in its place by a rename: one that runs goes on with the old one.
put 755 "$cairn" bin/.cairn.new >/dev/null
strip --strip-unneeded "$into/bin/.cairn.new"
mv -f "$into/bin/.cairn.new" "$into/bin/cairn"
echo "$into/bin/cairn"
put 644 "$printed/cairn.1" share/man/man1/cairn.1
put 644 "$printed/bash" share/bash-completion/completions/cairn
put 644 "$printed/zsh" share/zsh/site-functions/_cairn
put 644 "$printed/fish" share/fish/vendor_completions.d/cairn.fish
put 644 "$printed/unit" lib/systemd/system/cairn.service
