"""Drives the command as a user does: exit codes, what is written where, and what a crash leaves behind.

usage: cli_test.py DRIFTSTORM SOURCE_FOLDER [unittest options]; works in the current folder.
"""

import csv
import io
import json
import os
import pathlib
import re
import resource
import signal
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np
import jsonschema
import yaml

DRIFTSTORM = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2]).resolve()
LIBRARY = SOURCE / "scenarios" / "library"
BROKEN = SOURCE / "tests" / "scenarios" / "broken"

QUEUE = """schema: scenario/1
title: A short queue
seed: 3
duration: 2 min
parameters:
  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }
  least: { default: 1, range: [0, 1000000000], unused: ok }
servers:
  desk: { kind: station, workers: 1, service_time: { exponential: { mean: 10 ms } } }
populations:
  customers: { kind: customers, station: desk, arrivals: { process: poisson, rate: $load } }
outputs:
  series: { every: 1 s, of: [desk.queue_depth] }
expectations:
  - { name: somebody came, metric: customers.intents, is: ">= 1", always: true }
"""


def run(*arguments, folder, code=0, timeout=60, **more):
    """Runs the command, checks its exit code, and gives what it printed."""
    done = subprocess.run([DRIFTSTORM, *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                          timeout=timeout, **more)
    assert code is None or done.returncode == code, \
        f"{arguments}: exit {done.returncode} instead of {code}\n{done.stdout}{done.stderr}"
    return done


def digest(done):
    return re.search(r"digest ([0-9a-f]{16})", done.stdout.splitlines()[-1]).group(1)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cli-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "queue.yaml").write_text(QUEUE)
        for data in ("data",):
            shutil.copytree(LIBRARY / data, self.folder / data)
        for scenario in LIBRARY.glob("*.yaml"):
            shutil.copy(scenario, self.folder)

    def run(self, *arguments, **more):
        if arguments and isinstance(arguments[0], unittest.TestResult):
            return super().run(*arguments)
        return run(*arguments, folder=self.folder, **more)

    def start(self, *arguments):
        return subprocess.Popen([DRIFTSTORM, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def bytes_of(self, name):
        return (self.folder / name).read_bytes()


class Runs(Command):
    def test_repeat_line_and_equal_bytes(self):
        first = self.run("run", "queue.yaml", "--set", "load=60 req/s", "--until", "90 s", "-o", "a.h5")
        lines = [line for line in first.stdout.splitlines() if line.startswith("driftstorm run ")]
        self.assertEqual(lines, [first.stdout.splitlines()[-1]])
        self.assertNotIn("\x1b", first.stdout + first.stderr)
        again = subprocess.run(["sh", "-c", lines[0].replace("driftstorm", DRIFTSTORM, 1)], cwd=self.folder,
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(digest(again), digest(first))
        self.assertEqual(self.bytes_of("queue.h5"), self.bytes_of("a.h5"))
        self.run("run", "queue.yaml", "--set", "load=60 req/s", "--until", "90 s", "-o", "a.h5")  # same run_id

    def test_partitions_and_threads_change_nothing(self):
        cut = ["clock_skew_reordering.yaml", "--until", "10 min"]
        self.run("run", *cut, "-o", "one.h5", code=None)
        self.run("run", *cut, "-o", "four.h5", "--partitions", "4", "--threads", "3", code=None)
        self.assertEqual(self.bytes_of("one.h5"), self.bytes_of("four.h5"))

    def test_other_results_are_kept(self):
        self.run("run", "queue.yaml")
        refused = self.run("run", "queue.yaml", "--seed", "4", code=2)
        self.assertIn("queue.h5", refused.stderr)
        self.assertIn("--force", refused.stderr)
        self.run("run", "queue.yaml", "--seed", "4", "--force")
        (self.folder / "queue.h5").write_text("my diary")
        self.run("run", "queue.yaml", code=2)
        self.assertEqual(self.bytes_of("queue.h5"), b"my diary")

    def test_limits_are_inconclusive_and_leave_a_partial_file(self):
        for limit in (["--max-events", "500"], ["--max-memory", "1 MiB"]):
            stopped = self.run("run", "queue.yaml", *limit, code=4)
            self.assertIn("stopped: " + limit[0], stopped.stdout)
            self.assertFalse((self.folder / "queue.h5").exists())
            with h5py.File(self.folder / "queue.partial.h5") as partial:
                self.assertEqual(partial.attrs["status"], "partial")
        self.run("run", "queue.yaml", "-o", "queue.partial.h5")  # a partial result is replaced

    def test_a_stopped_run_and_a_page_take_no_complete_result_away(self):
        self.run("run", "queue.yaml", "-o", "keep.partial.h5")
        kept = self.bytes_of("keep.partial.h5")
        refused = self.run("run", "queue.yaml", "--max-events", "500", "--seed", "9", "-o", "keep.h5", code=2)
        self.assertIn("keep.partial.h5", refused.stderr)
        self.run("run", "queue.yaml", "--seed", "9", "-o", "other.h5")
        refused = self.run("report", "other.h5", "-o", "keep.partial.h5", code=2)
        self.assertIn("holds a result", refused.stderr)
        self.assertEqual(self.bytes_of("keep.partial.h5"), kept)

    def test_nothing_else_is_written_over(self):
        self.run("run", "queue.yaml")
        scenario = self.bytes_of("queue.yaml")
        for outputs in (["-o", "queue.yaml"], ["--pcap", "queue.yaml"], ["--pcap", "queue.h5"],
                        ["-o", "./queue.yaml"]):
            self.run("run", "queue.yaml", *outputs, "--force", code=2)
        self.run("report", "queue.h5", "-o", "queue.yaml", code=2)
        self.run("rerun", "queue.h5", "-o", "./queue.h5", "--force", code=2)
        self.assertEqual(self.bytes_of("queue.yaml"), scenario)
        (self.folder / "diary").write_text("my diary")
        self.run("run", "queue.yaml", "--pcap", "diary", code=2)
        self.assertEqual(self.bytes_of("diary"), b"my diary")
        for _ in range(2):  # a page and a capture are made anew
            self.run("report", "queue.h5", "-o", "page.html")
            self.run("run", "queue.yaml", "--pcap", "queue.pcap")

    def test_files_that_are_no_results(self):
        (self.folder / "text.h5").write_text("time,value\n")
        with h5py.File(self.folder / "other.h5", "w") as file:
            file["copies/message"] = [1, 2, 3]
        with h5py.File(self.folder / "future.h5", "w") as file:
            file.attrs["format_name"] = "driftstorm-result"
            file.attrs["format_version"] = np.array([2, 0])
        for name, why in (("text.h5", "is no HDF5 file"), ("other.h5", "is no result of driftstorm"),
                          ("future.h5", "a version that is not known here"), ("none.h5", "none.h5")):
            for verb in (["report", name], ["explain", name, "late"], ["export", name, "copies"], ["rerun", name]):
                self.assertIn(why, self.run(*verb, code=5).stderr)
        self.assertFalse((self.folder / "other.html").exists())

    def test_replications_that_were_stopped_say_so(self):
        done = self.run("run", "mm1.yaml", "--replications", "2", "--max-events", "1000", "-o", "cut.h5", code=4)
        self.assertIn("stopped: --max-events", done.stdout)

    def test_replications_print_shares_as_single_runs_do(self):
        done = self.run("run", "mm1.yaml", "--replications", "2", "--until", "10 min", "-o", "two.h5", code=None)
        share = re.search(r"share_zero is ([0-9.]+) %", done.stdout)
        self.assertAlmostEqual(float(share.group(1)), 20, delta=5)

    def test_any_number_of_retries_is_summed_at_once(self):
        (self.folder / "endless.yaml").write_text(QUEUE.replace(
            "populations:\n  customers: { kind: customers, station: desk,",
            "timeline: [{ name: out, at: 60 s, fault: node_down, target: servers.desk, for: 5 s }]\n"
            "populations:\n  customers: { kind: customers, station: desk, retry: { timeout: 1 s, retries: 4294967295 },"))
        self.run("run", "endless.yaml", timeout=5)

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "w") as full:
            for verb in (["list", "models"], ["check", "queue.yaml"], ["run", "queue.yaml", "--no-output", "--json"]):
                done = subprocess.run([DRIFTSTORM, *verb], cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                      timeout=60)
                self.assertEqual(done.returncode, 5, verb)

    def test_what_repeats_a_stopped_run_ends_where_it_stopped(self):
        stopped = self.run("run", "queue.yaml", "--max-events", "500", code=4)
        line = stopped.stdout.splitlines()[-1]
        self.assertIn("--until", line)
        again = subprocess.run(["sh", "-c", line.replace("driftstorm", DRIFTSTORM, 1)], cwd=self.folder,
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(digest(again), digest(stopped))

    def test_a_crowded_second_is_stopped_within(self):
        (self.folder / "flood.yaml").write_text(QUEUE.replace("rate: $load", "rate: 1e9 req/s")
                                                .replace("95 req/s]", "95 req/s], unused: ok"))
        stopped = self.run("run", "flood.yaml", "--max-events", "100000", code=4)
        self.assertIn("stopped: --max-events", stopped.stdout)
        self.assertLess(json.loads(self.run("run", "flood.yaml", "--max-events", "100000", "--json", code=4).stdout)
                        ["events"], 20_000_000)

    def test_expectations_decide_the_exit_code(self):
        failing = QUEUE.replace('">= 1"', '"== 0"')
        (self.folder / "failing.yaml").write_text(failing)
        self.run("run", "failing.yaml", code=1)
        (self.folder / "mild.yaml").write_text(failing.replace("always: true", "always: true, severity: warning"))
        self.run("run", "mild.yaml")
        (self.folder / "late.yaml").write_text(QUEUE.replace("always: true", "during: [100 s, 110 s]"))
        self.run("run", "late.yaml")
        self.run("run", "late.yaml", "--until", "60 s", "-o", "cut.h5", code=4)

    def test_replications(self):
        done = self.run("run", "mm1.yaml", "--replications", "3", "--until", "3 min", "--json", code=None)
        document = json.loads(done.stdout)
        self.assertEqual(document["replications"], 3)
        self.assertEqual(len(document["checks"]), 4)
        self.assertTrue(all(check["half_width_95"] > 0 for check in document["checks"]))
        self.assertEqual(document["exit_code"], done.returncode)
        within = QUEUE.replace("duration: 2 min", "duration: 2 min\nwarmup: 1 min")
        (self.folder / "within.yaml").write_text(within)
        cut = ["within.yaml", "--until", "30 s", "--no-output"]
        self.run("run", *cut, code=4)
        self.run("run", *cut, "--replications", "2", code=4)

    def test_a_herd_is_held_to_its_closed_form(self):
        herd = QUEUE.replace("exponential: { mean: 10 ms }", "constant: 10 ms").replace(
            "{ process: poisson, rate: $load }", "{ process: spread, count: 1000, over: 5 s }").replace(
            "  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }\n", "").replace(
            'metric: customers.intents, is: ">= 1"', 'metric: desk.queue_depth.max, is: "== theory.reconnect_peak +- 1 %"')
        (self.folder / "herd.yaml").write_text(
            herd + '  - { name: the last, metric: theory.reconnect_finish, is: "== 10 s", always: true }\n')
        checks = json.loads(self.run("run", "herd.yaml", "--json").stdout)["summary"]["checks"]
        self.assertEqual([check["status"] for check in checks], ["passed", "passed"])
        self.assertAlmostEqual(checks[0]["observed"], 500, delta=2)

    def test_closed_forms_of_a_queue_are_told_only_where_they_hold(self):
        def wait(*changes):
            text = QUEUE
            for old, new in changes:
                self.assertIn(old, text)
                text = text.replace(old, new)
            (self.folder / "law.yaml").write_text(
                text.replace('metric: customers.intents, is: ">= 1"', 'metric: theory.wait_mean, is: "> 0 s"'))
            done = self.run("run", "law.yaml", "--json", "--no-output", code=None)
            return json.loads(done.stdout)["summary"]["checks"][0]["observed"]

        poisson = "{ process: poisson, rate: $load }"
        renewal = "{ process: renewal, gap: { exponential: { mean: 20 ms } } }"
        no_load = ("  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }\n", "")
        self.assertAlmostEqual(wait(), 0.010)  # rho / (mu - lambda), at 50/s and 10 ms
        self.assertAlmostEqual(wait(("exponential: { mean: 10 ms }", "constant: 10 ms")), 0.005)
        for arrivals in ("{ process: constant, rate: $load }", "{ process: poisson, rate: $load, batch: { constant: 1 } }"):
            self.assertIsNone(wait((poisson, arrivals)))
        self.assertIsNone(wait((poisson, renewal), no_load))
        for station in ("queue_limit: 4", "patience: { exponential: { mean: 1 s } }"):
            self.assertIsNone(wait(("kind: station,", f"kind: station, {station},")))

    def test_replications_need_seeds(self):
        greatest = str(2**64 - 1)
        refused = self.run("run", "queue.yaml", "--seed", greatest, "--replications", "2", code=2)
        self.assertIn("seeds above " + greatest, refused.stderr)
        self.run("run", "queue.yaml", "--seed", greatest, "--until", "2 s")

    def test_a_length_of_time_may_be_written_in_several_units(self):
        self.assertEqual(digest(self.run("run", "queue.yaml", "--until", "1 min 30 s", "--force")),
                         digest(self.run("run", "queue.yaml", "--until", "90 s", "--force")))
        (self.folder / "queue.yaml").write_text(QUEUE.replace("duration: 2 min", "duration: 1 min 59 s 1000 ms"))
        self.assertEqual(digest(self.run("run", "queue.yaml", "--force")),
                         digest(self.run("run", "queue.yaml", "--until", "120 s", "--force")))

    def test_no_outage_leaves_nothing_to_drain(self):
        def drain(*options, code):
            done = self.run("run", "server_outage_no_retry.yaml", "--json", "--no-output", *options, code=code)
            checks = {check["name"]: check for check in json.loads(done.stdout)["summary"]["checks"]}
            return checks["time to drain"]["status"], checks["time to drain"]["observed"]

        self.assertEqual(drain("--set", "outage=0 s", "--until", "5 min", code=0), ("passed", 0))
        # Before its outage is over nothing is known of how long it takes.
        self.assertEqual(drain("--until", "1 min", code=None), ("inconclusive", None))

    def test_a_large_world_is_estimated_not_built(self):
        many = (self.folder / "clock_skew_reordering.yaml").read_text().replace("count: 2000", "count: 5000000")
        (self.folder / "many.yaml").write_text(many)
        dry = json.loads(self.run("run", "many.yaml", "--dry", "--json").stdout)
        self.assertEqual((dry["devices"], dry["exact"]), (5000000, False))
        self.assertGreater(dry["entities"], 5 * 5000000)
        self.assertGreater(dry["memory_bytes"], 1e9)
        self.assertIn("more than --max-memory", self.run("run", "many.yaml", "--max-memory", "1 GB", code=4).stderr)
        small = json.loads(self.run("run", "queue.yaml", "--dry", "--json").stdout)
        self.assertTrue(small["exact"])

    def test_names_with_dots_are_sampled(self):
        dotted = (QUEUE.replace("desk: {", "desk.v1: {").replace("station: desk,", "station: desk.v1,")
                  .replace("of: [desk.queue_depth]", 'of: [desk.v1.queue_depth, "servers[desk.v1].in_service"]'))
        (self.folder / "dotted.yaml").write_text(dotted)
        self.run("run", "dotted.yaml")
        with h5py.File(self.folder / "dotted.h5") as result:
            self.assertGreater(result["series/1s/desk_v1_in_service"][:].max(), 0)
            self.assertEqual(result["series/1s/desk_v1_queue_depth"].shape, (121, 1))

    def test_origins_have_a_group_of_their_own(self):
        self.run("run", "queue.yaml", "--set", "load=60 req/s")
        with h5py.File(self.folder / "queue.h5") as result:
            origins = result["provenance/value_origin"]
            found = dict(zip(origins["path"].asstr()[:], origins["origin"].asstr()[:]))
        self.assertEqual(found["populations.customers.arrivals.rate"], "--set")
        self.assertEqual(found["seed"], "queue.yaml:3")

    def test_entities_tell_what_they_drew_and_how_they_were_set(self):
        self.run("run", "commuter_train.yaml", "--until", "30 s", code=4)  # within its warm-up
        with h5py.File(self.folder / "commuter_train.h5") as result:
            entities = result["entities"]

            def texts(column):
                return entities[column].asstr()[:]

            device = entities["device"]
            self.assertEqual(set(texts("device/app")), set(texts("app/app")))
            self.assertEqual(set(texts("device/interfaces")), {"wifi+lte"})
            self.assertNotIn("", texts("device/mobility"))
            self.assertEqual(device["initial_offset"].attrs["units"], "ns")
            self.assertEqual(device["frequency_error"].attrs["units"], "ppb")
            self.assertGreater(np.std(device["initial_offset"][:]), 0)
            self.assertGreater(np.std(device["frequency_error"][:]), 0)
            self.assertEqual(len(np.unique(device["account"][:])), len(device["device"]))  # one each
            for kind in ("cell", "access_point"):
                self.assertTrue(np.all(np.isfinite(entities[kind]["at"][:])))
                self.assertEqual(entities[kind]["at"].attrs["units"], "m")
                self.assertTrue(np.all(entities[kind]["downlink"][:] > 0))
            rate = dict(zip(texts("link/link"), entities["link/rate"][:]))
            down = dict(zip(texts("cell/cell"), entities["cell/downlink"][:]))
            for name, value in down.items():
                self.assertEqual(rate[f"network.cells.{name}.downlink"], value)
            kinds = dict(zip(texts("server/server"), texts("server/kind")))
            self.assertEqual(set(kinds.values()), {"message_relay", "ntp"})
            for column in ("initial_offset", "frequency_error"):
                is_known = ~np.isnan(entities["server"][column][:])
                self.assertEqual(list(is_known), [kind == "ntp" for kind in texts("server/kind")])
            # The devices of each conversation, of which the first message's sender is one.
            conversation = entities["conversation"]
            first, count = conversation["first_membership"][:], conversation["members"][:]
            members = conversation["member_device"][:]
            self.assertEqual(list(first), [0, *np.cumsum(count)[:-1]])
            self.assertEqual(int(count.sum()), len(members))
            for sender, of in zip(result["messages/sender"][:], result["messages/conversation"][:]):
                self.assertIn(sender, members[first[of]:first[of] + count[of]])
            homes = texts("server/kind")[conversation["home"][:]]
            self.assertEqual(set(homes), {"message_relay"})
            self.assertEqual(set(texts("population/kind")), {"devices"})
            self.assertEqual(int(np.nansum(entities["population/devices_count"][:])), len(device["device"]))
            self.assertEqual(len(entities["fault/fault"]), len(set(texts("fault/target"))))
        opens = subprocess.run(["/usr/bin/python3", SOURCE / "tests/output/opens_everywhere.py",
                                self.folder / "commuter_train.h5"], capture_output=True, text=True)
        self.assertEqual(opens.returncode, 0, opens.stdout + opens.stderr)

    def test_the_rows_of_a_device_are_found_without_a_search(self):
        self.run("run", "commuter_train.yaml", "--until", "60 s", code=4)
        with h5py.File(self.folder / "commuter_train.h5") as result:
            sliced = 0
            for name, table in result["events"].items():
                column = table["device"] if "device" in table else table.get("entity")
                if column is None or column.attrs.get("entities") != "/entities/device":
                    self.assertNotIn("device_ptr", table)
                    continue
                sliced += 1
                whose, first, order = column[:], table["device_ptr"][:], table["device_order"][:]
                self.assertEqual(len(first), len(result["entities/device/device"]) + 1)
                for device in np.unique(whose):
                    rows = order[first[device]:first[device + 1]]
                    self.assertTrue(np.array_equal(rows, np.flatnonzero(whose == device)), name)
                self.assertEqual(first[-1], len(whose))
            self.assertGreater(sliced, 1)
        exported = self.run("export", "commuter_train.h5", "events/connection").stdout.splitlines()
        self.assertNotIn("device_order", exported[0])

    def test_facts_of_build_and_call_lie_beside_the_file(self):
        self.run("run", "queue.yaml", "--threads", "3", "--set", "load=60 req/s", "-o", "here.h5")
        facts = json.loads((self.folder / "here.h5.run.json").read_text())
        self.assertEqual(facts["arguments"][1:], ["run", "queue.yaml", "--threads", "3", "--set", "load=60 req/s",
                                                  "-o", "here.h5"])
        self.assertEqual(facts["threads_asked"], 3)
        self.assertGreaterEqual(facts["threads"], 1)
        for library in ("hdf5", "libdeflate", "yaml-cpp", "boost", "fmt", "glibc"):
            self.assertRegex(facts["libraries"][library], r"^[0-9]+[.][0-9]")
        self.assertEqual(facts["libraries"]["hdf5"], h5py.version.hdf5_version)
        if facts["git"] is not None:  # built from a checkout
            self.assertRegex(facts["git"]["commit"], "^[0-9a-f]{40}$")
            self.assertIsInstance(facts["git"]["changed"], bool)
        self.assertEqual(json.loads(self.run("version", "--json").stdout)["git"], facts["git"])
        self.assertNotIn(b"here.h5", self.bytes_of("here.h5"))

    def test_json_is_one_document(self):
        document = json.loads(self.run("run", "queue.yaml", "--json").stdout)
        self.assertEqual((document["status"], document["seed"], document["file"]), ("complete", 3, "queue.h5"))
        dry = json.loads(self.run("run", "queue.yaml", "--dry", "--json").stdout)
        self.assertGreater(dry["entities"], 0)
        json.loads(self.run("version", "--json").stdout)
        for what in ("models", "parameters", "faults", "metrics", "units", "events", "series"):
            self.assertGreater(len(json.loads(self.run("list", what, "--json").stdout)), 5)

    def test_verify(self):
        self.assertIn("identical", self.run("run", "walk_5g.yaml", "--verify").stdout)


class Failures(Command):
    def test_usage(self):
        for wrong in ([], ["fly"], ["run"], ["run", "queue.yaml", "--fast"], ["run", "queue.yaml", "--until", "5"],
                      ["run", "queue.yaml", "--until", "-5 s"], ["run", "queue.yaml", "--until", "1000000 day"],
                      ["run", "queue.yaml", "--until", "0.5 ns"], ["run", "queue.yaml", "--until", "30 s 2 min"],
                      ["run", "queue.yaml", "--seed", "-1"], ["run", "queue.yaml", "--seed", "1e99"],
                      ["run", "queue.yaml", "--max-memory", "-1 B"], ["run", "queue.yaml", "--max-events", "-1"],
                      ["run", "queue.yaml", "--set", "load"],
                      ["run", "queue.yaml", "--set", "load=1 req/s", "--set", "load=2 req/s"],
                      ["list", "nonsense"], ["explain", "queue.h5", "message"]):
            with self.subTest(wrong):
                self.assertTrue(self.run(*wrong, code=2).stderr)

    def test_numbers_with_leading_zeros_are_refused(self):
        self.run("run", "queue.yaml", "--until", "1 s")
        for verb in (["run", "queue.yaml", "--seed", "010"], ["run", "queue.yaml", "--replications", "010"],
                     ["run", "queue.yaml", "--max-events", "0x10"], ["record", "queue.yaml", "--seed", "010"],
                     ["record", "queue.yaml", "--seeds", "010"], ["verify", "--seeds", "010"], ["diff", "queue.h5", "queue.yaml", "--seed", "010"],
                     ["trace", "queue.yaml", "--to", "1 s", "--seed", "010"], ["explain", "queue.h5", "late", "--top", "010"]):
            with self.subTest(verb):
                refused = self.run(*verb, code=2)
                self.assertRegex(refused.stderr, "without leading zeros; got '010'|must be a whole number .*got '0x10'")

    def test_a_loop_that_takes_no_time_ends_the_run(self):
        # Nobody is served and no retry is in the budget: each answer brings the next request at once.
        (self.folder / "loop.yaml").write_text(
            "schema: scenario/1\nduration: 1 min\nservers: { desk: { kind: station, queue_limit: 0, service_time: 10 ms } }\n"
            "populations:\n  visitors: { kind: finite_customers, station: desk, count: 2, think_time: 0 s,\n"
            "              retry: { retries: 5, backoff: fixed, budget: 0, budget_size: 0 } }\n")
        ended = self.run("run", "loop.yaml", code=3)
        self.assertIn("the scenario never leaves an instant: more than 10000000 events at one instant (a zero-time loop): at 0 ns, event ",
                      ended.stderr)
        self.assertRegex(ended.stderr, "entity (desk|visitors)")
        self.assertIn("finite_sources.asks@finite_sources\n", ended.stderr)
        self.assertNotIn("bug in driftstorm", ended.stderr)
        self.assertEqual(list(self.folder.glob("loop.h5*")), [])

    def test_many_at_one_instant_are_no_loop(self):
        (self.folder / "rush.yaml").write_text(
            "schema: scenario/1\nduration: 2 s\nservers: { desk: { kind: station, workers: 1000000, service_time: 0 s } }\n"
            "populations: { crowd: { kind: customers, station: desk, arrivals: { process: spread, count: 2500000, over: 0 s } } }\n"
            "outputs: none\n")
        done = json.loads(self.run("run", "rush.yaml", "--no-output", "--json").stdout)
        self.assertGreater(done["events"], 10_000_000)

    def test_wrong_parameters(self):
        for wrong, says in (("load=96 req/s", "between 1 req/s and 95 req/s"), ("lod=5 req/s", "did you mean 'load'"),
                            ("load=5 km", "must be"), ("load=$least", "must be"), ("load=", "must be")):
            with self.subTest(wrong):
                refused = self.run("run", "queue.yaml", "--set", wrong, code=3)
                self.assertRegex(refused.stderr, r"--set:1:\d+: error: ")
                self.assertIn(says, refused.stderr)

    def test_wrong_scenarios(self):
        (self.folder / "wrong.yaml").write_text(QUEUE.replace("10 ms", "10 km"))
        refused = self.run("run", "wrong.yaml", "--json", code=3)
        self.assertRegex(refused.stderr, r"wrong.yaml:9:\d+: error: ")
        self.assertIn("^~~~", refused.stderr)
        self.assertEqual(json.loads(refused.stdout)[0]["line"], 9)
        self.run("run", "nowhere.yaml", code=3)

    def test_what_the_world_refuses(self):
        for name, before, after in (
                ("slash", "desk", "de/sk"),
                ("pipe", "duration:", "include: [pipe]\nduration:")):
            with self.subTest(name):
                if name == "pipe":
                    os.mkfifo(self.folder / "pipe")
                (self.folder / "odd.yaml").write_text(QUEUE.replace(before, after))
                self.run("run", "odd.yaml", code=3, timeout=20)

    def test_folders_that_cannot_be_written(self):
        refused = self.run("run", "queue.yaml", "-o", "nowhere/a.h5", code=5)
        self.assertIn("nowhere/a.h5", refused.stderr)
        self.assertIn("No such file or directory", refused.stderr)
        (self.folder / "taken.h5").mkdir()
        self.assertNotEqual(self.run("run", "queue.yaml", "-o", "taken.h5", code=None).returncode, 0)

    def test_files_that_may_not_grow(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        refused = self.run("run", "queue.yaml", code=5, preexec_fn=limit)
        self.assertIn("queue.h5", refused.stderr)
        self.assertIn("File too large", refused.stderr)
        self.assertFalse((self.folder / "queue.h5").exists())

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk],
                                               capture_output=True).returncode != 0:
            self.skipTest("a small disk needs root and leave to mount one")
        try:
            refused = self.run("run", "queue.yaml", "-o", "disk/a.h5", code=5)
            self.assertIn("disk/a.h5", refused.stderr)
            self.assertIn("No space left", refused.stderr)
            self.assertFalse((disk / "a.h5").exists())
        finally:
            subprocess.run(["umount", disk], check=True)


class Interruptions(Command):
    def test_control_c_and_termination(self):
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            running = self.start("run", "commuter_train.yaml")
            time.sleep(1.0)
            running.send_signal(sent)
            running.communicate(timeout=60)
            self.assertEqual(running.returncode, code)
            self.assertFalse((self.folder / "commuter_train.h5").exists())
            with h5py.File(self.folder / "commuter_train.partial.h5") as partial:
                self.assertEqual(partial.attrs["status"], "partial")
                self.assertEqual(partial.attrs["exit_code"], code)

    def test_killed(self):
        cut = ["run", "commuter_train.yaml", "--until", "8 min"]
        self.run(*cut, "-o", "undisturbed.h5", code=None)
        seed = time.time_ns() % 1000
        running = self.start(*cut)
        time.sleep(0.05 + 0.001 * (seed % 400))  # any moment will do: no result depends on it
        running.kill()
        running.communicate()
        if running.returncode == -signal.SIGKILL:
            self.assertFalse((self.folder / "commuter_train.h5").exists())
        self.run(*cut, code=None)
        self.assertEqual(self.bytes_of("commuter_train.h5"), self.bytes_of("undisturbed.h5"))


class Reading(Command):
    def test_library_is_sound_and_resolves_to_itself(self):
        for scenario in sorted(LIBRARY.glob("*.yaml")):
            with self.subTest(scenario.name):
                self.assertIn("sound", self.run("check", scenario.name).stdout)
                resolved = self.run("check", "--resolved", scenario.name).stdout
                (self.folder / "resolved.yaml").write_text(resolved)
                cut = ["--until", "4 min", "--no-output"]
                self.assertEqual(digest(self.run("run", "resolved.yaml", *cut, code=None)),
                                 digest(self.run("run", scenario.name, *cut, code=None)))

    def test_broken_files(self):
        files = sorted(BROKEN.glob("*.yaml"))
        self.assertGreaterEqual(len(files), 60)
        for file in files:
            with self.subTest(file.name):
                refused = run("check", file.name, folder=BROKEN, code=3, timeout=20)
                self.assertRegex(refused.stderr, r"(?m)^[^ ]+:\d+:\d+: error: ")
                self.assertRegex(refused.stderr, r"(?m)^ +\| +\^~*$")

    def test_check(self):
        (self.folder / "wrong.yaml").write_text(QUEUE.replace("10 ms", "10 km"))
        documents = json.loads(self.run("check", "--json", "queue.yaml", "wrong.yaml", code=3).stdout)
        self.assertEqual([document["valid"] for document in documents], [True, False])
        where = self.run("check", "--explain-value", "servers.desk.service_time.exponential.mean", "queue.yaml")
        self.assertIn("queue.yaml:9", where.stdout)

    def test_a_default_is_explained_as_one(self):
        told = self.run("check", "--explain-value", "apps[v7.3.1].send.timeout", "commuter_train.yaml").stdout
        self.assertRegex(told, r"\Aapps\[v7\.3\.1\]\.send\.timeout: \S+ s\n  the default: it is written nowhere\n\Z")
        self.assertIn("discipline: fifo\n  the default", self.run("check", "--explain-value", "servers.desk.discipline", "queue.yaml").stdout)
        refused = self.run("check", "--explain-value", "servers.desk.disciplin", "queue.yaml", code=2).stderr
        self.assertIn("did you mean 'discipline'?", refused)

    def test_schema(self):
        schema = json.loads(self.run("schema").stdout)
        checker = jsonschema.validators.validator_for(schema)
        checker.check_schema(schema)
        for scenario in LIBRARY.glob("*.yaml"):
            text = json.dumps(yaml.safe_load(scenario.read_text()), default=lambda d: d.isoformat())
            document = json.loads(text.replace('"true":', '"on":'))  # YAML 1.1 takes the key `on` for true
            document["epoch"] = re.search(r"epoch: (\S+)", scenario.read_text()).group(1)
            self.assertEqual([e.message for e in checker(schema).iter_errors(document)], [], scenario.name)

    def test_schema_tells_every_default(self):
        schema = json.loads(self.run("schema").stdout)
        validator = jsonschema.validators.validator_for(schema)
        seen = {}

        def visit(piece, path):
            if isinstance(piece, list):
                for i, one in enumerate(piece):
                    visit(one, path)
            if not isinstance(piece, dict):
                return
            for name, one in piece.get("properties", {}).items():
                if isinstance(one, dict) and "default" in one:
                    here = f"{path}.{name}"
                    seen.setdefault(here, []).append(one["default"])
                    rules = {"$defs": schema["$defs"], **one}
                    self.assertEqual([e.message for e in validator(rules).iter_errors(one["default"])], [], here)
                visit(one, f"{path}.{name}")
            for key, one in piece.items():
                if key != "properties":
                    visit(one, path)

        visit({key: value for key, value in schema.items() if key != "$defs"}, "")
        self.assertGreater(sum(map(len, seen.values())), 400)
        self.assertEqual(seen[".network.cells.path_loss_exponent"], [3.76])
        self.assertEqual(seen[".servers.sequencing.gap_timeout"], ["4 s"])
        self.assertNotIn(".duration", seen)  # required
        self.assertIn("default: TR 36.942, 4.5.2", json.dumps(schema))

    def test_every_parameter_is_listed(self):
        known = json.loads(self.run("list", "parameters", "--json").stdout)
        by_path = {(line["model"], line["path"]): line for line in known}
        self.assertEqual(len(by_path), len(known))
        cell = by_path["network", "network.cells.NAME.path_loss_exponent"]
        self.assertEqual((cell["min"], cell["max"], cell["default"], cell["unit"]), (1.5, 8, "3.76", ""))
        self.assertIn("TR 36.942", cell["source"])
        self.assertTrue(by_path["scenario", "duration"]["required"])
        self.assertEqual(by_path["rail", "mobility.NAME.stops"]["default"], None)
        self.assertEqual(by_path["one_shot", "clocks.NAME.time_sync.retries"]["default"], "4")
        for line in known:
            self.assertTrue(line["help"], line)
        one = self.run("list", "parameters", "servers.kind: station").stdout
        self.assertIn("servers.NAME.workers  (station)", one)
        self.assertNotIn("(ntp)", one)
        self.assertIn("required", one + self.run("list", "parameters", "outputs.clocks").stdout)
        self.run("list", "parameters", "statoin", code=2)
        self.run("list", "models", "station", code=2)

    def test_explain_and_export(self):
        self.run("run", "walk_5g.yaml", code=None)
        self.assertIn("composed", self.run("explain", "walk_5g.h5", "late", "--top", "2").stdout)
        json.loads(self.run("explain", "walk_5g.h5", "message", "3", "--json").stdout)
        self.run("explain", "walk_5g.h5", "message", "99999999", code=2)
        self.run("export", "walk_5g.h5", "nothing", code=2)
        self.run("export", "nothing.h5", "copies", code=5)
        walk = (self.folder / "walk_5g.yaml").read_text()
        self.assertEqual(walk.count("\noutputs:\n"), 1)
        (self.folder / "bare.yaml").write_text(walk.replace("\noutputs:\n", "\noutputs:\n  messages: { keep: all, blame: false }\n"))
        self.run("run", "bare.yaml", code=None)
        self.assertIn("written without blame", self.run("explain", "bare.h5", "late", code=2).stderr)
        with h5py.File(self.folder / "walk_5g.h5") as result, h5py.File(self.folder / "bare.h5") as bare:
            self.assertEqual(bare.attrs["digest"], result.attrs["digest"])
            blame = {name for name in result["copies"] if name.startswith("blame_")}
            self.assertEqual(len(blame), 12)
            self.assertEqual(set(result["copies"]) - set(bare["copies"]), blame)
        with h5py.File(self.folder / "walk_5g.h5") as result:
            for table in ("messages", "copies", "events/handover", "series/1s"):
                rows = list(csv.DictReader(io.StringIO(self.run("export", "walk_5g.h5", table, "--csv").stdout)))
                column = next(name for name in rows[0] if name in result[table])
                self.assertEqual(len(rows), result[table][column].shape[0], table)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
