#!/usr/bin/env bash
# Makes the gallery: small runs of every study on data that are drawn, which take some minutes, a page over
# them, and the pictures of docs/gallery.
#
#   scripts/gallery.sh DIR [PICTURES]
#
# DIR must not be there; DIR/index.html is the page. EQUIPOISE is the command, if not `equipoise`.
set -euo pipefail
runs=$1 pictures=${2:-docs/gallery}
equipoise=${EQUIPOISE:-equipoise}

run() { # NAME COMMAND...
  printf '%s: equipoise %s\n' "$1" "${*:2}"
  "$equipoise" "${@:2}" --quiet --out "$runs/$1" >/dev/null
}

mkdir "$runs"
run balance balance --regime balanced --regime unbalanced-g
run balance-map balance map --neurons 1000 --duration 200
run balance-track balance track --neurons 2000 --waveform step
run balance-linearity balance linearity --neurons 1000
run demo demo --preset smoke
run classify classify --dataset synthetic-digits --train 4000 --test 500 --epochs 12 --sigma-1 0.01 --set network.logit=extreme
run ratios study ratios --dataset synthetic-digits --train 2000 --test 500 --epochs 6 --trials 3 --ratios 0.5,0.8,1 --sigma-1 0.005,0.01,0.02 --set network.logit=extreme --noise-ratios ''
run hebb hebb run
run hebb-ratios study hebb --neurons 3 --enumeration complete --screening-runs 0
run associate stimulate associate --networks 2 --no-sweeps
run structure stimulate structure --networks 1 --no-sweeps
run controllability stimulate controllability --sizes 30,60 --networks 2 --no-timing
"$equipoise" runs "$runs" --html "$runs/index.html"

mkdir -p "$pictures"
while read -r picture figure; do
  cp "$runs/$figure.png" "$pictures/$picture.png"
done <<'END'
balance balance/figures/activity-balanced
balance-map balance-map/figures/map-1
balance-track balance-track/figures/tracking
reconstructions demo/figures/gallery
classifier classify/figures/training
ratios ratios/figures/rates
hebb-ratios hebb-ratios/figures/convergence
hebb-dynamics hebb-ratios/figures/dynamics
associate associate/figures/progress
ring structure/figures/bumps
reach controllability/figures/reach
END
