#!/usr/bin/env bash
# A Slurm cluster of two nodes on this machine, in a folder: up.sh FOLDER PORT. Without systemd and
# without accounts; from the Debian packages slurmctld, slurmd, slurm-client and munge. Clients
# find it by SLURM_CONF=FOLDER/slurm.conf; down.sh FOLDER ends it. Ports from PORT to PORT + 2.
set -euo pipefail
folder=$1 port=$2
host=$(hostname -s) user=$(id -un)
mkdir -p "$folder"/{state,spool-n1,spool-n2}

cat >"$folder/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
# Else a job that is queued again waits for two minutes.
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,sched_min_interval=0,batch_sched_delay=0,bf_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=600
KillWait=5
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2 RealMemory=4000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=2 RealMemory=4000
PartitionName=debug Nodes=n1,n2 Default=YES MaxTime=60 State=UP
END

export SLURM_CONF=$folder/slurm.conf
mungekey --create --keyfile="$folder/munge.key"
munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
slurmctld -f "$SLURM_CONF"
for node in n1 n2; do slurmd -f "$SLURM_CONF" -N $node; done
for _ in $(seq 100); do
  if [ "$(sinfo --noheader --Node --states=idle | wc -l)" = 2 ]; then exit; fi
  sleep 0.2
done
echo "its nodes did not come up; see $folder/*.log" >&2
exit 1
