#!/usr/bin/env bash
#SBATCH --job-name=sms.evaluate
#SBATCH --output=logs/evaluate-%j-0.out
#SBATCH --open-mode=append
#SBATCH --account=project-123
#SBATCH --partition=gpu
#SBATCH --qos=normal
#SBATCH --time=01:00:00
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=4
#SBATCH --mail-user=someone@example.org
#SBATCH --mail-type=FAIL,END
#SBATCH --signal=B:USR1@120
#SBATCH --kill-on-invalid-dep=yes
#SBATCH --requeue
#SBATCH --constraint=a100&nvlink
#SBATCH --exclusive

# evaluate, analyze, report
# Written by synth-local VERSION; `synth-local submit` writes it anew. By hand: sbatch, from /data/runs/sms
set -eo pipefail

# -- which job this is: the last task of an array has the array's own id as SLURM_JOB_ID, so that
# -- a requeue by that id would run the whole array again
sl_run=/data/runs/sms
sl_task="${SLURM_ARRAY_TASK_ID:-0}"
sl_job="${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}"
sl_me="$sl_job${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
export SYNTH_LOCAL_DRAIN_SECONDS=80 SYNTH_LOCAL_JOB="$sl_me"
export SYNTH_LOCAL_LOG="$sl_run/logs/evaluate-$sl_job-$sl_task.out"

# -- `synth-local status` reads from these files what became of the job, without asking Slurm
sl_mark="$sl_run/work/slurm/tasks/$sl_me"
sl_child='' sl_warned='' sl_signals=0 sl_how='' sl_failed=0 sl_scratch=''

record() { printf '%s\n' "$1" > "$sl_mark.new" && mv -f -- "$sl_mark.new" "$sl_mark.$2"; }
finish() {
  local code=$?
  [ -z "$sl_scratch" ] || rm -rf -- "$sl_scratch" || true
  record "$code $sl_how" ended
}
rm -f -- "$sl_mark.ended"
record "${SLURM_RESTART_COUNT:-0} ${SLURMD_NODENAME:-$HOSTNAME}" started
trap finish EXIT

# -- Slurm warns 120 s before the time limit: the step drains, and the job goes on later
forward() {
  sl_warned=$1 sl_signals=$((sl_signals + 1))
  [ -z "$sl_child" ] || kill -s USR1 "$sl_child" 2> /dev/null || true
}
trap 'forward USR1' USR1
trap 'forward TERM' TERM

# -- the environment of the job
cd -- /home/someone/texts
export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}" SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"
export SYNTH_LOCAL_MODELS=/shared/models
export NCCL_SOCKET_IFNAME=ib0
export NOTE='it'"'"'s $HOME, a b'
module load cuda/12.8 gcc/13.2
source /etc/profile.d/site.sh
ulimit -c 0
export VIRTUAL_ENV=/shared/envs/synth-local PATH=/shared/envs/synth-local/bin:"$PATH"
sl_scratch=/scratch/someone/synth-local-"$SLURM_JOB_ID"
export TMPDIR="$sl_scratch" TRITON_CACHE_DIR="$sl_scratch/triton" VLLM_CACHE_ROOT="$sl_scratch/vllm"
export TORCHINDUCTOR_CACHE_DIR="$sl_scratch/inductor"
mkdir -p -- "$sl_scratch"
set -u

# -- the work
step() {
  local code before
  /shared/envs/synth-local/bin/python -m synth_local step "$@" &
  sl_child=$!
  # a signal that came before the step was known has not reached it
  [ -z "$sl_warned" ] || kill -s USR1 "$sl_child" 2> /dev/null || true
  while :; do
    before=$sl_signals code=0
    wait "$sl_child" || code=$?
    # a signal ends `wait`, not the step
    [ "$code" -gt 128 ] && [ "$sl_signals" -ne "$before" ] || break
  done
  sl_child=''
  return "$code"
}
give_way() {
  local state
  # SIGTERM may be a scancel, after which the job must not come back, or a preemption, after which
  # Slurm brings it back itself
  state=$(scontrol show job -o "$sl_me" 2> /dev/null || true)
  case "$sl_warned $state" in
    USR1* | TERM*JobState=RUNNING* | TERM*Reason=TimeLimit*)
      sl_how=requeued
      if scontrol requeue "$sl_me"; then
        echo "$sl_me: stopped at a safe place and back in the queue"
        exit 130
      fi
      sl_how=''
      ;;
  esac
  echo "error: the job had to stop before it was done; what it finished is stored. Go on with:"
  echo 'synth-local submit /home/someone/texts/sms.yaml --site /home/someone/texts/site.yaml --out /data/runs/sms'
  exit 130
}
run_shard() {
  local code=0
  [ -z "$sl_warned" ] || give_way
  step "$@" || code=$?
  [ "$code" -eq 0 ] && return
  # 130: it drained; 138 and 143: the signal met it before it could listen, or srun ended its tasks
  case "$sl_warned $code" in USR1\ 130 | USR1\ 138 | USR1\ 143 | TERM\ 130 | TERM\ 138 | TERM\ 143) give_way ;; esac
  [ "$sl_failed" -ne 0 ] || sl_failed=$code
}

sl_restarts="${SLURM_RESTART_COUNT:-0}"
if [ "$sl_restarts" -gt 0 ]; then echo "$sl_me: started again, restart $sl_restarts"; fi
if [ "$sl_restarts" -gt 50 ]; then
  echo "error: requeued $sl_restarts times and still not done (requeue.limit is 50): see why above, then submit again"
  exit 75
fi
run_shard evaluate --run "$sl_run"
run_shard analyze --run "$sl_run"
run_shard report --run "$sl_run"
exit "$sl_failed"
