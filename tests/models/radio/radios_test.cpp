#include "models/radio/radios.hpp"

#include "tests/models/radio/radio_world.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

Radios::Device on_lte(Index mobility) {
    Radios::Device device;
    device.mobility = mobility;
    device.interfaces = {Technology::lte, Technology::none, Technology::none, Technology::none};
    return device;
}
Radios::Device with_wifi(Index mobility) {
    Radios::Device device;
    device.mobility = mobility;
    return device;
}

AccessPointParams plain_point(double at_m) {
    AccessPointParams params;
    params.at = at_m;
    params.shadowing = 0;
    return params;
}

/// Two LTE cells at 0 and 4 km, and one rider from one to the other at 20 m/s.
std::unique_ptr<RadioWorld> two_cells_and_a_rider(CellParams cell = plain_cell(0)) {
    auto world = std::make_unique<RadioWorld>(quiet_rules(), quiet_params());
    cell.at = 0;
    world->add_cell(cell, "A");
    cell.at = 4000;
    world->add_cell(cell, "B");
    world->add_device(on_lte(world->radios.add_mobility(ride(0, 4000, 20))), "rider");
    world->start();
    return world;
}

}  // namespace

TEST_CASE("a handover keeps the address and interrupts packets for its time") {
    const auto world = two_cells_and_a_rider();
    world->kernel.run_until(at_s(300));
    REQUIRE(world->handovers.rows.size() == 2);
    CHECK(world->handovers.rows[0].row.kind == AttachKind::initial);
    CHECK(world->handovers.rows[0].at == Time{});
    const auto& handover = world->handovers.rows[1];
    CHECK(handover.row.kind == AttachKind::handover);
    CHECK(handover.row.interruption == 50_ms);
    CHECK(handover.row.address == 1);
    CHECK(world->radios.serving(0) == 1);
    CHECK(world->cells.attached(0) == 0);
    CHECK(world->cells.attached(1) == 1);
    REQUIRE(world->networks.size() == 1);  // only the first
    CHECK(world->networks[0].current == NetworkAddress{Technology::lte, 1});
    REQUIRE(world->attaches.size() == 2);
    CHECK(world->attaches[1].at == handover.at + 50_ms);
    CHECK(world->attaches[1].cell == 1);

    const auto again = two_cells_and_a_rider();
    again->talk(handover.at - 1_s, 0, 1);
    again->talk(handover.at - 1_ms, 0, 2);
    again->talk(handover.at + 10_ms, 0, 3);
    again->call(handover.at + 20_ms, 0, 4);
    again->talk(handover.at + 60_ms, 0, 5);
    again->kernel.run_until(at_s(300));
    REQUIRE(again->up.size() == 4);
    REQUIRE(again->down.size() == 1);
    const auto waited = [](const RadioWorld::Landed& landed) {
        return landed.packet.ledger.closed(landed.at)[Cause::radio_handover];
    };
    CHECK(waited(again->up[0]) == 200_ms);  // idle until then: promotion
    CHECK(waited(again->up[1]) == Duration{});
    CHECK(waited(again->up[2]) == 40_ms);
    CHECK(waited(again->down[0]) == 30_ms);
    CHECK(waited(again->up[3]) == Duration{});
    CHECK(again->drops.rows.empty());
}

TEST_CASE("packets that wait at a cell follow the device to the next, in order") {
    CellParams cell = plain_cell(0);
    cell.downlink = 8'000;  // a packet of 500 B takes half a second
    cell.uplink = 8'000;
    const auto probe = two_cells_and_a_rider(cell);
    probe->kernel.run_until(at_s(300));
    const Time handover = probe->handovers.rows[1].at;

    const auto world = two_cells_and_a_rider(cell);
    for (std::uint64_t i = 0; i < 6; ++i) {
        world->call(handover - 900_ms + 1_ms * static_cast<std::int64_t>(i), 0, i);
        world->talk(handover - 900_ms + 1_ms * static_cast<std::int64_t>(i), 0, 100 + i);
    }
    world->kernel.run_until(at_s(300));
    REQUIRE(world->down.size() == 6);
    REQUIRE(world->up.size() == 6);
    for (std::uint64_t i = 0; i < 6; ++i) {
        CHECK(world->up[i].packet.subject == 100 + i);
        CHECK(world->down[i].packet.subject == i);
        // promotion, and for those that still waited then, the handover
        CHECK(world->up[i].packet.ledger.closed(world->up[i].at)[Cause::radio_handover] ==
              200_ms - 1_ms * static_cast<std::int64_t>(i) + (i < 1 ? 0_ms : 50_ms));
    }
    CHECK(world->links.delivered(1) == 1);
    CHECK(world->links.delivered(3) == 5);
    CHECK(world->drops.rows.empty());
}

