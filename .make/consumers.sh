#!/bin/sh
# Builds the package of Tests/Consumers, which uses our products from outside, into .build/release: consumers.sh SWIFT
#
# It shares our build folder, so that what all of it depends on is not compiled once more, and our pins, so that nothing is
# fetched in another version. What SwiftPM keeps there of how to build one package must not be taken for the other's.
set -eu
cp Package.resolved Tests/Consumers/
forget() { rm -f .build/release.yaml .build/*/release/description.json; }
trap forget EXIT
trap 'exit 1' HUP INT TERM
forget
"$1" build -c release --package-path Tests/Consumers --scratch-path .build
