"""Drives driftstorm import as a user does: logs in, a fragment out that a scenario includes.

usage: import_test.py DRIFTSTORM; works in the current folder.
"""

import datetime
import gzip
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import unittest

DRIFTSTORM = os.path.abspath(sys.argv[1])
START = 1_700_000_000

SCENARIO = """schema: scenario/1
title: A phone as it was in the field
seed: 1
duration: 1 h
include: [imported.yaml]
network:
  access_points:
    home: { technology: wifi, at: 0 km, range: 100 m, associate_limit: 10, downlink: 100 Mbit/s, uplink: 50 Mbit/s }
  paths: { append: [{ from: wifi, to: relays, delay: { propagation: 10 ms } }, { from: relays, to: relays, delay: { propagation: 1 ms } }] }
mobility:
  desk: { kind: fixed, at: 0 km }
clocks:
  imported:
    sync: [{ protocol: sntp, server: time_pool, every: 10 min }]
servers:
  time_pool: { kind: ntp, nodes: 1 }
  relays: { kind: message_relay, nodes: 1 }
apps:
  plain: { heartbeat: { interval: 5 min, patience: 10 min } }
populations:
  phones:
    count: 4
    mobility: desk
    clock: imported
    app: plain
    interfaces: [wifi]
    traffic: { conversations: { count: 2, members: 2 }, send: { process: poisson, rate: 1 msg/min } }
"""