TEST_CASE("leaving Wi-Fi gives a new address, and what was sent to the old one is lost") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(500), "A");
    world.add_cell(plain_point(0), "home");
    world.add_device(with_wifi(world.radios.add_mobility(ride(0, 1000, 10, 5))), "rider");
    world.start();
    world.kernel.run_until(at_s(200));
    REQUIRE(world.networks.size() == 3);
    CHECK(world.networks[0].current == NetworkAddress{Technology::wifi, 1});
    const auto& lost = world.networks[1];
    CHECK_FALSE(lost.online);
    CHECK(lost.previous == NetworkAddress{Technology::wifi, 1});
    CHECK(lost.current == NetworkAddress{});
    CHECK(lost.at.seconds() == doctest::Approx(5 + 9).epsilon(0.01));  // the range is 90 m
    const auto& found = world.networks[2];
    CHECK(found.online);
    CHECK(found.current == NetworkAddress{Technology::lte, 2});
    CHECK(found.at - lost.at == 250_ms);  // interruption and promotion
    CHECK(world.rows_of(AttachKind::leave) == 1);

    world.act(at_s(201), [&](Context& context) {
        Packet packet = world.packet(0, 1, Direction::down);
        packet.address = {Technology::wifi, 1};
        context.send(Duration{}, world.devices[0], PacketArrives{}, packet);
        packet.direction = Direction::up;
        world.radios.up(context, 0, packet);
    });
    world.kernel.run_until(at_s(210));
    REQUIRE(world.drops.rows.size() == 2);
    CHECK(world.drops.rows[0].row.reason == DropReason::old_address);
    CHECK(world.drops.rows[1].row.reason == DropReason::old_address);
    CHECK(world.up.empty());
}

TEST_CASE("an access point is joined in the background: the old network serves until then") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(500), "A");
    world.add_cell(plain_point(1000), "work");
    world.add_device(with_wifi(world.radios.add_mobility(ride(0, 1000, 10))), "rider");
    world.start();
    world.kernel.run_until(at_s(300));
    REQUIRE(world.networks.size() == 2);
    CHECK(world.networks[1].previous == NetworkAddress{Technology::lte, 1});
    CHECK(world.networks[1].current == NetworkAddress{Technology::wifi, 2});
    CHECK(world.networks[1].online);
    CHECK(world.rows_of(AttachKind::join) == 1);
    // -70 dBm is 12 dB above the edge: at 90 m / 10^(12/30) = 35.8 m, 1.5 s before it is done.
    const double expected_s = (1000 - std::sqrt(35.9 * 35.9 - 25)) / 10 + 1.5;
    CHECK(world.networks[1].at.seconds() == doctest::Approx(expected_s).epsilon(0.002));
}

TEST_CASE(
    "an idle radio is promoted for the first packet, up or down, and stays connected a while") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(0), "A");
    world.add_device(on_lte(world.radios.add_mobility(Mobility::at(500))), "desk");
    world.start();
    world.talk(at_s(20), 0, 1);
    world.talk(at_s(20.1), 0, 2);
    world.talk(at_s(25), 0, 3);
    world.talk(at_s(36.5), 0, 4);
    world.call(at_s(60), 0, 5);
    world.kernel.run_until(at_s(100));
    REQUIRE(world.up.size() == 4);
    REQUIRE(world.down.size() == 1);
    const auto waited = [](const RadioWorld::Landed& landed) {
        return landed.packet.ledger.closed(landed.at)[Cause::radio_handover];
    };
    CHECK(waited(world.up[0]) == 200_ms);
    CHECK(waited(world.up[1]) == 100_ms);
    CHECK(waited(world.up[2]) == Duration{});
    CHECK(waited(world.up[3]) == Duration{});
    CHECK(waited(world.down[0]) == 200_ms);
}

