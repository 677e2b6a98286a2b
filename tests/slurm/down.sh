#!/usr/bin/env bash
# Ends the cluster of up.sh, with the jobs that run: down.sh FOLDER.
folder=$1
export SLURM_CONF=$folder/slurm.conf
scancel --user="$(id -un)" 2>/dev/null
for name in slurmd-n1 slurmd-n2 slurmctld munged; do
  pid=$(cat "$folder/$name.pid" 2>/dev/null) || continue
  kill "$pid" 2>/dev/null
  for _ in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null
done
exit 0
