#!/usr/bin/env bash
# Slurm on this one machine, for trying jobs and tests: a controller and several nodes, each a slurmd
# of its own, on a bare Debian or Ubuntu, as root. No service of the system is touched.
#
#   slurm-here.sh start [NODES]   start it (default: 3 nodes) and say how to reach it
#   slurm-here.sh stop            stop it and remove its files
#
# SLURM_HERE is its folder (default: /tmp/slurm-here), SLURM_HERE_PORT its first port (default: 17000).
# Packages: slurm-wlm munge.
set -euo pipefail

here=${SLURM_HERE:-/tmp/slurm-here}
conf=$here/slurm.conf
port=${SLURM_HERE_PORT:-17000}

fail() {
  echo "slurm-here: $1" >&2
  exit "${2:-1}"
}

# Ends the process of a file, and waits until it is gone.
end() {
  local pid
  [ -s "$1" ] || return 0
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$1"
}

stop() {
  for file in "$here"/run/slurmd-*.pid "$here/run/slurmctld.pid" "$here/run/munged.pid"; do
    end "$file"
  done
  rm -rf "$here"
}

start() {
  local nodes=$1 host cores memory lines=""
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null ||
      fail "$program is not installed: apt-get install --no-install-recommends slurm-wlm munge" 3
  done
  [ "$(id -u)" = 0 ] || fail "only root can start it"
  [ ! -e "$here" ] || stop
  mkdir -p "$here"/{run,log,state,spool}
  host=$(uname -n)
  cores=$(nproc)
  memory=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  for node in $(seq "$nodes"); do
    lines+="NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + node))"
    lines+=" CPUs=$cores RealMemory=$memory State=UNKNOWN"$'\n'
  done
  cat >"$conf" <<END
ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$here/run/munge.socket
CredType=cred/munge
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool/%n
SlurmctldPidFile=$here/run/slurmctld.pid
SlurmdPidFile=$here/run/slurmd-%n.pid
SlurmctldLogFile=$here/log/slurmctld.log
SlurmdLogFile=$here/log/slurmd-%n.log
# All nodes are this machine, whatever they say of themselves.
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
JobRequeue=1
SlurmdTimeout=30
SlurmctldTimeout=30
KillWait=5
MinJobAge=600
${lines}PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES:4
END
  # A key of its own, so that no munge of the system is needed or disturbed.
  head -c 1024 /dev/urandom >"$here/run/munge.key"
  chmod 700 "$here/run" "$here/log"
  chmod 400 "$here/run/munge.key"
  munged --force --socket="$here/run/munge.socket" --key-file="$here/run/munge.key" \
    --pid-file="$here/run/munged.pid" --log-file="$here/log/munged.log" \
    --seed-file="$here/run/munged.seed" 2>>"$here/log/start.log" ||
    fail "munged does not start: $(tail -1 "$here/log/start.log")"
  export SLURM_CONF=$conf
  slurmctld -c -f "$conf" 2>>"$here/log/start.log" ||
    fail "slurmctld does not start: $(tail -1 "$here/log/start.log")"
  for node in $(seq "$nodes"); do
    mkdir -p "$here/spool/n$node"
    slurmd -N "n$node" -f "$conf" 2>>"$here/log/start.log" ||
      fail "slurmd does not start: $(tail -1 "$here/log/start.log")"
  done
  for _ in $(seq 150); do
    if [ "$(sinfo --noheader --states=idle,mixed,allocated -o %D 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')" = "$nodes" ]; then
      echo "export SLURM_CONF=$conf"
      return
    fi
    sleep 0.2
  done
  fail "the nodes do not come up: see $here/log"
}

case "${1:-}" in
  start) start "${2:-3}" ;;
  stop) stop ;;
  *) fail "use: slurm-here.sh start [NODES], or slurm-here.sh stop" 2 ;;
esac
