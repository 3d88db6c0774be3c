#!/bin/sh
# 10,000 runs of mm1.yaml, cut short to 1,000 customers, as a sweep on all cores; beside it the same study with SimPy under
# multiprocessing, of as many runs as take a moment: bench/sweep.sh BUILD [RUNS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
driftstorm=$1/bin/driftstorm
runs=${2:-10000}
peer_runs=${DRIFTSTORM_BENCH_PEER_RUNS:-200}
cores=$(nproc)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$here/../scenarios/library/mm1.yaml" "$folder"
printf 'schema: scenario/1\ninclude: [mm1.yaml]\nduration: 12.5 s\nwarmup: 0 s\n' >"$folder/short.yaml"
cat >"$folder/sweep.yaml" <<END
schema: sweep/1
scenario: short.yaml
design: { grid: { service: { from: 5.5 ms, to: 10 ms, count: 10 } } }
replications: $((runs / 10))
metrics: [desk.*]
END
cd "$folder"

now() { date +%s.%N; }
# The simulations alone: so many in one process, one after the other, without a sweep round them.
alone=500
begun=$(now)
"$driftstorm" run short.yaml --set "service=7.75 ms" --replications $alone --no-output --json >/dev/null || true
ended=$(now)
alone_s=$(echo "$begun $ended $alone" | awk '{ print ($2 - $1) / $3 }')

begun=$(now)
"$driftstorm" sweep sweep.yaml -o out --json >sweep.json
ended=$(now)
"$driftstorm" merge out -o all.h5 >/dev/null
merged=$(now)
peer=$(/usr/bin/python3 "$here/sweep_simpy.py" "$peer_runs" "$cores")
echo "$runs $begun $ended $merged $alone_s $cores $peer" | awk '{
    runs = $1; wall = $3 - $2; merge = $4 - $3; alone = $5; cores = $6; peer = $7 / $8; wait = $9
    each = wall / runs
    printf "sweep: %d runs of 1,000 customers in %.1f s on %d cores, %.2f ms a run; merged in %.1f s\n", runs, wall, cores, 1e3 * each, merge
    printf "sweep: a run alone takes %.2f ms, so the sweep adds %.2f ms of a core to it\n", 1e3 * alone, 1e3 * (each * cores - alone)
    printf "sweep: SimPy under multiprocessing takes %.2f ms a run on the same cores (mean wait %.1f ms at 80 %% load)\n", 1e3 * peer, 1e3 * wait
    printf "sweep: ratio to SimPy %.1f\n", peer / each }'
