"""The study of bench/sweep.sh with SimPy under multiprocessing: seconds, runs, mean wait at a service of 10 ms.

usage: sweep_simpy.py RUNS PROCESSES. A run is M/M/1 with 80 customers a second for 12.5 s; mean services as in the
sweep.
"""

import multiprocessing
import random
import sys
import time

from SimPy.Simulation import Process, Resource, activate, hold, initialize, now, release, request, simulate


def one_run(arguments):
    service, seed = arguments
    luck = random.Random(seed)
    waits, stays = [], []

    class Customer(Process):
        def visit(self, desk):
            arrived = now()
            yield request, self, desk
            waits.append(now() - arrived)
            yield hold, self, luck.expovariate(1000.0 / service)
            stays.append(now() - arrived)
            yield release, self, desk

    class Arrivals(Process):
        def run(self, desk):
            while True:
                yield hold, self, luck.expovariate(80.0)
                customer = Customer()
                activate(customer, customer.visit(desk))

    initialize()
    arrivals = Arrivals()
    activate(arrivals, arrivals.run(Resource(capacity=1)))
    simulate(until=12.5)
    ordered = sorted(waits)
    quantiles = [ordered[int(q * len(ordered))] for q in (0.5, 0.9, 0.95, 0.99)]
    return service, sum(waits) / len(waits), sum(stays) / len(stays), quantiles


if __name__ == "__main__":
    runs, processes = int(sys.argv[1]), int(sys.argv[2])
    study = [(5.5 + 0.5 * (i % 10), 1 + i // 10) for i in range(runs)]
    begun = time.perf_counter()
    with multiprocessing.Pool(processes) as pool:
        results = pool.map(one_run, study, chunksize=max(1, runs // (8 * processes)))
    seconds = time.perf_counter() - begun
    waits = [wait for service, wait, _, _ in results if service == 10.0]
    print(f"{seconds:.6f} {runs} {sum(waits) / len(waits):.6f}")
