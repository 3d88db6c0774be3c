"""Broken versions of real scenarios, read by the real command: what `driftstorm check` says of each.

usage: check_test.py DRIFTSTORM SOURCE_FOLDER [unittest options]; works in the current folder.

A case changes a scenario of the library as a user would by mistake, and names every complaint that must come of it, and no
other: the text that the complaint points at, and what it says. So a case proves the place, the wording and that one fault
gets one complaint, and does not depend on line numbers.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DRIFTSTORM = os.path.abspath(sys.argv[1])
LIBRARY = pathlib.Path(sys.argv[2]).resolve() / "scenarios" / "library"

TRAIN, WALK, QUEUE = "commuter_train.yaml", "walk_5g.yaml", "mm1.yaml"
DEGRADED = "fault: cell_degrade, target: network.cells.B, set: { downlink: 36 Mbit/s, uplink: 12 Mbit/s }"
RATES = "set: { downlink: 36 Mbit/s, uplink: 12 Mbit/s }"
FACTOR = DEGRADED.replace("cell_degrade", "capacity_factor")
INTERFACES = "interfaces: [wifi, lte]"
OUTAGE = "outage:       { default: 150 s,  range: [0 s, 15 min] }"
STOPS = "stops: [{ at: 0 km, depart: 6 min }, { at: 5.1 km, dwell: 40 s }, { at: 12.6 km }]"
LAST_PATH = "    - { from: relays, to: relays, delay: { propagation: 2 ms } }"

# what is wrong | scenario | (text, what the user wrote instead)... | (pointed at, message)...
CASES = [
    # keys
    ("a misspelt key that is required", TRAIN, [("count: 2000", "cuont: 2000")],
     ("cuont", "'cuont' is no key of populations.riders; did you mean 'count'?")),
    ("a misspelt section", TRAIN, [("expectations:\n", "expectation:\n")],
     ("expectation", "'expectation' is no key of a scenario; did you mean 'expectations'?")),
    ("a misspelt section that others refer to", TRAIN, [("servers:\n", "server:\n")],
     ("server", "'server' is no key of a scenario; did you mean 'servers'?")),
    ("a misspelt section that refers to others", TRAIN, [("populations:\n", "population:\n")],
     ("population", "'population' is no key of a scenario; did you mean 'populations'?")),
    ("a misspelt section of the network", TRAIN, [("  cells:  ", "  cell:  ")],
     ("cell", "'cell' is no key of network; did you mean 'cells'?")),
    ("a misspelt section of versions", TRAIN, [("apps:\n", "app:\n")],
     ("app", "'app' is no key of a scenario; did you mean 'apps'?")),
    ("traffic without an app", TRAIN, [("    app: { weighted: { v7.2.9: rest, v7.3.1: $quirky_share } }\n", ""),
                                       ("quirky_share:", "# quirky_share:"),
                                       ("apps:\n  v7.2.9:\n", "apps:\n  v7.2.9:\n    unused: ok\n"),
                                       ("    extends: v7.2.9\n", "    extends: v7.2.9\n    unused: ok\n")],
     ("conversations: { count: 800", "there is no 'app' to write with; give one, or leave 'traffic' out")),
    ("customers called like their server", QUEUE, [("customers:\n    kind", "desk:\n    kind")],
     ("desk", "'desk' is the name of a server too, and metrics are asked for by name; give one of them another")),
    ("a misspelt key of a cell", TRAIN, [("attach_limit: 2400, downlink: 90", "atach_limit: 2400, downlink: 90")],
     ("atach_limit", "'atach_limit' is no key of network.cells.A; did you mean 'attach_limit'?")),
    ("a misspelt key of a clock", TRAIN, [("frequency_error:", "freqency_error:")],
     ("freqency_error", "'freqency_error' is no key of clocks.phone_xo; did you mean 'frequency_error'?")),
    ("a misspelt key of a server", TRAIN, [("queue_limit: 20000", "queue_limits: 20000")],
     ("queue_limits", "'queue_limits' is no key of servers.relays; did you mean 'queue_limit'?")),
    ("a misspelt key of an app", TRAIN, [("heartbeat: { interval: 30 s", "heartbeat: { intervall: 30 s")],
     ("intervall", "'intervall' is no key of apps[v7.2.9].heartbeat; did you mean 'interval'?")),
    ("a misspelt key of a fault", TRAIN, [("at: 9 min,  fault", "att: 9 min,  fault")],
     ("att", "'att' is no key of timeline[0]; did you mean 'at'?")),
    ("a misspelt key of outputs", TRAIN, [("messages: { keep: all }", "message: { keep: all }")],
     ("message", "'message' is no key of outputs; did you mean 'messages'?")),
    ("a misspelt key of an expectation", TRAIN, [("is: \"< 500\", severity", "is: \"< 500\", severty")],
     ("severty", "'severty' is no key of expectations[3]; did you mean 'severity'?")),
    ("a key of another section", TRAIN, [("    count: 2000\n", "    count: 2000\n    duration: 3 min\n")],
     ("duration", "'duration' is no key of populations.riders")),
    ("a key given twice", TRAIN, [("seed: 4211", "seed: 4211\nseed: 2")],
     ("seed", "duplicate key 'seed'")),
    ("a key without value", TRAIN, [("seed: 4211", "seed:")],
     ("seed", "'seed' has no value; leave it out, or write a value")),
    ("a required key left out", TRAIN, [("duration: 45 min\n", "")],
     ("schema: scen", "the scenario needs 'duration'")),
    ("no schema", TRAIN, [("schema: scenario/1\n", "")],
     ("# yaml-langu", "the first line must be 'schema: scenario/1'")),
    ("a later schema", TRAIN, [("schema: scenario/1", "schema: scenario/2")],
     ("scenario/2", "'scenario/2' is not known here; this program reads scenario/1")),
    # values
    ("a wrong unit", TRAIN, [("duration: 45 min", "duration: 45 km")],
     ("45 km", "'duration' must be a duration (ms, s, min), got '45 km'")),
    ("no unit", TRAIN, [("warmup: 2 min", "warmup: 2")],
     ("2", "'warmup' must be a duration (ms, s, min), got '2'; the unit is missing")),
    ("no space before the unit", TRAIN, [("warmup: 2 min", "warmup: 2min")],
     ("2min", "'warmup' must be a duration (ms, s, min), got '2min', which needs a space before the unit: '2 min'")),
    ("a unit of other programs", TRAIN, [("warmup: 2 min", "warmup: 2 mins")],
     ("2 mins", "'warmup' must be a duration (ms, s, min), got '2 mins', which has no known unit ('mins'); did you mean 'min'?")),
    ("a negative duration", TRAIN, [("duration: 45 min", "duration: -45 min")],
     ("-45 min", "'duration' must be between 1 ns and 3100000000 s, got '-45 min'")),
    ("a run of no length", TRAIN, [("duration: 45 min", "duration: 0 s")],
     ("0 s", "'duration' must be between 1 ns and 3100000000 s, got '0 s'")),
    ("a warm-up longer than the run", TRAIN, [("warmup: 2 min", "warmup: 50 min")],
     ("50 min", "the warm-up takes the whole run")),
    ("not a number", TRAIN, [("speed: 85 km/h", "speed: .nan")],
     (".nan", "'.nan' is not a finite number")),
    ("an infinite count", TRAIN, [("count: 2000", "count: 1e400")],
     ("1e400", "'count' is too large: '1e400'")),
    ("a negative count", TRAIN, [("count: 2000", "count: -5")],
     ("-5", "'count' must be between 0 and 5000000, got '-5'")),
    ("a fraction as a count", TRAIN, [("count: 2000", "count: 2.5")],
     ("2.5", "'count' must be a whole number, got '2.5'")),
    ("a word as a count", TRAIN, [("count: 2000", "count: many")],
     ("many", "'count' must be a bare number, got 'many'")),
    ("a list as a count", TRAIN, [("count: 2000", "count: [2000]")],
     ("[2000]", "'count' must be a bare number, got a list")),
    ("a negative seed", TRAIN, [("seed: 4211", "seed: -1")],
     ("-1", "'seed' must be between 0 and 18446744073709551615, got '-1'")),
    ("a seed that 64 bits do not hold", TRAIN, [("seed: 4211", "seed: 18446744073709551616")],
     ("18446744073709551616", "'seed' must be a whole number, at most 18446744073709551615, got '18446744073709551616'")),
    ("a share as a bare number", TRAIN, [("loss: 0.6 % }", "loss: 0.006 }")],
     ("0.006", "'loss' must be a share (%), got '0.006'; the unit is missing: write it in % (0.6 %)")),
    ("a share above all", TRAIN, [("loss: 0.6 % }", "loss: 200 % }")],
     ("200 %", "'loss' must be between 0 % and 100 %, got '200 %'")),
    ("shares that do not sum", TRAIN, [("v7.2.9: rest, v7.3.1: $quirky_share", "v7.2.9: $quirky_share, v7.3.1: 20 %")],
     ("{ v7.2.9: $q", "the shares of 'app' sum to 32 %, not to 100 %; one of them can be 'rest'")),
    ("yes for true", TRAIN, [("always: true", "always: yes")],
     ("yes", "'yes' is 'true' to some readers of YAML; write true, or in quotes if it is a text")),
    ("a date that does not exist", TRAIN, [("epoch: 2026-03-09T07:30:00Z", "epoch: 2026-13-09T07:30:00Z")],
     ("2026-13-09T07:30:00Z", "'epoch' must be a date and time (2026-03-09T07:30:00Z) between 1678 and 2262, got '2026-13-09T07:30:00Z'")),
    ("a scalar for a map", TRAIN, [("delay: { propagation: 2 ms }", "delay: 2 ms")],
     ("2 ms", "'delay' must be a map, got '2 ms'")),
    ("a scalar for a list", TRAIN, [(INTERFACES, "interfaces: wifi")],
     ("wifi", "'interfaces' must be a list ([...]), got 'wifi'")),
    ("a scalar for a section", QUEUE, [("outputs:\n  series: { every: 1 s, of: [desk.queue_depth, desk.in_service] }", "outputs: all")],
     ("all", "'outputs' must be a map of series, events and messages, or none, got 'all'")),
    ("an unknown distribution", TRAIN, [("size: { lognormal:", "size: { lognorm:")],
     ("lognorm", "'lognorm' is no distribution; did you mean 'lognormal'?")),
    ("a wrong key of a distribution", TRAIN, [("{ median: 900 B, p99: 48 KiB }", "{ median: 900 B, p9: 48 KiB }")],
     ("p9", "'p9' is no key of lognormal; did you mean 'p99'?")),
    ("a distribution that cannot be", TRAIN, [("{ median: 900 B, p99: 48 KiB }", "{ median: 900 B, p99: 48 B }")],
     ("48 B", "lognormal: 'p99' must be at least 'median' (900 B), got '48 B'")),
    ("an unknown process", TRAIN, [("process: poisson", "process: poison")],
     ("poison", "'process' must be poisson, got 'poison'; did you mean 'poisson'?")),
    # parameters
    ("an unknown parameter", TRAIN, [("$quirky_share", "$quirkyshare")],
     ("$quirkyshare", "there is no parameter 'quirkyshare'; did you mean '$quirky_share'?")),
    ("an expression", TRAIN, [("for: $outage", "for: $outage * 2")],
     ("$outage * 2", "'$outage * 2': a value is '$outage' alone; the language has no expressions")),
    ("a parameter in braces", TRAIN, [("for: $outage", "for: ${outage}")],
     ("${outage}, r", "a parameter is written $outage, without braces")),
    ("a parameter in braces, in block style", TRAIN, [("duration: 45 min", "duration: ${outage}")],
     ("${outage}", "'${outage}': a value is '$outage' alone; the language has no expressions")),
    ("a parameter without default", TRAIN, [(OUTAGE, "outage:       { range: [0 s, 15 min] }")],
     ("outage", "'parameters.outage' needs 'default'")),
    ("a parameter as a bare value", TRAIN, [(OUTAGE, "outage: 150 s")],
     ("150 s", "a parameter is { default: ..., range: [..., ...] }, got '150 s'")),
    ("a parameter outside its range", TRAIN, [("range: [0 s, 15 min]", "range: [0 s, 1 min]")],
     ("150 s", "'outage' must be between 0 s and 1 min, got '150 s'")),
    ("a parameter of the wrong dimension", TRAIN, [("default: 150 s,  range: [0 s, 15 min]", "default: 150 %,  range: [0 %, 200 %]")],
     ("$outage", "'for' must be a duration (ms, s, min), got '150 %' ($outage)")),
    ("a parameter nobody uses", TRAIN, [("for: $outage", "for: 150 s")],
     ("outage", "nothing refers to the parameter 'outage'; write '$outage' where it is meant, or 'unused: ok'")),
    # references
    ("an unknown app, near another", TRAIN, [("v7.2.9: rest", "v7.2.8: rest")],
     ("v7.2.8", "there is no version of the app 'v7.2.8'; did you mean 'v7.2.9'?")),
    ("an unknown app, near none", TRAIN, [("app: { weighted: { v7.2.9: rest, v7.3.1: $quirky_share } }", "app: { weighted: { messenger: rest, telegram: $quirky_share } }")],
     ("messenger", "there is no version of the app 'messenger'"),
     ("telegram", "there is no version of the app 'telegram'")),
    ("a metric of a server that has another fault", QUEUE,
     [("workers: 1", "workers: 0"), ("metric: desk.wait.mean", "metric: desk.wiat.mean")],
     ("0", "'workers' must be between 1 and 1000000, got '0'"),
     ("desk.wiat.mean", "there is no metric 'desk.wiat.mean'; did you mean 'desk.wait.mean'?")),
    ("an unknown clock", TRAIN, [("clock: phone_xo", "clock: phonexo")],
     ("phonexo", "there is no class of clocks 'phonexo'; did you mean 'phone_xo'?")),
    ("an unknown mobility", TRAIN, [("mobility: train_0730", "mobility: train_730")],
     ("train_730", "there is no way of moving 'train_730'; did you mean 'train_0730'?")),
    ("an unknown time server", TRAIN, [("server: time_pool", "server: timepool")],
     ("timepool", "there is no group of time servers 'timepool'; did you mean 'time_pool'?")),
    ("a relay as a time server", TRAIN, [("server: time_pool", "server: relays")],
     ("relays", "'relays' is no group of time servers")),
    ("an unknown station", QUEUE, [("station: desk", "station: dsk")],
     ("dsk", "there is no station 'dsk'; did you mean 'desk'?")),
    ("extends what is not there", TRAIN, [("extends: v7.2.9", "extends: v7.2.8")],
     ("v7.2.8", "'extends': there is no 'v7.2.8' beside this; did you mean 'v7.2.9'?")),
    ("extends in a circle", TRAIN, [("  v7.2.9:\n", "  v7.2.9:\n    extends: v7.3.1\n")],
     ("v7.2.9", "'extends' goes round in a circle: v7.2.9 -> v7.3.1 -> v7.2.9")),
    ("append misspelt", TRAIN, [("{ append: [clock_step", "{ apend: [clock_step")],
     ("{ apend: [cl", "'resync_on' must be a list ([...]), got a map")),
    ("an unknown word in an appended list", TRAIN, [("{ append: [clock_step", "{ append: [clockstep")],
     ("clockstep", "'resync_on[2]' must be gap, skew_reject, clock_step, network_change, reconnect, epoch, periodic or cache_clear, got 'clockstep'; did you mean 'clock_step'?")),
    ("an include that is not there", TRAIN, [("seed: 4211", "seed: 4211\ninclude: [base.yaml]")],
     ("base.yaml", "cannot read 'base.yaml': No such file or directory")),
    ("an include of a folder", TRAIN, [("seed: 4211", "seed: 4211\ninclude: [data]")],
     ("data", "cannot read 'data': is a folder")),
    ("an include of itself", TRAIN, [("seed: 4211", "seed: 4211\ninclude: [s.yaml]")],
     ("s.yaml", "'include' goes round in a circle: s.yaml -> s.yaml")),
    ("a trace that is not there", WALK, [("data/walking-trace.csv", "data/walk.csv")],
     ("data/walk.csv", "cannot read 'data/walk.csv': No such file or directory")),
    ("a trace that is no CSV", WALK, [("data/walking-trace.csv", "data/walking-trace.NOTICE.txt")],
     ("data/walking-trace.NOTICE.txt", "data/walking-trace.NOTICE.txt:1: no column 'anonymized_mCid'")),
    ("a trace without that column", WALK, [("file: data/walking-trace.csv", "file: data/walking-trace.csv, cell_column: nope")],
     ("data/walking-trace.csv", "data/walking-trace.csv:1: no column 'nope'")),
    # kinds
    ("an unknown kind of server", TRAIN, [("kind: message_relay", "kind: message_relays")],
     ("message_relays", "'kind' must be ntp, message_relay or station, got 'message_relays'; did you mean 'message_relay'?")),
    ("a server without kind", TRAIN, [("    kind: message_relay\n", "")],
     ("nodes: 3", "'kind' is missing; it is ntp, message_relay or station")),
    ("customers who forgot to say so", QUEUE, [("    kind: customers\n", "")],
     ("station: des", "'kind: customers' is missing, by its keys; without it this is of kind devices")),
    ("a station of the wrong kind", QUEUE, [("kind: station, workers: 1,", "kind: ntp,")],
     ("service_time", "'service_time' is no key of servers.desk")),
    ("an unknown kind of mobility", TRAIN, [("kind: rail", "kind: train")],
     ("train", "'kind' must be fixed, rail or trace, got 'train'; did you mean 'rail'?")),
    ("an unknown protocol", TRAIN, [("protocol: sntp", "protocol: ntp")],
     ("ntp", "'protocol' must be sntp, nitz or gnss, got 'ntp'; did you mean 'sntp'?")),
    ("too many nodes", TRAIN, [("    nodes: 3\n", "    nodes: 100\n")],
     ("100", "'nodes' must be between 1 and 32, got '100'")),
    ("no workers", QUEUE, [("workers: 1", "workers: 0")],
     ("0, service_t", "'workers' must be between 1 and 1000000, got '0'")),
    ("renewal without gap", QUEUE, [("process: poisson, rate: $load", "process: renewal, rate: $load")],
     ("renewal", "renewal needs 'gap', the law of the times between")),
    ("breakdowns without repair", QUEUE, [("workers: 1,", "workers: 1, up_time: 5 min,")],
     ("5 min", "'up_time' and 'down_time' belong together, only one is given")),
    # network
    ("two paths for a pair", TRAIN, [(LAST_PATH, LAST_PATH + "\n    - { from: lte, to: relays, delay: { propagation: 3 ms } }")],
     ("lte", "there is a path between 'lte' and 'relays' already; a pair has one, which holds both ways")),
    ("a path from a server to a technology", TRAIN, [("{ from: lte,  to: time_pool,", "{ from: time_pool,  to: lte,")],
     ("lte", "'to' is a server group; a technology stands in 'from', and the path holds both ways")),
    ("a path of no length", TRAIN, [("propagation: 2 ms", "propagation: 0 ms")],
     ("0 ms", "'propagation' must be between 1 ns and 100 s, got '0 ms'")),
    ("a path over an unknown router", TRAIN, [("{ from: lte,  to: relays,", "{ from: lte, over: [a, b], to: relays,")],
     ("a, b], to: r", "there is no router 'a'"),
     ("b], to: rela", "there is no router 'b'")),
    ("an interface without path", TRAIN, [(INTERFACES, "interfaces: [wifi, lte, nr]")],
     ("riders", "no path from nr to 'relays', which the app needs; add one to network.paths, or leave nr out of its interfaces"),
     ("riders", "no path from nr to 'time_pool', which the clock needs; add one to network.paths, or leave nr out of its interfaces")),
    ("no network as an interface", TRAIN, [(INTERFACES, "interfaces: [none]")],
     ("none", "'interfaces[0]' must be wifi, lte, nr or umts, got 'none'")),
    ("an interface twice", TRAIN, [(INTERFACES, "interfaces: [wifi, wifi, lte]")],
     ("wifi", "wifi is listed twice; they stand in order of preference")),
    ("no interface", TRAIN, [(INTERFACES, "interfaces: []")],
     ("[]", "a device has one interface at least; absence is written as mobility")),
    ("an unknown technology", TRAIN, [(INTERFACES, "interfaces: [wifi, 4g]")],
     ("4g", "'interfaces[1]' must be wifi, lte, nr or umts, got '4g'")),
    ("a cell of Wi-Fi", TRAIN, [("A: { technology: lte", "A: { technology: wifi")],
     ("wifi", "a cell is lte, nr or umts; what has wifi stands under network.access_points")),
    ("an access point of LTE", TRAIN, [("central: { technology: wifi", "central: { technology: lte")],
     ("lte", "an access point has wifi; what is cellular stands under network.cells")),
    ("a misspelt technology of handover", TRAIN, [("    lte:  { event", "    lt:  { event")],
     ("lt", "'lt' is no key of network.handover; did you mean 'lte'?")),
    ("a train without stops", TRAIN, [(STOPS, "stops: []")],
     ("train_0730", "a ride without stops")),
    # people
    ("conversations with nobody", TRAIN, [("conversations: { count: 800,", "conversations: { count: 800, with: [friends],")],
     ("friends", "there is no other population of devices 'friends'")),
    ("writing that ends before it begins", TRAIN, [("until: 43 min", "from: 44 min, until: 43 min")],
     ("43 min", "'until' is before 'from' (2640 s): nobody ever writes")),
    ("a day of three hours", TRAIN, [("until: 43 min", "until: 43 min, profile: [1, 2, 3]")],
     ("[1, 2, 3]", "'profile' has a factor for each hour of the day, 24 from midnight UTC (none: a constant rate), not 3")),
    ("writing that begins after the run", TRAIN, [("until: 43 min", "from: 50 min")],
     ("50 min", "'from' is not before the end of the run (2700 s): nobody ever writes")),
    # timeline
    ("an unknown fault", TRAIN, [("fault: node_down", "fault: nodedown")],
     ("nodedown", "'fault' must be node_down, link_down, cell_degrade, cell_down, packet_loss, capacity_factor, clock_step, app_restart, suspend, reboot, battery_pull or user_sets_clock, got 'nodedown'; did you mean 'node_down'?")),
    ("a target that matches nothing", TRAIN, [("\"servers.relays[1]\"", "\"servers.relay[1]\"")],
     ("\"servers.relay[1]\"", "'servers.relay[1]' matches nothing; did you mean 'relays'?")),
    ("a target with a number beyond", TRAIN, [("\"servers.relays[1]\"", "\"servers.relays[7]\"")],
     ("\"servers.relays[7]\"", "'servers.relays[7]' matches nothing: 'relays' has 3 nodes, numbered from 0")),
    ("a target with an open bracket", TRAIN, [("\"servers.relays[1]\"", "\"servers.relays[1\"")],
     ("[1\", for: $o", "'target': 'servers.relays[1' has a '[' without ']'")),
    ("a target in a flow map without quotes", TRAIN, [("\"servers.relays[1]\"", "servers.relays[1]")],
     ("[1], for: $o", "a text with '[' needs quotes inside of '{'")),
    ("a target far from all", TRAIN, [("target: network.cells.B", "target: network.cells.D")],
     ("network.cells.D", "'network.cells.D' matches nothing; there is A, B or C")),
    ("a target of the wrong kind", TRAIN, [("target: network.cells.B", "target: servers.relays")],
     ("servers.relays", "cell_degrade cannot hit 'servers.relays'; target a cell or access point; set: { downlink, uplink }")),
    ("a fault without length", TRAIN, [(" for: 6 min }", " }")],
     ("network.cells.B", "'for' is missing: how long it lasts")),
    ("a fault of negative length", TRAIN, [("for: 6 min", "for: -6 min")],
     ("-6 min", "'for' must be between 0 s and 3200000000 s, got '-6 min'")),
    ("a fault after the end of the run", TRAIN, [("at: 9 min, ", "at: 90 min, ")],
     ("90 min", "it begins when the run is over (2700 s) and never happens")),
    ("a negative factor", TRAIN, [(DEGRADED, FACTOR.replace(RATES, "set: { factor: -1 }"))],
     ("-1", "'factor' must be between 0 and 1000, got '-1'")),
    ("a factor left out", TRAIN, [(DEGRADED, FACTOR.replace(", " + RATES, ""))],
     ("network.cells.B", "a capacity_factor needs 'set': { factor: ... }")),
    ("what is set for another fault", TRAIN, [(RATES, "set: { loss: 3 % }")],
     ("loss", "'loss' means nothing to a cell_degrade; it takes downlink or uplink")),
    ("a misspelt rate", TRAIN, [(RATES, "set: { donwlink: 36 Mbit/s }")],
     ("donwlink", "'donwlink' is no key of timeline[0].set; did you mean 'downlink'?")),
    ("a key of another fault", TRAIN, [("for: $outage, restart", "for: $outage, by: 3 s, restart")],
     ("by", "'by' means nothing to a node_down; it takes for or restart")),
    ("a clock step without size", TRAIN, [("by: 3 s, ", "")],
     ("\"servers.time_pool[0]\"", "a clock_step needs 'by': how far the clock is put forward")),
    ("two faults of one name", TRAIN, [("name: relay 1 down", "name: cell B degraded")],
     ("cell B degraded", "the name 'cell B degraded' is taken")),
    # outputs, expectations
    ("nothing to sample", TRAIN, [("relays.queue_depth,", "relays.queue_dept,")],
     ("relays.queue_dept", "nothing to sample is called 'relays.queue_dept'; did you mean 'relays.queue_depth'?")),
    ("sampled twice", TRAIN, [("relays.queue_depth,", "relays.queue_depth, servers.relays.queue_depth,")],
     ("servers.relays.queue_depth", "'servers.relays.queue_depth' is in the list already, or is called alike in the result: 'relays_queue_depth'")),
    ("an unknown kind of event", TRAIN, [("events: [handover,", "events: [handovers,")],
     ("handovers", "no such kind of event: 'handovers'; did you mean 'handover'?")),
    ("events listed twice", TRAIN, [("events: [handover,", "events: [handover, handover,")],
     ("handover", "'handover' is listed twice")),
    ("an unknown metric", TRAIN, [("metric: messages.undelivered_at_end", "metric: messages.undelivered")],
     ("messages.undelivered", "there is no metric 'messages.undelivered'; did you mean 'messages.undelivered_at_end'?")),
    ("a metric of nobody", TRAIN, [("metric: relays.queue_depth.max", "metric: relay.queue_depth.max")],
     ("relay.queue_depth.max", "there is no metric 'relay.queue_depth.max'; did you mean 'relays.queue_depth.max'?")),
    ("a limit with a unit", TRAIN, [("is: \"< 500\"", "is: \"< 500 ms\"")],
     ("\"< 500 ms\"", "the limit of 'relays.queue_depth.max' must be a bare number, got '< 500 ms'")),
    ("a limit of another dimension", QUEUE, [("is: == theory.wait_mean +- 8 %", "is: == 10 req/s +- 8 %")],
     ("== 10 req/s +- 8 %", "the limit of 'desk.wait.mean' must be a duration (ms, s, min), got '== 10 req/s +- 8 %'")),
    ("a limit turned round", TRAIN, [("is: \"< 500\"", "is: \"=< 500\"")],
     ("\"=< 500\"", "'is': '=< 500' is written with '<='")),
    ("a limit too large", TRAIN, [("is: \"< 500\"", "is: \"< 1e400\"")],
     ("1e400\", seve", "'is': '< 1e400' has a number that is too large")),
    ("a limit as a range", TRAIN, [("is: \"< 500\"", "is: [0, 500]")],
     ("[0, 500], se", "'is' must be a limit (\">= 6\", \"< 500 ms\", \"41 s +- 15 %\"), got a list")),
    ("an empty limit", TRAIN, [("is: \"< 500\"", "is: \"\"")],
     ("\"\"", "'is': '' has nothing to compare with")),
    ("a limit with a metric of another dimension", QUEUE, [("theory.wait_mean", "theory.queue_mean")],
     ("== theory.queue_mean +- 8 %", "the limit of 'desk.wait.mean' must be a duration (ms, s, min), got '== theory.queue_mean +- 8 %'")),
    ("a tolerance without unit", QUEUE, [("theory.wait_mean +- 8 %", "theory.wait_mean +- 8")],
     ("== theory.wait_mean +- 8", "the tolerance of 'desk.wait.mean', if not in %, must be a duration (ms, s, min), got '== theory.wait_mean +- 8'")),
    ("an unknown metric as the limit", QUEUE, [("theory.wait_mean", "theory.waiting_mean")],
     ("== theory.waiting_mean +- 8 %", "there is no metric 'theory.waiting_mean'; did you mean 'theory.wait_mean'?")),
    ("a window that ends before it begins", TRAIN, [("during: [25 min, 45 min]", "during: [45 min, 25 min]")],
     ("25 min", "'during' ends before it begins")),
    ("a window beyond the run", TRAIN, [("during: [25 min, 45 min]", "during: [50 min, 60 min]")],
     ("60 min", "the window lies beyond the end of the run (2700 s): never judged")),
    ("a misspelt severity", TRAIN, [("severity: warning", "severity: warn")],
     ("warn", "'severity' must be error or warning, got 'warn'; did you mean 'warning'?")),
    ("a law of waiting left out", QUEUE, [("    station: desk\n", "    station: desk\n    retry: { retries: 3, backoff: law }\n")],
     ("law", "law needs 'wait_law', the law of the wait")),
    ("a capacity factor on a relay", TRAIN, [(DEGRADED, FACTOR.replace("network.cells.B", "servers.relays").replace(RATES, "set: { factor: 0.5 }"))],
     ("servers.relays", "capacity_factor cannot hit 'relays': of servers, only stations have a pace to change")),
    ("a station without pace", QUEUE, [("outputs:", "timeline:\n  - { name: stop, at: 2 min, fault: capacity_factor, target: desk, set: { factor: 0 }, for: 1 min }\noutputs:")],
     ("desk", "a station's pace cannot be 0; a node_down stops it")),
    ("a limit in ppm where seconds are wanted", QUEUE, [("is: == theory.wait_mean +- 8 %", "is: < 5 ppm"), ("seed:", "sead:")],
     ("sead", "'sead' is no key of a scenario; did you mean 'seed'?"),
     ("< 5 ppm", "the limit of 'desk.wait.mean' must be a duration (ms, s, min), got '< 5 ppm'")),
    ("a metric of a node beyond", TRAIN, [("metric: relays.queue_depth.max", "metric: \"relays[7].queue_depth.max\"")],
     ("\"relays[7].queue_depth.max\"", "there is no metric 'relays[7].queue_depth.max': 'relays' has 3 nodes, numbered from 0")),
    # what of a target chooses nothing
    ("a target with a negative number", TRAIN, [("\"servers.relays[1]\"", "\"servers.relays[-1]\"")],
     ("[-1]", "'[-1]' means nothing in 'servers.relays[-1]': 'relays' has 3 nodes, numbered from 0, as relays[0]")),
    ("a target with a range", TRAIN, [("\"servers.relays[1]\"", "\"servers.relays[0..1]\"")],
     ("[0..1]", "'[0..1]' means nothing in 'servers.relays[0..1]': 'relays' has 3 nodes, numbered from 0, as relays[0]")),
    ("a target with a number behind a dot", TRAIN, [("\"servers.relays[1]\"", "relays.1")],
     ("1, for", "'1' means nothing in 'relays.1': 'relays' has 3 nodes, numbered from 0, as relays[0]")),
    ("a target with two numbers", TRAIN, [("\"servers.relays[1]\"", "\"relays[1][0]\"")],
     ("[0]", "'[0]' means nothing in 'relays[1][0]': a node is hit as a whole")),
    ("nodes by attribute", TRAIN, [("\"servers.relays[1]\"", "\"relays[app=v7.3.1]\"")],
     ("[app=v7.3.1]", "'[app=v7.3.1]' means nothing in 'relays[app=v7.3.1]': 'relays' has 3 nodes, numbered from 0, as relays[0]")),
    ("a part of a cell", TRAIN, [("target: network.cells.B", "target: network.cells.B.downlink")],
     ("downlink", "'downlink' means nothing in 'network.cells.B.downlink': 'B' is hit as a whole")),
    ("a cell by number", TRAIN, [("target: network.cells.B", "target: \"cells.B[0]\"")],
     ("[0]", "'[0]' means nothing in 'cells.B[0]': 'B' is hit as a whole")),
    ("a path by two numbers", TRAIN, [(DEGRADED, "fault: packet_loss, target: \"paths[0][1]\", set: { loss: 5 % }")],
     ("[1]", "'[1]' means nothing in 'paths[0][1]': a path is hit as a whole")),
    ("a device behind a dot", TRAIN, [(DEGRADED, "fault: app_restart, target: riders.3"), (", for: 6 min }", " }")],
     ("3 }", "'3' means nothing in 'riders.3': devices are chosen by number, as [3], or by app, clock or mobility, as [app=NAME]")),
    ("a device with two numbers", TRAIN, [(DEGRADED, "fault: app_restart, target: \"riders[3][4]\""), (", for: 6 min }", " }")],
     ("[4]", "'[4]' means nothing in 'riders[3][4]': a device has one number")),
    ("devices of two versions", TRAIN, [(DEGRADED, "fault: app_restart, target: \"riders[app=v7.2.9, app=v7.3.1]\""), (", for: 6 min }", " }")],
     ("\"riders[app=v7.2.9, app=v7.3.1]\"", "'riders[app=v7.2.9, app=v7.3.1]' matches nothing: a device has one app, not 'v7.2.9' and 'v7.3.1'")),
    ("devices of a version that none has", TRAIN, [(DEGRADED, "fault: app_restart, target: \"riders[app=v7.3.1]\""), (", for: 6 min }", " }"),
                                                   ("default: 12 %", "default: 0 %")],
     ("\"riders[app=v7.3.1]\"", "'riders[app=v7.3.1]' matches nothing: seed 4211 draws none of the 2000 devices of 'riders' with app 'v7.3.1'")),
    ("devices where there are none", TRAIN, [(DEGRADED, "fault: app_restart, target: riders"), (", for: 6 min }", " }"), ("count: 2000", "count: 0")],
     ("riders", "'riders' matches nothing: 'riders' has no devices")),
    # what contradicts itself
    ("a stop that departs before the train has come", TRAIN, [("dwell: 40 s", "depart: 7 min")],
     ("{ at: 5.1 km", "stop 1 of a ride departs before it has come")),
    ("a stop with two times to leave", TRAIN, [("dwell: 40 s", "dwell: 40 s, depart: 20 min"), ("seed: 4211", "seed: x")],
     ("x", "'seed' must be a bare number, got 'x'"),
     ("{ at: 5.1 km", "stop 1 of a ride has both 'depart' and 'dwell'; either says when it leaves")),
    ("a gap for another process", QUEUE, [("process: poisson,", "process: poisson, gap: 1 s,")],
     ("1 s", "'gap' means nothing to process poisson; it goes with renewal")),
    ("a law of waiting for another backoff", QUEUE,
     [("    station: desk\n", "    station: desk\n    retry: { retries: 3, backoff: fixed, wait_law: 3 s }\n")],
     ("3 s", "'wait_law' means nothing to backoff fixed; it goes with law")),
    ("an oscillator out of all bounds", TRAIN, [("sd: $drift_sd, clip: [-60 ppm, 60 ppm]", "sd: 10 %"), ("drift_sd:     {", "drift_sd:     { unused: ok,")],
     ("{ mean: 1 ppm", "'frequency_error' can be below -100000000 ppb; cut it with 'clip: [LEAST, GREATEST]'")),
    # what would only follow from another fault
    ("an app as a list", TRAIN, [("app: { weighted: { v7.2.9: rest, v7.3.1: $quirky_share } }", "app: [v7.2.9, v7.3.1]"),
                                 ("quirky_share: {", "quirky_share: { unused: ok,")],
     ("[v7.2.9, v7.", "'app' must be a name or { weighted: { NAME: 30 %, OTHER: rest } }, got a list")),
    ("an app without its word", TRAIN, [("app: { weighted: { v7.2.9: rest, v7.3.1: $quirky_share } }", "app: { v7.2.9: rest, v7.3.1: $quirky_share }")],
     ("{ v7.2.9: re", "'app' must be a name or { weighted: { NAME: 30 %, OTHER: rest } }, got a map")),
    ("no app at all", TRAIN, [("app: { weighted: { v7.2.9: rest, v7.3.1: $quirky_share } }", "app: { weighted: {} }"),
                              ("quirky_share: {", "quirky_share: { unused: ok,")],
     ("{} }", "'weighted' must be a map of names to shares, got a map")),
    ("a path with a wrong end", TRAIN, [("{ from: lte,  to: relays,", "{ from: lte,  to: relay,")],
     ("relay", "there is no server group 'relay'; did you mean 'relays'?")),
    ("a parameter given twice", TRAIN, [("  " + OUTAGE, "  " + OUTAGE + "\n  outage: { default: 3 min, range: [0 s, 15 min] }")],
     ("outage", "duplicate key 'outage'")),
    # what would never leave an instant
    ("arrivals without a gap", QUEUE, [("process: poisson, rate: $load", "process: renewal, gap: 0 s"), ("  load:    {", "  load:    { unused: ok,")],
     ("0 s", "'gap' is always 0 s, so that arrivals would never leave one instant; write a gap, or a 'count' below 1e12")),
    ("breakdowns that take no time", QUEUE, [("kind: station, ", "kind: station, up_time: 0 s, down_time: 0 s, ")],
     ("0 s", "'up_time' and 'down_time' are both always 0 s: breakdowns and repairs would never leave one instant")),
    ("retries for ever at a station that is down", QUEUE,
     [("kind: station, ", "kind: station, when_down: refuse, "),
      ("    station: desk\n", "    station: desk\n    retry: { timeout: 1 s, retries: 4294967295, backoff: none }\n"),
      ("outputs:", "timeline:\n  - { name: down, at: 2 min, fault: node_down, target: desk, for: 5 s }\noutputs:")],
     ("4294967295", "retries without a wait, and 'desk' can fail them at once (it is down at times and then refuses): a request would be "
                    "repeated for ever at one instant; let 'backoff' wait, or allow fewer than 1,000,000 retries")),
    ("retries for ever at a full line", QUEUE,
     [("kind: station, ", "kind: station, queue_limit: 0, "),
      ("    station: desk\n", "    station: desk\n    retry: { retries: 4294967295, backoff: fixed, wait: 0 s }\n")],
     ("4294967295", "retries without a wait, and 'desk' can fail them at once (it refuses when its line is full): a request would be "
                    "repeated for ever at one instant; let 'backoff' wait, or allow fewer than 1,000,000 retries")),
    ("thinking that takes no time", QUEUE,
     [("kind: customers", "kind: finite_customers\n    count: 20"), ("arrivals: { process: poisson, rate: $load }", "think_time: 0 s"),
      ("  load:    {", "  load:    { unused: ok,"), ("kind: station, ", "kind: station, queue_limit: 3, ")],
     ("0 s", "'think_time' is always 0 s, and 'desk' can answer at once (it refuses when its line is full): a member would ask for ever at "
             "one instant; let one of them take time")),
    # syntax
    ("a tab", TRAIN, [("    count: 2000", "\tcount: 2000")],
     ("\tcount: 2000", "a tab cannot indent; use spaces")),
    ("a wrong indent", TRAIN, [("    count: 2000", "   count: 2000")],
     (": train_0730", "a ':' that begins a map is not possible here (wrong indentation, or a text with ': ' that needs quotes?)")),
    ("a quote never closed", TRAIN, [("title: Peak", "title: \"Peak")],
     ("\"Peak train,", "this quote is never closed")),
    ("a brace never closed", TRAIN, [("jitter: full }", "jitter: full")],
     ("{ backoff: e", "this '{' is never closed, or a ',' is missing before it is")),
    ("a bracket never closed", TRAIN, [(INTERFACES, "interfaces: [wifi, lte")],
     ("[wifi, lte", "this '[' is never closed, or a ',' is missing before it is")),
    ("a colon in a text", TRAIN, [("title: Peak train", "title: Peak train: early")],
     (": early, 2,0", "a ':' that begins a map is not possible here (wrong indentation, or a text with ': ' that needs quotes?)")),
    ("a colon left out", TRAIN, [("seed: 4211", "seed 4211")],
     ("seed 4211", "this line has no ':'; a map's lines are KEY: VALUE")),
    ("a colon without space", TRAIN, [("seed: 4211", "seed:4211")],
     (":4211", "a space is missing after this ':'")),
    ("a merge key", TRAIN, [("    extends: v7.2.9\n", "    <<: *v729\n"), ("  v7.2.9:\n", "  v7.2.9: &v729\n")],
     ("<<", "merge keys ('<<') are not part of the language; use 'extends: NAME'")),
]
WARNINGS = {"writing that begins after the run", "a fault after the end of the run", "a window beyond the run"}
TOGETHER = {"a misspelt key that is required", "a wrong unit", "an unknown clock", "a target with a number beyond", "a negative factor",
            "nothing to sample", "two paths for a pair", "a limit turned round", "an expression"}


def changed(scenario, edits):
    text = (LIBRARY / scenario).read_text()
    for old, new in edits:
        assert text.count(old) >= 1, f"{scenario} has no {old!r}"
        text = text.replace(old, new, 1)
    return text


def pointed_at(text, complaint):
    """The text under the caret; the whole line from there when only the caret stands."""
    if complaint["line"] is None:
        return ""
    rest = text.split("\n")[complaint["line"] - 1][complaint["column"] - 1:]
    return rest[:complaint["length"]] if complaint["length"] > 1 else rest


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="check-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(LIBRARY / "data", self.folder / "data")

    def check(self, *arguments, code):
        done = subprocess.run([DRIFTSTORM, "check", *arguments], cwd=self.folder, capture_output=True, timeout=20)
        done.out, done.err = (stream.decode("utf-8") for stream in (done.stdout, done.stderr))
        self.assertEqual(done.returncode, code, done.out + done.err)
        return done


class BrokenScenarios(Check):
    def told_of(self, scenario, edits):
        text = changed(scenario, edits)
        (self.folder / "s.yaml").write_text(text)
        done = subprocess.run([DRIFTSTORM, "check", "--json", "s.yaml"], cwd=self.folder, capture_output=True,
                              text=True, timeout=20)
        document = json.loads(done.stdout)[0]
        self.assertEqual(done.returncode, 0 if document["valid"] else 3)
        return text, document["complaints"]

    def test_every_fault_gets_its_complaint(self):
        self.assertGreaterEqual(len(CASES), 100)
        for name, scenario, edits, *expected in CASES:
            with self.subTest(name):
                text, complaints = self.told_of(scenario, edits)
                told = [(pointed_at(text, complaint), complaint["message"]) for complaint in complaints]
                self.assertEqual(len(told), len(expected), told)
                for (place, message), (at, says) in zip(told, expected):
                    self.assertTrue(place.startswith(at) and at, f"points at {place!r}, not at {at!r}: {message}")
                    self.assertEqual(message, says)
                kinds = {complaint["severity"] for complaint in complaints}
                self.assertEqual(kinds, {"warning"} if name in WARNINGS else {"error"})

    def test_a_person_reads_place_excerpt_and_number(self):
        (self.folder / "s.yaml").write_text(changed(TRAIN, [("count: 2000", "count: 2000 devices")]))
        told = self.check("s.yaml", code=3).err
        self.assertRegex(told, r"^s\.yaml:\d+:12: error: 'count' must be a bare number, got '2000 devices'")
        self.assertRegex(told, r"\n +\d+ \|     count: 2000 devices\n +\|            \^~{11}\n")
        self.assertIn("\n  note: populations.riders.count\n", told)
        self.assertTrue(told.endswith("s.yaml: 1 error\n"), told)

    def test_all_faults_at_once(self):
        edits = [edit for name, scenario, of_case, *_ in CASES for edit in of_case if name in TOGETHER]
        text, complaints = self.told_of(TRAIN, edits)
        told = [(pointed_at(text, complaint), complaint["message"]) for complaint in complaints]
        for name, scenario, of_case, *expected in CASES:
            if name in TOGETHER:
                for at, says in expected:
                    self.assertIn((True, says), [(place.startswith(at), message) for place, message in told])
        self.assertEqual(len(told), len(TOGETHER))

    def test_what_is_run_is_checked(self):
        (self.folder / "s.yaml").write_text(changed(TRAIN, [("count: 2000", "cuont: 2000")]))
        done = subprocess.run([DRIFTSTORM, "run", "s.yaml"], cwd=self.folder, capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 3)
        self.assertIn("did you mean 'count'?", done.stderr)
        self.assertEqual(list(self.folder.glob("*.h5*")), [])


class BrokenFiles(Check):
    """Files that are no scenario at all."""

    def one_error(self, content, says, at=None):
        (self.folder / "s.yaml").write_bytes(content)
        told = self.check("s.yaml", code=3).err
        self.assertEqual(len(re.findall(r": error: ", told)), 1, told)
        self.assertIn(says, told)
        if at:
            self.assertTrue(told.startswith(f"s.yaml:{at}: error: "), told)

    def test_texts(self):
        head = b"schema: scenario/1\nduration: 1 s\n"
        self.one_error(b"", "the file is empty; its first line is 'schema: scenario/1'", "1:1")
        self.one_error(b"# nothing but this\n", "the file is empty", "1:1")
        self.one_error(b"- a\n- b\n", "a scenario is a map of sections, got a list", "1:1")
        self.one_error(b"<!DOCTYPE html><html></html>\n", "a scenario is a map of sections", "1:1")
        self.one_error(head.decode().encode("utf-16"), "the file is UTF-16; save it as UTF-8", "1:1")
        self.one_error(b"schema: scenario/1\ntitle: caf\xe9\nduration: 1 s\n", "this byte is not valid UTF-8", "2:11")
        self.one_error(head + b"seed: 1\0\n", "control characters are not allowed", "3:8")
        self.one_error(head + b"---\n" + head, "a second document begins here", "3:1")
        self.one_error(head + b"x: " + b"[" * 5000 + b"]" * 5000, "nested deeper than 64 levels")
        self.one_error(head + b"x: " + b"{a: " * 5000 + b"1" + b"}" * 5000, "nested deeper than 64 levels")
        self.one_error(head + b"seed: !!int 3\n", "YAML tags ('tag:yaml.org,2002:int') are not part of the language")
        bomb = b"x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in range(10):
            bomb += b"x-%c: &%c [%s]\n" % (98 + level, 98 + level, b", ".join([b"*%c" % (97 + level)] * 10))
        self.one_error(head + bomb, "more than 2,000,000 values")

    def test_what_is_no_text(self):
        (self.folder / "s.yaml").write_bytes(pathlib.Path(DRIFTSTORM).read_bytes()[:100000])
        told = self.check("s.yaml", code=3).err
        self.assertLessEqual(told.count(": error: "), 3)  # not one for each byte
        self.assertIn("control characters are not allowed", told)

    def test_what_cannot_be_read(self):
        told = self.check("none.yaml", code=3).err
        self.assertTrue(told.startswith("none.yaml: error: cannot read 'none.yaml': No such file or directory\n"), told)
        of_it = json.loads(self.check("--json", "none.yaml", code=3).out)[0]["complaints"][0]
        self.assertEqual((of_it["file"], of_it["line"], of_it["column"]), ("none.yaml", None, None))
        with open(self.folder / "huge.yaml", "wb") as huge:
            huge.truncate(65 << 20)
        self.assertIn("huge.yaml:1:1: error: the file is larger than 16 MiB", self.check("huge.yaml", code=3).err)
        self.assertIn("cannot read 'data': is a folder", self.check("data", code=3).err)
        os.mkfifo(self.folder / "pipe.yaml")
        self.assertIn("cannot read 'pipe.yaml': is a named pipe", self.check("pipe.yaml", code=3).err)
        (self.folder / "loop.yaml").symlink_to("loop.yaml")
        self.assertIn("cannot read 'loop.yaml'", self.check("loop.yaml", code=3).err)
        (self.folder / "secret.yaml").write_text("schema: scenario/1\n")
        (self.folder / "secret.yaml").chmod(0)
        if os.geteuid() != 0:  # root reads it all the same
            self.assertIn("Permission denied", self.check("secret.yaml", code=3).err)

    def test_includes(self):
        head = "schema: scenario/1\nduration: 1 s\n"
        (self.folder / "a.yaml").write_text("include: [b.yaml]\n")
        (self.folder / "b.yaml").write_text("include: [a.yaml]\n")
        (self.folder / "s.yaml").write_text(head + "include: [a.yaml]\n")
        told = self.check("s.yaml", code=3).err
        self.assertIn("b.yaml:1:11: error: 'include' goes round in a circle: a.yaml -> b.yaml -> a.yaml", told)
        self.assertEqual(told.count(": error: "), 1)
        (self.folder / "b.yaml").write_text("seed: much\n")
        told = self.check("s.yaml", code=3).err
        self.assertIn("b.yaml:1:7: error: 'seed' must be a bare number, got 'much'", told)
        self.assertIn("note: seed, included from a.yaml:1", told)

    def test_one_bad_file_does_not_hide_another(self):
        (self.folder / "good.yaml").write_text((LIBRARY / QUEUE).read_text())
        (self.folder / "bad.yaml").write_text("nonsense\n")
        done = self.check("bad.yaml", "good.yaml", code=3)
        self.assertIn("good.yaml: sound", done.out)
        self.assertIn("bad.yaml: 1 error", done.err)


class SoundScenarios(Check):
    def test_the_library_has_nothing_to_complain_of(self):
        for scenario in LIBRARY.glob("*.yaml"):
            shutil.copy(scenario, self.folder)
            done = self.check(scenario.name, code=0)
            self.assertEqual(done.err, "")

    def test_other_ways_to_write_the_same(self):
        text = (LIBRARY / QUEUE).read_text()
        (self.folder / "s.yaml").write_text(text)
        plain = self.check("--resolved", "s.yaml", code=0).out
        for form in (text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode(), text.encode() + b"x-note: mine\n",
                     text.replace("metric: desk.", "metric: servers.desk.").encode(), text.encode() + b"..."):
            (self.folder / "s.yaml").write_bytes(form)
            done = self.check("--resolved", "s.yaml", code=0)
            self.assertEqual(done.out.replace("servers.desk.", "desk."), plain)
            self.assertEqual(done.err, "")

    def test_an_appended_list_comes_after_the_default(self):
        text = changed(WALK, [("interfaces: [nr, lte]", "interfaces: { append: [nr] }"),
                              ("    - { from: lte,", "    - { from: umts, to: relay }\n    - { from: lte,")])
        (self.folder / "s.yaml").write_text(text)
        resolved = self.check("--resolved", "s.yaml", code=0).out
        walker = resolved[resolved.index("  walker:"):]
        self.assertRegex(walker, r"interfaces:\n +- wifi\n +- lte\n +- nr\n")

    def test_finite_customers_and_the_pace_of_a_station(self):
        text = changed(QUEUE, [("kind: customers", "kind: finite_customers\n    count: 20"),
                               ("arrivals: { process: poisson, rate: $load }", "think_time: { exponential: { mean: 1 s } }"),
                               ("  load:    {", "  load:    { unused: ok,"),
                               ("outputs:", "timeline:\n  - { name: slow, at: 2 min, fault: capacity_factor, target: desk, "
                                            "set: { factor: 0.5 }, for: 1 min }\noutputs:")])
        (self.folder / "s.yaml").write_text(text)
        self.assertEqual(self.check("s.yaml", code=0).err, "")

    def test_what_takes_no_time_but_ends_is_let_pass(self):
        retry = lambda words: ("    station: desk\n", "    station: desk\n    retry: { " + words + " }\n")
        refusing = ("kind: station, ", "kind: station, queue_limit: 0, ")
        down = "timeline:\n  - { name: down, at: 2 min, fault: node_down, target: desk, for: %s }\noutputs:"
        for edits in ([("process: poisson, rate: $load", "process: renewal, gap: 0 s, count: 100"), ("  load:    {", "  load:    { unused: ok,")],
                      [refusing, retry("retries: 4294967295, backoff: fixed, wait: 1 ms")],
                      [refusing, retry("retries: 1000, backoff: none")],
                      [refusing, retry("retries: 4294967295, backoff: none, budget: 0.1")],
                      [("kind: station, ", "kind: station, when_down: refuse, "), retry("retries: 4294967295, backoff: none"),
                       ("outputs:", down % "0 s")],
                      [("kind: station, ", "kind: station, up_time: 1 min, down_time: 0 s, ")]):
            with self.subTest(edits):
                (self.folder / "s.yaml").write_text(changed(QUEUE, edits))
                self.assertEqual(self.check("s.yaml", code=0).err, "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
