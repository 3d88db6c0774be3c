#!/bin/sh
# How long 200,000 devices, described in ten lines, take to load: read, checked and built, and not a nanosecond run.
# bench/load.sh BUILD; median of wall time over DRIFTSTORM_BENCH_REPETITIONS (5) rounds.
set -eu
exec /usr/bin/python3 - "$1/bin/driftstorm" <<'END'
import json, os, statistics, subprocess, sys, tempfile, time

SCENARIO = """schema: scenario/1
duration: 1 min
network:
  access_points: { hall: { at: 0 km, range: 100 m, associate_limit: 1000000 } }
  paths: [{ from: wifi, to: relays, delay: { propagation: 4 ms } }]
clocks: { quartz: { frequency_error: { normal: { mean: 0 ppm, sd: 20 ppm } } } }
mobility: { desk: { kind: fixed, at: 0 km } }
servers: { relays: { kind: message_relay, nodes: 1 } }
populations:
  phones: { count: 200000, clock: quartz, mobility: desk, interfaces: [wifi] }
"""
command = os.path.abspath(sys.argv[1])
rounds = int(os.environ.get("DRIFTSTORM_BENCH_REPETITIONS", "5"))


def take(folder, *arguments):
    """Wall time [s] and peak memory [MB] of one command."""
    begun = time.perf_counter()
    run = subprocess.Popen([command, *arguments], cwd=folder, stdout=subprocess.PIPE)
    answer = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode != 0:
        sys.exit(f"bench: {arguments} ended with {run.returncode}: {answer.decode()}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "office.yaml"), "w") as file:
        file.write(SCENARIO)
    taken = [take(folder, "check", "office.yaml") for _ in range(rounds)]
    built = [take(folder, "run", "office.yaml", "--until", "1 ns", "--json", "--force") for _ in range(rounds)]
lines = SCENARIO.count("\n")
for what, runs in (("checked", taken), ("built, run for 1 ns and written", built)):
    print(f"load 200000 devices in {lines} lines: {what} in {statistics.median(run[0] for run in runs):.3f} s, "
          f"peak memory {max(run[1] for run in runs):.0f} MB")
END
