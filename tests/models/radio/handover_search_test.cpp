#include "models/radio/handover_search.hpp"

#include "tests/models/radio/radio_world.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

/// Where on the line between equal sites at 0 and 4000 m the second is `gain` dB stronger.
double crossing_m(double gain_db) {
    double low = 2000, high = 3999;
    for (int i = 0; i < 100; ++i) {
        const double x = 0.5 * (low + high);
        const double own2 = x * x + 2500, other2 = (4000 - x) * (4000 - x) + 2500;
        (18.8 * std::log10(own2 / other2) < gain_db ? low : high) = x;
    }
    return low;
}

Cells two_cells(CellularParams lte, double shadowing = 0, double distance = 50,
                std::uint64_t seed = 1) {
    RadioRules rules = quiet_rules();
    rules.cellular[static_cast<std::size_t>(Technology::lte)] = lte;
    Cells cells(rules);
    for (const double at : {0.0, 4000.0}) {
        CellParams params = plain_cell(at);
        params.shadowing = shadowing;
        params.shadowing_distance = distance;
        cells.add(params, identity_of("cell at " + std::to_string(at)), no_index, no_index);
    }
    cells.prepare(seed, 0, 4000);
    return cells;
}

RadioView view_of(const Mobility& mobility) {
    RadioView view;
    view.mobility = &mobility;
    view.identity = 77;
    return view;
}

CellularParams a3(Duration time_to_trigger, double offset = 0, double hysteresis = 3) {
    CellularParams lte;
    lte.time_to_trigger = time_to_trigger;
    lte.offset = offset;
    lte.hysteresis = hysteresis;
    return lte;
}

struct Handover {
    Time at;
    Index to;
};
/// All handovers of one ride, each taking effect at once.
std::vector<Handover> handovers(const HandoverSearch& search, const RadioView& view,
                                Index serving) {
    std::vector<Handover> made;
    for (Time now{};;) {
        const NextChange next = search.next(view, serving, now);
        if (next.change == RadioChange::none) return made;
        if (next.change == RadioChange::handover) {
            serving = search.better(view, serving, next.at).front();
            made.push_back({next.at, serving});
        }
        now = next.at;
    }
}

}  // namespace

TEST_CASE(
    "event A3 triggers when the neighbour has been better by hysteresis and offset for the whole "
    "time") {
    for (const double margin : {1.0, 3.0, 5.5}) {
        for (const Duration ttt : {0_ms, 40_ms, 480_ms, 5120_ms}) {
            const Cells cells = two_cells(a3(ttt, margin - 1, 1));
            const HandoverSearch search(cells, 1, 10_ms, 0);
            const Mobility train = ride(0, 4000, 20);
            const std::vector<Handover> made = handovers(search, view_of(train), 0);
            REQUIRE(made.size() == 1);  // without shadowing there is no way back
            CHECK(made[0].to == 1);
            const double begun_s = crossing_m(margin) / 20;
            CHECK(made[0].at.seconds() >= begun_s + ttt.seconds());
            CHECK(made[0].at.seconds() <= begun_s + ttt.seconds() + 0.03);  // three measurements
        }
    }
}

TEST_CASE("a spell shorter than the time to trigger makes no handover") {
    const Cells cells = two_cells(a3(2560_ms));
    const HandoverSearch search(cells, 1, 10_ms, 0);
    const double begins = crossing_m(3);
    for (const double spell_s : {2.4, 2.7}) {
        Mobility::Params there_and_back;
        there_and_back.stops = {Stop{0, 0_s, {}}, Stop{begins + 20 * spell_s / 2, {}, 0_s},
                                Stop{0, {}, {}}};
        there_and_back.speed = 20;
        const Mobility train(there_and_back);
        const std::size_t expected = spell_s > 2.56 ? 2 : 0;  // there and, much later, back
        CHECK(handovers(search, view_of(train), 0).size() == expected);
    }
}

TEST_CASE("the measurement after a stop sees what changed, and a train that stands costs no look") {
    const Cells cells = two_cells(a3(40_ms));
    const HandoverSearch search(cells, 1, 10_ms, 0);
    const Mobility late = ride(0, 4000, 20, 1e6);
    const NextChange next = search.next(view_of(late), 0, Time{});
    CHECK(next.change == RadioChange::handover);
    CHECK(next.at.seconds() == doctest::Approx(1e6 + crossing_m(3) / 20 + 0.04).epsilon(1e-7));
    const Mobility still = Mobility::at(1000);
    CHECK(search.next(view_of(still), 0, Time{}).change == RadioChange::none);
}

TEST_CASE("ping-pong falls with time to trigger and offset") {
    // Parameter sets 1, 3 and 5 of TR 36.839; 8 dB shadowing over 25 m, 60 km/h, return within 1 s.
    struct Set {
        Duration time_to_trigger;
        double offset;
    };
    std::vector<double> share;
    for (const Set set : {Set{480_ms, 3}, Set{160_ms, 2}, Set{40_ms, -1}}) {
        double returns = 0, all = 0;
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            const Cells cells = two_cells(a3(set.time_to_trigger, set.offset, 0), 8, 25, seed);
            const HandoverSearch search(cells, seed, 40_ms, 0);
            const Mobility train = ride(200, 3800, 60 / 3.6);
            const std::vector<Handover> made = handovers(search, view_of(train), 0);
            for (std::size_t i = 1; i < made.size(); ++i) {
                returns += made[i].at - made[i - 1].at <= 1_s ? 1 : 0;
            }
            all += static_cast<double>(made.size());
        }
        share.push_back(returns / all);
    }
    CHECK(share[0] < 0.1);
    CHECK(share[1] > 2 * share[0] + 0.02);
    CHECK(share[2] > 2 * share[1]);
    CHECK(share[2] > 0.4);
}

TEST_CASE("a device's seat moves its handover, and nobody else's") {
    const Cells cells = two_cells(a3(40_ms));
    const HandoverSearch plain(cells, 1, 10_ms, 0), spread(cells, 1, 10_ms, 2);
    const Mobility train = ride(0, 4000, 20);
    const Time same = handovers(plain, view_of(train), 0).front().at;
    double sum = 0, squares = 0;
    const int n = 400;
    for (std::uint64_t device = 0; device < n; ++device) {
        RadioView view = view_of(train);
        view.identity = identity_of(3, device);
        const double shift_db = spread.signal_dbm(view, 1, same) - plain.signal_dbm(view, 1, same);
        sum += shift_db;
        squares += shift_db * shift_db;
    }
    CHECK(std::abs(sum / n) < 4 * 2 / std::sqrt(n));
    CHECK(std::sqrt(squares / n) == doctest::Approx(2).epsilon(0.15));
}
