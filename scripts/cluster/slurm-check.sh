#!/usr/bin/env bash
# Does a small study in four tasks of Slurm on this machine, and compares its bytes with those of one
# process.
#
#   slurm-check.sh EQUIPOISE     the program; exit code 3 if there is no Slurm and none can be installed
#
# Installs slurm-wlm and munge where apt can; see slurm-here.sh.
set -euo pipefail

program=$(realpath "$1")
scripts=$(cd "$(dirname "$0")" && pwd)

skip() {
  echo "SKIPPED: $1" >&2
  exit 3
}

[ "$(id -u)" = 0 ] || skip "only root can start Slurm here"
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  command -v apt-get >/dev/null || skip "Slurm is not installed, and there is no apt"
  log=$(mktemp)
  { timeout 60 apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive timeout 120 \
      apt-get install -y -qq --no-install-recommends slurm-wlm munge; } >"$log" 2>&1 ||
    skip "Slurm cannot be installed: $(tail -1 "$log")"
fi

work=$(mktemp -d)
# Beside another Slurm that may be there.
export SLURM_HERE=$work/slurm SLURM_HERE_PORT=$((20000 + $$ % 20000))
trap '"$scripts/slurm-here.sh" stop; rm -rf "$work"' EXIT
eval "$("$scripts/slurm-here.sh" start 2)"

study=(balance map --set network.neurons=400 --set network.duration=200
  --set 'maps=[{ x = { setting = "g", values = [3, 4, 5, 6] }, y = { setting = "eta", values = [1, 2] } }]')
"$program" "${study[@]}" --out "$work/whole" --quiet >/dev/null
"$program" sweep plan "${study[@]}" --out "$work/plan" --tasks 4 --quiet
"$program" sweep submit "$work/plan" --engine slurm --submit --quiet -- --mem=500M
for _ in $(seq 120); do
  [ -n "$(squeue --noheader)" ] || break
  sleep 0.25
done
"$program" sweep status "$work/plan"
"$program" sweep collect "$work/plan" --quiet >/dev/null || {
  cat "$work"/plan/logs/* "$work"/slurm/log/slurmctld.log >&2
  exit 1
}
diff -r --exclude=run.json --exclude=plan.json --exclude=tasks.csv --exclude=times --exclude=logs \
  "$work/whole" "$work/plan"
echo "the same bytes as one process"
