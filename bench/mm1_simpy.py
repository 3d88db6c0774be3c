"""M/M/1 at a load of 0.9 on Debian's SimPy: customers, CPU seconds, mean wait in services."""

import random
import sys
import time

from SimPy.Simulation import Process, Resource, activate, hold, initialize, now, release, request, simulate

LOAD = 0.9
waits = []


class Customer(Process):
    def visit(self, desk):
        arrived = now()
        yield request, self, desk
        waits.append(now() - arrived)
        yield hold, self, random.expovariate(1.0)
        yield release, self, desk


class Arrivals(Process):
    def run(self, desk):
        while True:
            customer = Customer()
            activate(customer, customer.visit(desk))
            yield hold, self, random.expovariate(LOAD)


random.seed(1)
initialize()
arrivals = Arrivals()
activate(arrivals, arrivals.run(Resource(capacity=1)))
start = time.process_time()
simulate(until=float(sys.argv[1]) / LOAD)
seconds = time.process_time() - start
print(len(waits), f"{seconds:.6f}", f"{sum(waits) / len(waits):.2f}")
