#!/usr/bin/env bash
# Builds the page of `equipoise explore`: the simulator as WebAssembly, and one file that holds it.
#
#   explore/build.sh            writes crates/equipoise/page/explore.html
#   explore/build.sh --check    compares instead, and fails if what lies there is not what is built
#
# It needs Node.js and Rust's target wasm32-unknown-unknown (`rustup target add
# wasm32-unknown-unknown`). Another Rust is taken from CARGO and RUSTC, with BUILD_STD=1 if it has
# only the sources of its standard library (Debian's cargo-web, rustc-web and rust-web-src); the
# page works as well, but its bytes are those of that compiler.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)
target=wasm32-unknown-unknown
export CARGO_TARGET_DIR="$root/target/explore" CARGO_INCREMENTAL=0 RUSTC_BOOTSTRAP=1

# The same bytes wherever it is built: no path of this machine, and no line numbers, so that a moved
# line changes nothing either.
flags=(
  -C target-feature=+simd128
  -Z location-detail=none
  "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=registry"
  "--remap-path-prefix=$root=equipoise"
)
export CARGO_ENCODED_RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "${flags[*]}")

std=()
if [ "${BUILD_STD:-0}" = 1 ]; then std=(-Z build-std=std,panic_abort); fi
"${CARGO:-cargo}" build --quiet --release --locked --package equipoise-explore --lib --target "$target" "${std[@]}" \
  --config 'profile.release.panic="abort"' --config 'profile.release.lto="fat"' \
  --config 'profile.release.codegen-units=1' --config 'profile.release.strip=true'

wasm=$CARGO_TARGET_DIR/$target/release/equipoise_explore.wasm
compiler=$("${RUSTC:-rustc}" --version)
node assemble.mjs "$wasm" "$compiler" ../crates/equipoise/page/explore.html "$@"
