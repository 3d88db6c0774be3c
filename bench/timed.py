"""Times one run of a command, for the benchmarks."""

import os
import subprocess
import sys
import time


def timed(*command, folder=None):
    """Runs a command to its end: what it printed, wall time [s] and peak memory [MB]."""
    begun = time.perf_counter()
    run = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
    answer = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)  # reaped here, for its memory
    if run.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with {run.returncode}: {answer.decode()}")
    return answer, time.perf_counter() - begun, usage.ru_maxrss / 1024