TEST_CASE("a full cell refuses, the next best serves, and room is looked for again") {
    RadioWorld world(quiet_rules(), quiet_params());
    CellParams near = plain_cell(0);
    near.attach_limit = 1;
    world.add_cell(near, "near");
    CellParams far = plain_cell(1500);
    far.attach_limit = 1;
    world.add_cell(far, "far");
    const Index place = world.radios.add_mobility(Mobility::at(100));
    world.add_device(on_lte(world.radios.add_mobility(ride(100, 60'000, 30, 100))), "leaves");
    world.add_device(on_lte(place), "second");
    world.add_device(on_lte(place), "third");
    world.start();
    world.kernel.run_until(at_s(50));
    CHECK(world.radios.serving(0) == 0);
    CHECK(world.radios.serving(1) == 1);
    CHECK(world.radios.serving(2) == no_index);
    CHECK_FALSE(world.radios.online(2));
    CHECK(world.rows_of(AttachKind::rejected) > 0);
    world.kernel.run_until(at_s(2000));
    CHECK(world.radios.serving(0) == no_index);  // gone beyond all coverage
    CHECK(world.radios.online(2));
    CHECK(world.cells.attached(0) == 1);
    CHECK(world.cells.attached(1) == 1);
}

TEST_CASE("out of coverage there is no network; when it comes back the address is the same") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(0), "A");
    Mobility::Params there_and_back;
    there_and_back.stops = {Stop{0, 0_s, {}}, Stop{8000, {}, 10_s}, Stop{0, {}, {}}};
    there_and_back.speed = 20;
    world.add_device(on_lte(world.radios.add_mobility(Mobility(there_and_back))), "rider");
    world.start();
    world.talk(at_s(400), 0, 1);
    world.call(at_s(400), 0, 2);
    world.kernel.run_until(at_s(900));
    REQUIRE(world.networks.size() == 3);
    CHECK_FALSE(world.networks[1].online);
    CHECK(world.networks[2].current == NetworkAddress{Technology::lte, 1});
    REQUIRE(world.rows_of(AttachKind::lost) == 1);
    REQUIRE(world.rows_of(AttachKind::found) == 1);
    // -128 dBm is 10 dB below the edge at 3 km; and one second more until the link has failed
    const double lost_s = 3000 * std::pow(10, 10 / 37.6) / 20 + 1;
    CHECK(world.networks[1].at.seconds() == doctest::Approx(lost_s).epsilon(1e-3));
    REQUIRE(world.drops.rows.size() == 2);
    CHECK(world.drops.rows[0].row.reason == DropReason::no_network);
}

TEST_CASE("when a cell goes down its devices look for another, and may come back") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(0), "A");
    world.add_cell(plain_cell(1000), "B");
    const Index place = world.radios.add_mobility(Mobility::at(100));
    for (int i = 0; i < 5; ++i) world.add_device(on_lte(place), "phone " + std::to_string(i));
    world.start();
    world.act(at_s(10), [&](Context& context) { world.radios.set_cell_up(context, 0, false); });
    world.kernel.run_until(at_s(20));
    CHECK(world.cells.attached(0) == 0);
    CHECK(world.cells.attached(1) == 5);
    CHECK(world.rows_of(AttachKind::reattach) == 5);
    world.act(at_s(30), [&](Context& context) { world.radios.set_cell_up(context, 0, true); });
    world.kernel.run_until(at_s(60));
    CHECK(world.cells.attached(0) == 5);
    CHECK(world.rows_of(AttachKind::handover) == 5);
    CHECK(world.networks.size() == 5);
}

