#!/usr/bin/env bash
# Builds the documentation site, with the reference that is made from the code and the pages of rustdoc.
#
#   scripts/site/build.sh DIR
#
# It needs a Python that has mkdocs-material and mkdocstrings[python]. REFERENCE is the program that makes the
# reference (`cargo build --release --example reference`), if it is built.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict --site-dir "$out"
RUSTDOCFLAGS="-D warnings" cargo doc --release --quiet --workspace --no-deps
cp -R target/doc "$out/rust"
python3 scripts/site/links.py "$out"
