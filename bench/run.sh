#!/bin/sh
# Runs benchmarks built in BUILD, each beside the same work on its peers: bench/run.sh BUILD [phold] [mm1] [load] [commuter] [sweep] [time_clients] [ntp_grid]
# Programs take turns, so that a busy machine is unfair to none; each figure is the median of CPU times.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
bin=$1/bin
shift
repetitions=${DRIFTSTORM_BENCH_REPETITIONS:-5}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# take NAME PROGRAM...: runs the program and notes its line "events seconds checksum bytes" under NAME.
take() {
    name=$1
    shift
    "$@" >>"$results/$name"
}

# rate NAME: median of events per CPU second [M/s]. column NAME K: one column of the first line.
rate() { awk '{ print $1 / $2 / 1e6 }' "$results/$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
column() { awk -v k="$2" 'NR == 1 { print $k }' "$results/$1"; }

# agree NAME...: all these made the same events, or the comparison is void.
agree() {
    first=$(column "$1" 3)
    for name; do
        [ "$(awk '{ print $3 }' "$results/$name" | sort -u)" = "$first" ] || {
            echo "bench: $name did other work than $1" >&2
            exit 1
        }
    done
}

phold() {
    [ -x "$bin/phold_ns3" ] || { echo "bench: phold needs ns-3 (Debian: libns3-dev)" >&2; exit 5; }
    for entities in 1000 100000 1000000; do
        rm -f "$results"/*
        # Ours runs for a tenth of a peer's time, so it takes a turn beside each of the peer's: what
        # slows the machine down for a second must not meet only one of them.
        for _ in $(seq "$repetitions"); do
            take ours "$bin/phold_bench" $entities 2e6 plain
            take default "$bin/phold_ns3" $entities 2e6 default
            take ours "$bin/phold_bench" $entities 2e6 plain
            take queue "$bin/phold_ns3" $entities 2e6 ns3::PriorityQueueScheduler
            take ours "$bin/phold_bench" $entities 2e6 plain
            take digest "$bin/phold_bench" $entities 2e6 digest
            take memory "$bin/phold_bench" $entities 2e6 memory
            take draws "$bin/phold_bench" $entities 2e6 draws
        done
        agree ours default queue digest
        awk -v n=$entities -v ours="$(rate ours)" -v default="$(rate default)" -v queue="$(rate queue)" \
            -v digest="$(rate digest)" -v memory="$(rate memory)" -v draws="$(rate draws)" -v bytes="$(column ours 4)" 'BEGIN {
            peer = default > queue ? default : queue
            printf "phold %d: ours %.2f M/s, ns-3 default %.2f M/s, ns-3 PriorityQueue %.2f M/s, ratio %.2f\n", n, ours, default, queue, ours / peer
            printf "phold %d digest on: %.2f M/s\n", n, digest
            printf "phold %d: %.1f bytes per pending event\n", n, bytes
            printf "phold %d: an event takes %.1f ns, of which the draws both make %.1f ns; memory alone (one line at random) %.1f ns\n", n, 1e3 / ours, 1e3 / draws, 1e3 / memory
        }'
    done
}

mm1() {
    rm -f "$results"/*
    for _ in $(seq "$repetitions"); do
        take ours "$bin/mm1_bench" 2e6
        [ ! -x "$bin/mm1_ns3" ] || take ns3 "$bin/mm1_ns3" 5e5
        /usr/bin/python3 -c 'import SimPy' 2>/dev/null && take simpy /usr/bin/python3 "$here/mm1_simpy.py" 2e4
    done
    for name in ours ns3 simpy; do
        [ -f "$results/$name" ] || { echo "mm1: $name is not installed"; continue; }
        awk -v name=$name -v rate="$(rate $name)" -v wait="$(column $name 3)" 'BEGIN {
            printf "mm1 %s: %.3f M customers/s, mean wait %s services (theory 9)\n", name, rate, wait }'
    done
    awk -v ours="$(rate ours)" -v ns3="$( [ ! -f "$results/ns3" ] || rate ns3)" -v simpy="$( [ ! -f "$results/simpy" ] || rate simpy)" 'BEGIN {
        if (ns3) printf "mm1: ratio to ns-3 %.2f\n", ours / ns3
        if (simpy) printf "mm1: ratio to SimPy %.0f\n", ours / simpy }'
}

# No peer: loading is ours alone.
load() { "$here/load.sh" "$build"; }

commuter() { "$here/commuter.sh" "$build"; }

sweep() { "$here/sweep.sh" "$build"; }

# A chrony client-day by parts, and 100,000 SNTP phones: no peer to take turns with.
time_clients() { "$bin/time_clients_bench"; }

# The grid of reference runs that DRIFTSTORM_NTP_REFERENCE names, with DRIFTSTORM_BENCH_SEEDS seeds (32): minutes.
ntp_grid() {
    [ -n "${DRIFTSTORM_NTP_REFERENCE:-}" ] || { echo "ntp_grid: DRIFTSTORM_NTP_REFERENCE names no folder of reference runs" >&2; exit 5; }
    with=$build  # tests, of which validate_ntp is one, may have been left out there
    [ -x "$with/bin/validate_ntp" ] || with=$build/../release
    "$here/ntp_grid.sh" "$with" "$DRIFTSTORM_NTP_REFERENCE" "${DRIFTSTORM_BENCH_SEEDS:-32}"
}

[ $# -gt 0 ] || set -- phold mm1 load commuter sweep time_clients
for name; do
    case $name in
        phold | mm1 | load | commuter | sweep | time_clients | ntp_grid) $name ;;
        *) echo "bench: no benchmark '$name': phold, mm1, load, commuter, sweep, time_clients or ntp_grid" >&2; exit 2 ;;
    esac
done
