#!/bin/sh
# 10,000 runs of mm1.yaml, cut short to 1,000 customers, as a sweep on all cores; beside it the same study with SimPy under
# multiprocessing, of as many runs as take a moment: bench/sweep.sh BUILD [RUNS [RUNS_OF_SIMPY]]
# Both take turns, and CPU time is compared as well as wall time: a busy machine distorts only the latter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec /usr/bin/python3 - "$1/bin/driftstorm" "$here" "${2:-10000}" "${3:-400}" <<'END'
import json, os, resource, shutil, subprocess, sys, tempfile, time

command, here = (os.path.abspath(path) for path in sys.argv[1:3])
runs, peer_runs = (int(count) for count in sys.argv[3:5])
ROUNDS, POINTS, ALONE = 4, 10, 250
per_round = max(runs // (ROUNDS * POINTS), 1)  # replications of each point
cores = os.cpu_count()


def take(*arguments, codes=(0,)):
    """Runs a command; wall and CPU time in s, its children's included, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        sys.exit(f"bench: {' '.join(arguments)} ended with code {done.returncode}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


class Sum:
    """Times of one program over the rounds."""

    def __init__(self):
        self.wall = self.cpu = self.runs = 0

    def add(self, runs, wall, cpu):
        self.wall, self.cpu, self.runs = self.wall + wall, self.cpu + cpu, self.runs + runs

    def wall_ms(self):
        return 1e3 * self.wall / self.runs

    def cpu_ms(self):
        return 1e3 * self.cpu / self.runs


ours, alone, merged, peer = Sum(), Sum(), Sum(), Sum()
waits, peer_waits = [], []
folder = tempfile.mkdtemp()
try:
    os.chdir(folder)
    shutil.copy(f"{here}/../scenarios/library/mm1.yaml", folder)
    with open("short.yaml", "w") as file:
        file.write("schema: scenario/1\ninclude: [mm1.yaml]\nduration: 12.5 s\nwarmup: 0 s\n")
    for number in range(ROUNDS):
        with open("sweep.yaml", "w") as file:
            file.write(f"""schema: sweep/1
scenario: short.yaml
design: {{ grid: {{ service: {{ from: 5.5 ms, to: 10 ms, count: {POINTS} }} }} }}
replications: {per_round * (number + 1)}
metrics: [desk.*]
""")
        # A round adds replications to the points of the one before: the same sweep, extended.
        wall, cpu, text = take(command, "sweep", "sweep.yaml", "-o", "out", "--extend", "--json")
        ours.add(json.loads(text)["ran_now"], wall, cpu)
        wall, cpu, text = take("/usr/bin/python3", f"{here}/sweep_simpy.py", str(peer_runs // ROUNDS), str(cores))
        _, made, wait = text.split()
        peer.add(int(made), wall, cpu)
        peer_waits.append(float(wait))
        # The simulations alone: one after the other in one process, no sweep round them. The sweep's services are even.
        for service in ("5.5 ms", "10 ms"):
            wall, cpu, _ = take(command, "run", "short.yaml", "--set", f"service={service}", "--replications", str(ALONE),
                                "--no-output", "--json", codes=(0, 1, 4))
            alone.add(ALONE, wall, cpu)
    wall, cpu, _ = take(command, "merge", "out", "-o", "all.h5", "--json")
    merged.add(ours.runs, wall, cpu)
    import h5py
    with h5py.File("all.h5") as file:
        wait = file["summary/desk.wait.mean"][-1]
finally:
    shutil.rmtree(folder)

print(f"sweep: {ours.runs} runs of 1,000 customers in {ours.wall:.1f} s on {cores} cores: {ours.wall_ms():.2f} ms a run, "
      f"{ours.cpu_ms():.2f} ms of CPU time; merged in {merged.wall:.1f} s")
print(f"sweep: a run alone takes {alone.cpu_ms():.2f} ms of CPU time, so the sweep adds "
      f"{ours.cpu_ms() - alone.cpu_ms():.2f} ms to it, and the merge {merged.cpu_ms():.2f} ms")
print(f"sweep: SimPy under multiprocessing takes {peer.wall_ms():.2f} ms a run on the same cores, {peer.cpu_ms():.2f} ms of "
      f"CPU time ({peer.runs} runs; mean wait at 80 % load {1e3 * sum(peer_waits) / len(peer_waits):.1f} ms, ours {1e3 * wait:.1f} ms)")
print(f"sweep: ratio to SimPy {peer.wall_ms() / ours.wall_ms():.1f}, of CPU time {peer.cpu_ms() / ours.cpu_ms():.1f}")
END
