#!/usr/bin/env bash
# Tests the page of `equipoise explore` with what there is: its bytes, and itself in a browser. What there is not is told.
#
#   explore/test/run.sh [SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
page=crates/equipoise/page/explore.html
skipped() { printf '\n  SKIPPED: %s\n\n' "$1"; }

# The same compiler gives the same bytes.
built_with=$(sed -n 's/.*name="built-with" content="\([^"]*\)".*/\1/p' "$page")
if [ "$(rustc --version)" != "$built_with" ]; then
  skipped "the page was built with $built_with, this is $(rustc --version): its bytes are not compared"
elif ! command -v node >/dev/null; then
  skipped "there is no Node.js: neither is the page's simulator compared nor the page opened"
  exit
elif ! rustup target list --installed 2>/dev/null | grep -q wasm32-unknown-unknown &&
  ! timeout 60 rustup target add wasm32-unknown-unknown 2>/dev/null; then
  skipped "there is no target wasm32-unknown-unknown: the bytes of the page are not compared"
else
  explore/build.sh --check
fi

modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
. tests/browser/tools.sh
if browser_tools "$modules"; then
  node explore/test/browser.mjs "$page" "$@"
fi