def run(*arguments, code=0):
    done = subprocess.run([DRIFTSTORM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def field(count=400, every=64, seed=5):
    """A clock 12 ppm fast that nobody steers; 15 ms and an exponential queue of 2 ms each way."""
    luck = random.Random(seed)
    for i in range(count):
        up, down = luck.expovariate(500), luck.expovariate(500)
        at = every * i
        yield at, -0.002 - 12e-6 * at + (up - down) / 2, 0.03 + up + down


def chrony_logs(folder):
    measurements, tracking = [], []
    for at, offset, delay in field():
        when = datetime.datetime.fromtimestamp(START + at, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        if not measurements or len(measurements) % 35 == 0:
            measurements.append("=" * 80 + "\n   Date (UTC) Time     IP Address   L St 123 567 ABCD  LP RP Score\n" + "=" * 80)
        # chronyd takes 12 ppm off from the start and leaves the rest.
        measurements.append(f"{when} {'192.0.2.1':15} N  1 111 111 1111   6  6 0.00 {offset + 12e-6 * at:10.3e} {delay:10.3e}"
                            f" {1e-7:10.3e} {0:10.3e} {0:10.3e} 47505300 4B D K")
        if not tracking:
            tracking.append(f"{when} {'192.0.2.1':15}  2 {12:10.3f} {0.1:10.3f} {0:10.3e} N  1 {1e-4:10.3e} {0:10.3e} {0.03:10.3e}"
                            f" {1e-4:10.3e} {1e-2:10.3e}")
    (folder / "measurements.log").write_text("\n".join(measurements) + "\n")
    (folder / "tracking.log").write_text("\n".join(tracking) + "\n")


def loopstats(folder):
    loop, peer = [], []
    for at, offset, delay in field():
        day, second = divmod(START + at, 86400)
        loop.append(f"{day + 40587} {second}.000 {offset + 12e-6 * at:.9f} -12.000 0.000100000 0.000000 17\n")
        peer.append(f"{day + 40587} {second}.000 192.0.2.1 961a {offset + 12e-6 * at:.9f} {delay:.9f} 0.001000000 0.000100000\n")
    (folder / "loopstats").write_text("".join(loop))
    (folder / "peerstats").write_text("".join(peer))


def capture(folder):
    packets = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]

    def add(at, mode, origin, receive, transmit):
        there = mode == 3
        ends = bytes([10, 0, 0, 2, 192, 0, 2, 1]) if there else bytes([192, 0, 2, 1, 10, 0, 0, 2])
        ports = (40000, 123) if there else (123, 40000)
        ntp = struct.pack(">BBbb3I4Q", 4 << 3 | mode, 0 if there else 1, 6, -23, 0, 0, 0, 0, origin, receive, transmit)
        data = struct.pack(">BBHIBBH", 0x45, 0, 76, 0, 64, 17, 0) + ends + struct.pack(">HHHH", *ports, 56, 0) + ntp
        microseconds = round(at * 1e6)
        packets.append(struct.pack("<IIII", START + microseconds // 10**6, microseconds % 10**6, len(data), len(data)) + data)

    def stamp(at):
        return (START + 2208988800 << 32) + round(at * 2**32)

    for at, offset, delay in field():
        add(at, 3, 0, 0, stamp(at))
        if at % 1280:  # every 20th reply is lost
            middle = at + delay / 2 + offset
            add(at + delay, 4, stamp(at), stamp(middle), stamp(middle))
    (folder / "client.pcap").write_bytes(b"".join(packets))


class Imports(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path("import")
        self.folder.mkdir(exist_ok=True)

    def files(self, *names):
        return [self.folder / name for name in names]

    def check(self, kind, *files):
        run("import", kind, *files, "-o", self.folder / "imported.yaml")
        (self.folder / "scenario.yaml").write_text(SCENARIO)
        run("check", self.folder / "scenario.yaml")
        resolved = run("check", self.folder / "scenario.yaml", "--resolved").stdout
        self.assertIn("exponential", resolved)
        return json.loads(run("import", kind, *files, "--json").stdout)

    def within(self, truth, interval):
        self.assertLessEqual(interval[1], truth)
        self.assertGreaterEqual(interval[2], truth)

    def test_chrony(self):
        chrony_logs(self.folder)
        found = self.check("chrony", *self.files("tracking.log", "measurements.log"))
        self.assertTrue(found["steering_known"])
        self.within(12e-6, found["frequency"])
        self.within(0.002, found["offset_s"])
        self.within(0.015, found["propagation_s"])
        self.within(0.002, found["queue_mean_s"])

    def test_ntpd(self):
        loopstats(self.folder)
        found = self.check("loopstats", *self.files("loopstats", "peerstats"))
        self.within(12e-6, found["frequency"])

    def test_pcap(self):
        capture(self.folder)
        found = self.check("pcap", *self.files("client.pcap"))
        self.assertEqual(found["exchanges"], 380)
        self.within(12e-6, found["frequency"])
        self.within(0.002 + 12e-6 * 64, found["offset_s"])  # the first reply was lost
        self.within(0.0253, found["loss"])
        text = (self.folder / "imported.yaml").read_text()
        self.assertIn("cannot be known from its ends", text)
        self.assertIn("steered", text)

    def test_refusals(self):
        chrony_logs(self.folder)
        broken = self.folder / "broken.log"
        broken.write_text((self.folder / "measurements.log").read_text()[:-20])
        self.assertIn("broken.log:436: the last line has no end", run("import", "chrony", broken, code=2).stderr)
        self.assertIn("wanted is a capture", run("import", "pcap", broken, code=2).stderr)
        self.assertIn("loopstats", run("import", "loopstats", self.folder / "measurements.log", code=2).stderr)
        few = self.folder / "few.log"
        few.write_text("\n".join((self.folder / "measurements.log").read_text().split("\n")[:10]) + "\n")
        self.assertIn("few.log: 7 exchanges; a fit wants 30", run("import", "chrony", few, code=2).stderr)
        packed = self.folder / "packed.gz"
        packed.write_bytes(gzip.compress(few.read_bytes()))
        self.assertIn("packed.gz: compressed (gzip)", run("import", "chrony", packed, code=2).stderr)
        self.assertIn("not compressed", run("import", "pcap", packed, code=2).stderr)
        self.assertIn("missing.log: No such file", run("import", "chrony", "missing.log", code=5).stderr)
        run("import", "syslog", broken, code=2)
        run("import", "chrony", self.folder / "measurements.log", "--clock", "a: b", code=2)
        self.assertIn("docs/import.md", run("import", "--help").stdout)

    def test_what_came_over_dos_or_an_editor(self):
        chrony_logs(self.folder)
        plain = self.folder / "measurements.log"
        other = self.folder / "other.log"
        other.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
        answers = [run("import", "chrony", name, self.folder / "tracking.log", "--json").stdout for name in (plain, other)]
        self.assertEqual(*answers)

    def test_damaged_captures_end_with_a_word(self):
        capture(self.folder)
        whole = (self.folder / "client.pcap").read_bytes()
        luck = random.Random(7)
        damaged = self.folder / "damaged.pcap"
        for _ in range(12):
            broken = bytearray(whole)
            for _ in range(40):  # anywhere in packets, not in their headers
                broken[24 + 92 * luck.randrange(700) + 16 + luck.randrange(76)] = luck.randrange(256)
            damaged.write_bytes(broken)
            answer = json.loads(run("import", "pcap", damaged, "--json").stdout, parse_constant=self.fail)
            self.assertLess(answer["frequency"][1], answer["frequency"][2])
        for end in range(0, 400, 37):
            damaged.write_bytes(whole[:end])
            self.assertIn("damaged.pcap: ", run("import", "pcap", damaged, code=2).stderr)
        damaged.write_bytes(whole[:-10])
        self.assertIn("damaged.pcap: after packet 779: ", run("import", "pcap", damaged, code=2).stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