TEST_CASE("a degraded cell sends at its new rate until it is restored") {
    RadioWorld world(quiet_rules(), quiet_params());
    world.add_cell(plain_cell(0), "A");
    world.add_device(on_lte(world.radios.add_mobility(Mobility::at(100))), "phone");
    world.start();
    world.act(at_s(1), [&](Context& context) { world.radios.degrade(context, 0, 4000, 8000); });
    world.call(at_s(2), 0, 1);
    world.talk(at_s(2), 0, 2);
    world.act(at_s(5), [&](Context& context) { world.radios.restore(context, 0); });
    world.talk(at_s(6), 0, 3);
    world.kernel.run_until(at_s(20));
    REQUIRE(world.down.size() == 1);
    REQUIRE(world.up.size() == 2);
    CHECK(world.down[0].at == at_s(3.001));  // 4000 bit at 4 kbit/s, and 1 ms over the air
    CHECK(world.up[0].at == at_s(2.501));
    CHECK(world.up[1].at < at_s(6.01));
}

TEST_CASE("a replayed walk has the handovers of its trace, and its capacity") {
    for (const bool keeps : {true, false}) {
        Radios::Params params = quiet_params();
        params.cellular_keeps_address = keeps;
        RadioWorld world(quiet_rules(), params);
        std::ifstream file(std::string(DRIFTSTORM_SOURCE_DIR) +
                           "/scenarios/library/data/walking-trace.csv");
        const RadioTrace walk =
            read_radio_trace(file, "walking-trace.csv", TraceColumns::gophers());
        std::vector<Index> cells;
        for (const std::uint32_t number : walk.cells()) {
            const std::uint64_t identity = identity_of("trace cell " + std::to_string(number));
            world.kernel.add_entity<Cells>(0, identity);
            cells.push_back(world.cells.add_traced(Technology::lte, identity));
        }
        Radios::Device phone;
        phone.trace = world.radios.add_trace(walk, cells);
        phone.uplink = world.links.add(Links::Params{}, 1, walk.capacity(0.1));
        phone.downlink = world.links.add(Links::Params{}, 2, walk.capacity());
        world.kernel.add_entity<Links>(0, 1);
        world.kernel.add_entity<Links>(0, 2);
        world.add_device(phone, "walker");
        world.start();
        world.call(at_s(240.5), 0, 1, 1'000'000);
        world.kernel.run_until(at_s(700));
        CHECK(world.rows_of(AttachKind::initial) == 1);
        CHECK(world.rows_of(AttachKind::handover) == 32);
        CHECK(world.handovers.rows.size() == 33);
        for (const auto& kept : world.handovers.rows) {
            const auto k = static_cast<std::size_t>(kept.at.ns / 1'000'000'000);
            REQUIRE(kept.row.technology == walk.seconds[k].technology);
        }
        std::uint32_t technology_changes = 0;
        for (std::size_t k = 1; k < walk.seconds.size(); ++k) {
            technology_changes +=
                walk.seconds[k].technology != walk.seconds[k - 1].technology ? 1 : 0;
        }
        CHECK(world.radios.address(0).number == (keeps ? 1 : 1 + technology_changes));
        REQUIRE(world.down.size() == 1);
        // 8e6 bit at the capacity of second 240, after promotion (0.2 s; 0.05 s handovers are long
        // past)
        const double bit_s = static_cast<double>(walk.seconds[240].capacity_bit_s);
        CHECK(world.down[0].at.seconds() ==
              doctest::Approx(240.7 + 8e6 / bit_s + 0.001).epsilon(1e-9));
    }
}

namespace {

/// A small commuter train: shadowing, spread boarding, Wi-Fi at both ends, and packets both ways.
std::unique_ptr<RadioWorld> commuters(int riders, bool stranger = false, int packets = 200) {
    RadioRules rules;
    rules.cellular[static_cast<std::size_t>(Technology::lte)].time_to_trigger = 160_ms;
    auto world = std::make_unique<RadioWorld>(rules, Radios::Params{});
    CellParams cell;
    cell.attach_limit = 2400;
    for (const auto& [at, range] :
         {std::pair{1200.0, 2600.0}, {5400.0, 2800.0}, {9900.0, 2400.0}}) {
        cell.at = at;
        cell.range = range;
        world->add_cell(cell, "cell " + std::to_string(at));
    }
    AccessPointParams point;
    point.associate_limit = 2500;
    world->add_cell(point, "central");
    point.at = 12'600;
    point.range = 250;
    world->add_cell(point, "campus");
    Mobility::Params train;
    train.stops = {Stop{0, 360_s, {}}, Stop{5100, {}, 40_s}, Stop{12'600, {}, {}}};
    const Index line = world->radios.add_mobility(Mobility(train));
    for (int i = 0; i < riders; ++i) {
        Radios::Device device = with_wifi(line);
        const double u = draw_uniform(5, "test.late", 1, static_cast<std::uint64_t>(i));
        device.late = Duration{static_cast<std::int64_t>(u * 90e9)};
        world->add_device(device, "rider " + std::to_string(i));
    }
    if (stranger) {
        world->add_device(with_wifi(world->radios.add_mobility(ride(2000, 9000, 17, 300))),
                          "stranger");
    }
    world->start();
    for (int i = 0; i < packets; ++i) {
        const double u = draw_uniform(5, "test.talk", 2, static_cast<std::uint64_t>(i));
        const auto device = static_cast<Index>(i % riders);
        const auto subject = static_cast<std::uint64_t>(i);
        if (i % 2 == 0)
            world->talk(at_s(u * 1500), device, subject);
        else
            world->call(at_s(u * 1500), device, subject);
    }
    return world;
}

}  // namespace

TEST_CASE("every packet lands or is dropped once, with a reason") {
    const int packets = 4000;
    const auto world = commuters(40, false, packets);
    world->kernel.run_until(at_s(3000));
    CHECK(world->up.size() + world->down.size() + world->drops.rows.size() == packets);
    CHECK(world->up.size() > packets / 4);
    std::uint32_t attached = 0;
    for (Index cell = 0; cell < world->cells.count(); ++cell)
        attached += world->cells.attached(cell);
    CHECK(attached == 40);
    for (Index device = 0; device < 40; ++device) {
        CHECK(world->radios.held(device) == 0);
        CHECK(world->radios.serving(device) == 4);  // all at the campus
    }
    for (const auto& landed : world->up) {
        const Blame blame = landed.packet.ledger.closed(landed.at);
        Duration sum{};
        for (const Duration part : blame.values) sum += part;
        REQUIRE(landed.packet.ledger.since() <= landed.at);
        REQUIRE(sum.ns > 0);
    }
}

TEST_CASE("a stranger on the line changes nobody's handovers") {
    const auto alone = commuters(30), with_stranger = commuters(30, true);
    alone->kernel.run_until(at_s(1600));
    with_stranger->kernel.run_until(at_s(1600));
    const EntityId stranger = with_stranger->devices.back().id;
    std::size_t i = 0;
    for (const auto& kept : with_stranger->handovers.rows) {
        if (kept.row.device == stranger) continue;
        REQUIRE(i < alone->handovers.rows.size());
        const auto& same = alone->handovers.rows[i++];
        REQUIRE(kept.at == same.at);
        REQUIRE(kept.row.device == same.row.device);
        REQUIRE(kept.row.to == same.row.to);
        REQUIRE(kept.row.interruption == same.row.interruption);
    }
    CHECK(i == alone->handovers.rows.size());
    CHECK(with_stranger->handovers.rows.size() > i);
}

TEST_CASE("a saved world of radios ends with the same digest") {
    const auto whole = commuters(30);
    whole->kernel.run_until(at_s(1600));
    for (const double save_at : {0.0, 413.7, 700.01}) {
        const auto first = commuters(30);
        first->kernel.run_until(at_s(save_at));
        const std::vector<std::byte> saved = first->kernel.save();
        const auto second = commuters(30);
        second->kernel.restore(saved);
        second->kernel.run_until(at_s(1600));
        CHECK(second->kernel.digest() == whole->kernel.digest());
    }
}

TEST_CASE("two thousand riders cost few events, for only what happens is one") {
    const auto world = commuters(2000, false, 0);
    world->kernel.run_until(at_s(2700));
    CHECK(world->kernel.delivered() < 100'000);
    CHECK(world->rows_of(AttachKind::initial) == 2000);
    CHECK(world->rows_of(AttachKind::leave) >= 2000);
    CHECK(world->cells.attached(4) == 2000);  // all at the campus
    CHECK(world->rows_of(AttachKind::handover) >= 4000);
}
