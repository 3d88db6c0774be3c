#!/bin/sh
# How long 200,000 devices, described in ten lines, take to load: read and checked, and further built, run for one nanosecond and written.
# bench/load.sh BUILD; median of wall time over DRIFTSTORM_BENCH_REPETITIONS (5) rounds.
set -eu
PYTHONPATH=$(cd "$(dirname "$0")" && pwd) PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 - "$1/bin/driftstorm" <<'END'
import os, statistics, sys, tempfile

from timed import timed

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


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "office.yaml"), "w") as file:
        file.write(SCENARIO)
    checked = [timed(command, "check", "office.yaml", folder=folder) for _ in range(rounds)]
    built = [timed(command, "run", "office.yaml", "--until", "1 ns", "--json", "--force", folder=folder)
             for _ in range(rounds)]
lines = SCENARIO.count("\n")
for what, runs in (("checked", checked), ("built, run for 1 ns and written", built)):
    print(f"load 200000 devices in {lines} lines: {what} in {statistics.median(wall for _, wall, _ in runs):.3f} s, "
          f"peak memory {max(memory for *_, memory in runs):.0f} MB")
END
