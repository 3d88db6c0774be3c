#include "sim/core/kernel.hpp"

#include "tests/core/random_world.hpp"
#include "tests/support/death.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

// A receiver without a handler for the message is an error of the compiler.
namespace wrong {
struct Nobody {
    static constexpr std::string_view name = "nobody";
    static constexpr int version = 1;
    using Messages = std::tuple<>;
};
struct Unnamed {};
struct TooLarge {
    static constexpr std::string_view name = "too_large";
    static constexpr Phase phase = Phase::physics;
    std::array<std::byte, 17> bytes;
};
struct NoRoomForSlot {
    static constexpr std::string_view name = "no_room";
    static constexpr Phase phase = Phase::physics;
    using Payload = Parcel;
    std::array<std::byte, 13> bytes;
};
}  // namespace wrong

namespace {

constexpr Time run_end{400'000'000};

struct Outcome {
    std::uint64_t digest = 0;
    std::uint64_t samples = 0;
    std::uint64_t delivered = 0;
    std::vector<RowKeeper::Kept> rows;
};

Outcome run(const WorldOptions& options, std::string_view only = "") {
    RandomWorld world(options);
    RowKeeper keeper;
    keeper.of(world.kernel);
    keeper.only = only;
    world.kernel.add_sink(keeper);
    world.kernel.run_until(run_end);
    return {world.kernel.digest(), world.kernel.ladder().samples(), world.kernel.delivered(),
            keeper.rows};
}

template <class Model, class M>
concept CanSend = requires(Context& context, Address<Model> to, const M& message) {
    context.send(Duration{}, to, message);
};
template <class Model, class M>
concept CanSendParcel = requires(Context& context, Address<Model> to, const M& message,
                                 const Parcel& parcel) {
    context.send(Duration{}, to, message, parcel);
};
static_assert(CanSend<Hosts, Hosts::Hop>);
static_assert(!CanSend<wrong::Nobody, Hosts::Hop>);
static_assert(!CanSend<Probes, Hosts::Hop>);
static_assert(!CanSend<Hosts, Probes::Look>);
static_assert(CanSendParcel<Hosts, Hosts::Deliver>);
static_assert(!CanSend<Hosts, Hosts::Deliver>, "its parcel is missing");
static_assert(!CanSendParcel<Hosts, Hosts::Hop>, "it carries none");
static_assert(!Message<wrong::Unnamed>);
static_assert(!Message<wrong::TooLarge>);
static_assert(!Message<wrong::NoRoomForSlot>);

/// Writes down who was told what, in order.
class Scribes {
  public:
    static constexpr std::string_view name = "scribes";
    static constexpr int version = 1;
    template <Phase p>
    struct Note {
        static constexpr std::array<std::string_view, 4> names{"physics", "network", "protocol",
                                                               "sample"};
        static constexpr std::string_view name = names[static_cast<std::size_t>(p)];
        static constexpr Phase phase = p;
    };
    struct Again {
        static constexpr std::string_view name = "again";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Broken {
        static constexpr std::string_view name = "broken";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Early {
        static constexpr std::string_view name = "early";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Rush {
        static constexpr std::string_view name = "rush";
        static constexpr Phase phase = Phase::protocol;
    };
    using Messages = std::tuple<Note<Phase::physics>, Note<Phase::network>, Note<Phase::protocol>,
                                Note<Phase::sample>, Again, Broken, Early, Rush>;

    template <Phase p>
    void on(const Note<p>&, Index scribe, Context&) {
        heard.push_back(std::string(Note<p>::name) + " " + std::to_string(scribe));
    }
    void on(const Again&, Index, Context& context) {
        context.send(Duration{}, Address<Scribes>{context.self()}, Again{});
    }
    void on(const Broken&, Index, Context&) { DRIFTSTORM_EXPECT(heard.size() == 17); }
    void on(const Early&, Index, Context& context) {
        context.send(-1_ns, Address<Scribes>{context.self()}, Again{});
    }
    void on(const Rush&, Index, Context& context) {
        context.send(19_ms, other, Note<Phase::physics>{});
    }
    std::vector<std::string> heard;
    Address<Scribes> other;
};

/// Rings unless it was set anew.
class Alarms {
  public:
    static constexpr std::string_view name = "alarms";
    static constexpr int version = 1;
    struct Ring {
        static constexpr std::string_view name = "ring";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        std::uint32_t loudness = 0;
        static constexpr auto fields() {
            return FieldList{Field<Ring, Generation>{"generation", &Ring::generation, "", ""},
                             Field<Ring, std::uint32_t>{"loudness", &Ring::loudness, "", ""}};
        }
    };
    using Messages = std::tuple<Ring>;
    bool stale(const Ring& ring, Index) const { return ring.generation != live; }
    void on(const Ring&, Index, Context&) { ++rung; }
    Generation live;
    int rung = 0;
};

/// One kernel with `count` scribes.
struct Scriptorium {
    explicit Scriptorium(std::uint32_t count) {
        kernel.add_model(0, scribes);
        for (std::uint32_t i = 0; i < count; ++i)
            at.push_back(kernel.add_entity<Scribes>(0, identity_of(identity_of("scribe.all"), i)));
    }
    Kernel kernel{Kernel::Options{}};
    Scribes scribes;
    std::vector<Address<Scribes>> at;
};

}  // namespace

TEST_CASE("at one instant phases come in order, then sources, then a source's own sequence") {
    Scriptorium world(3);
    for (const std::uint32_t from : {2u, 0u, 1u}) {
        Context& context = world.kernel.as(world.at[from].id);
        context.send(1_s, world.at[from], Scribes::Note<Phase::sample>{});
        context.send(1_s, world.at[from], Scribes::Note<Phase::protocol>{});
        context.send(1_s, world.at[(from + 1) % 3], Scribes::Note<Phase::network>{});
        context.send(1_s, world.at[from], Scribes::Note<Phase::network>{});
        context.send(1_s, world.at[from], Scribes::Note<Phase::physics>{});
    }
    CHECK(world.kernel.next_time() == Time{} + 1_s);
    CHECK(world.kernel.pending() == 15);
    world.kernel.run_until(Time{} + 1_s - 1_ns);
    CHECK(world.scribes.heard.empty());
    world.kernel.run_until(Time{} + 1_s);  // up to and including
    const std::vector<std::string> expected{"physics 0", "physics 1",  "physics 2",  "network 1",
                                            "network 0", "network 2",  "network 1",  "network 0",
                                            "network 2", "protocol 0", "protocol 1", "protocol 2",
                                            "sample 0",  "sample 1",   "sample 2"};
    CHECK(world.scribes.heard == expected);
    CHECK(world.kernel.delivered() == 15);
    CHECK(world.kernel.next_time() == end_of_time);
}

TEST_CASE("results do not depend on the order in which the world was built") {
    const Outcome plain = run({.probes = true});
    const Outcome reverse = run({.probes = true, .reverse_building = true});
    CHECK(plain.delivered > 1000);
    CHECK(plain.digest == reverse.digest);
    CHECK(plain.samples == reverse.samples);
    CHECK(plain.rows == reverse.rows);
}

TEST_CASE("an entity added before all others shifts ids and moves nothing else") {
    const Outcome plain = run({}, Deed::table);
    const Outcome shifted = run({.probes = true, .probes_first = true}, Deed::table);
    CHECK(plain.digest == shifted.digest);
    CHECK(plain.samples != shifted.samples);
    CHECK(plain.rows == shifted.rows);
}

TEST_CASE("another seed is another run") {
    CHECK(run({.seed = 1}).digest != run({.seed = 2}).digest);
}

TEST_CASE("one, four and six partitions give one digest and the rows in one order") {
    const Outcome one = run({.probes = true});
    for (const std::uint32_t partitions : {4u, 6u}) {
        const Outcome several = run({.partitions = partitions, .probes = true});
        CHECK(one.digest == several.digest);
        CHECK(one.samples == several.samples);
        CHECK(one.delivered == several.delivered);
        CHECK(one.rows == several.rows);
    }
    std::size_t whispers = 0;
    for (const RowKeeper::Kept& row : one.rows) whispers += row.what == 4 ? 1 : 0;
    CHECK(whispers > 50);
}

TEST_CASE("where pools put payloads is no part of a result") {
    CHECK(run({}).digest == run({.pool_offset = 1000}).digest);
    CHECK(run({.partitions = 3}).digest == run({.pool_offset = 3}).digest);
}

TEST_CASE("a run in pieces is the run in one") {
    const Outcome whole = run({.partitions = 2});
    for (const std::int64_t piece : {1'000'000, 7'777'777, 100'000'000}) {
        RandomWorld world({.partitions = 2});
        RowKeeper keeper;
        keeper.of(world.kernel);
        world.kernel.add_sink(keeper);
        for (Time t{piece}; t < run_end; t = t + Duration{piece}) {
            world.kernel.run_until(t);
            REQUIRE(world.kernel.now() == t);
            REQUIRE(world.kernel.next_time() > t);
        }
        world.kernel.run_until(run_end);
        CHECK(world.kernel.digest() == whole.digest);
        CHECK(keeper.rows == whole.rows);
    }
}

TEST_CASE(
    "a run saved at any time and restored into a new kernel ends with the same digest and rows") {
    const WorldOptions options{.partitions = 3, .probes = true, .pool_offset = 2};
    const Outcome whole = run(options);
    for (std::uint64_t i = 0; i < 12; ++i) {
        RowKeeper keeper;
        RandomWorld first(options);
        keeper.of(first.kernel);
        first.kernel.add_sink(keeper);
        const Time middle{static_cast<std::int64_t>(draw(9, "test.save", 1, i)[0]) % run_end.ns};
        if (i > 0) first.kernel.run_until(middle);  // the first is saved before the run
        const std::vector<std::byte> saved = first.kernel.save();

        // Another kernel whose models have other tags, and in whose pools other things lie.
        WorldOptions different = options;
        different.pool_offset = 17;
        different.reverse_building = true;
        RandomWorld second(different);
        keeper.of(second.kernel);
        second.kernel.restore(saved);
        second.kernel.add_sink(keeper);
        CHECK(second.kernel.now() == first.kernel.now());
        CHECK(second.kernel.pending() == first.kernel.pending());
        second.kernel.run_until(run_end);
        REQUIRE(second.kernel.digest() == whole.digest);
        REQUIRE(second.kernel.ladder().samples() == whole.samples);
        REQUIRE(second.kernel.delivered() == whole.delivered);
        REQUIRE(keeper.rows == whole.rows);

        first.kernel.run_until(run_end);  // saving changes nothing
        REQUIRE(first.kernel.digest() == whole.digest);
    }
}

TEST_CASE("a state is restored only into the world it was saved from") {
    RandomWorld world({});
    const std::vector<std::byte> saved = world.kernel.save();
    RandomWorld larger({.hosts = 28});
    CHECK_THROWS_AS(larger.kernel.restore(saved), std::invalid_argument);
    RandomWorld divided({.partitions = 2});
    CHECK_THROWS_AS(divided.kernel.restore(saved), std::invalid_argument);
    RandomWorld lucky({.seed = 2});
    CHECK_THROWS_AS(lucky.kernel.restore(saved), std::invalid_argument);
    std::vector<std::byte> longer = saved;
    longer.push_back(std::byte{1});
    CHECK_THROWS_AS(world.kernel.restore(longer), std::invalid_argument);
}

TEST_CASE(
    "cancelled timers are neither delivered, nor counted, nor in the digest, and free their "
    "payload") {
    RandomWorld world({});
    world.kernel.run_until(run_end);
    const std::size_t pending = world.kernel.pending();
    // Every hop sets a timer of 10 to 15 ms: without freeing, parcels would pile up with the length
    // of the run.
    const std::size_t size = world.kernel.save().size();
    world.kernel.run_until(Time{run_end.ns * 4});
    CHECK(world.kernel.pending() < 2 * pending);
    CHECK(world.kernel.save().size() < 2 * size);

    Kernel kernel(Kernel::Options{});
    Alarms alarms;
    kernel.add_model(0, alarms);
    const Address<Alarms> alarm = kernel.add_entity<Alarms>(0, 77);
    Context& context = kernel.as(alarm.id);
    context.send(1_s, alarm, Alarms::Ring{{1}, 100});
    context.send(2_s, alarm, Alarms::Ring{{2}, 100});
    context.send(3_s, alarm, Alarms::Ring{{3}, 100});
    alarms.live = {2};
    kernel.run_until(Time{} + 10_s);
    CHECK(alarms.rung == 1);
    CHECK(kernel.delivered() == 1);
    CHECK(kernel.pending() == 0);
    const DigestLadder ladder = kernel.ladder();
    REQUIRE(ladder.components() == std::vector<std::string>{"events", "samples"});
    const std::vector<std::uint64_t> events = ladder.rungs()[0];
    REQUIRE(events.size() == 3);
    CHECK(events[0] == 0);
    CHECK(events[1] == 0);
    CHECK(events[2] != 0);
}

TEST_CASE("the digest sees each member of a message but its generation") {
    const auto digest_of = [](Alarms::Ring ring, std::uint64_t identity) {
        Kernel kernel(Kernel::Options{});
        Alarms alarms;
        alarms.live = ring.generation;
        kernel.add_model(0, alarms);
        const Address<Alarms> alarm = kernel.add_entity<Alarms>(0, identity);
        kernel.as(alarm.id).send(1_s, alarm, ring);
        kernel.run_until(Time{} + 10_s);
        return kernel.digest();
    };
    const std::uint64_t digest = digest_of({{1}, 100}, 77);
    CHECK(digest == digest_of({{2}, 100}, 77));
    CHECK(digest != digest_of({{1}, 101}, 77));
    CHECK(digest != digest_of({{1}, 100}, 78));
}

TEST_CASE("sinks are asked once per table and get what they want, also when added late") {
    RandomWorld world({.partitions = 4, .probes = true});
    RowKeeper deeds;
    RowKeeper samples;
    deeds.of(world.kernel);
    samples.of(world.kernel);
    deeds.only = Deed::table;
    samples.only = Sample::table;
    world.kernel.add_sink(deeds);
    world.kernel.run_until(Time{run_end.ns / 2});
    const auto so_far = deeds.rows.size();
    world.kernel.add_sink(samples);
    world.kernel.run_until(run_end);
    CHECK(deeds.asked == 2);
    CHECK(samples.asked == 2);
    CHECK(deeds.rows.size() > so_far);
    CHECK(samples.rows.size() >= 28);
    for (const RowKeeper::Kept& row : deeds.rows) REQUIRE(row.table == Deed::table);
    for (const RowKeeper::Kept& row : samples.rows) REQUIRE(row.at > Time{run_end.ns / 2});
}

TEST_CASE("without a digest the run is the same") {
    const Outcome with = run({});
    const Outcome without = run({.digest = false});
    CHECK(with.rows == without.rows);
    CHECK(with.delivered == without.delivered);
    CHECK(without.digest == DigestLadder{}.root());
}

TEST_CASE("the least lookahead and options are checked") {
    CHECK_THROWS_AS(Kernel(Kernel::Options{.partitions = 0}), std::invalid_argument);
    RandomWorld world({});
    CHECK_THROWS_AS(world.kernel.set_lookahead(Duration{}), std::invalid_argument);
}

TEST_CASE("models are listed with their versions, by name") {
    RandomWorld world({.partitions = 2});
    const auto versions = world.kernel.model_versions();
    REQUIRE(versions.size() == 2);
    CHECK(versions[0].name == "hosts");
    CHECK(versions[1].name == "probes");
}

TEST_CASE("a broken promise tells time, event, entity and the command that repeats the run") {
    const Death death = death_of([] {
        Scriptorium world(2);
        set_repeat_line("driftstorm run office.yaml --seed 1");
        world.kernel.name_entities(
            [](EntityId id) { return "scribe." + std::to_string(static_cast<std::uint32_t>(id)); });
        world.kernel.as(world.at[1].id).send(1500_ms, world.at[1], Scribes::Broken{});
        world.kernel.run_until(Time{} + 2_s);
    });
    CHECK(death.aborted);
    CHECK(death.errors.find("heard.size() == 17") != std::string::npos);
    CHECK(death.errors.find("at 1500000000 ns, event broken@scribes, entity scribe.1") !=
          std::string::npos);
    CHECK(death.errors.find("repeat: driftstorm run office.yaml --seed 1") != std::string::npos);

    const Death early = death_of([] {
        Scriptorium world(1);
        world.kernel.as(world.at[0].id).send(1_s, world.at[0], Scribes::Early{});
        world.kernel.run_until(Time{} + 2_s);
    });
    CHECK(early.aborted);
    CHECK(early.errors.find("delay.ns >= 0") != std::string::npos);
    CHECK(early.errors.find("event early@scribes, entity identity ") != std::string::npos);
}

TEST_CASE("a loop that takes no time ends the run with the names of its events") {
    Scriptorium world(1);
    world.kernel.as(world.at[0].id).send(1_s, world.at[0], Scribes::Again{});
    std::string told;
    try {
        world.kernel.run_until(Time{} + 2_s);
    } catch (const ZeroTimeLoop& loop) {
        told = loop.what();
    }
    CHECK(told.find("more than 10000000 events at one instant (a zero-time loop)") !=
          std::string::npos);
    CHECK(told.find("again@scribes\n    again@scribes") != std::string::npos);
    CHECK(told.find("at 1000000000 ns") != std::string::npos);
    CHECK(world.kernel.delivered() == 10'000'000);
}

TEST_CASE("a wide world may have more events at one instant") {
    Scriptorium world(1);
    world.kernel.expect_at_an_instant(12'000'000);
    world.kernel.expect_at_an_instant(3);  // never less than before
    world.kernel.as(world.at[0].id).send(1_s, world.at[0], Scribes::Again{});
    CHECK_THROWS_AS(world.kernel.run_until(Time{} + 2_s), ZeroTimeLoop);
    CHECK(world.kernel.delivered() == 12'000'000);
}

TEST_CASE("an entity that sends more events than its count can tell apart aborts") {
    const Death death = death_of([] {
        Scriptorium world(1);
        std::vector<std::byte> saved = world.kernel.save();
        // The count of the only entity follows three numbers, the names of event types and the
        // time.
        std::size_t at = 3 * sizeof(std::uint64_t);
        const auto number = [&] {
            std::uint64_t value = 0;
            std::memcpy(&value, saved.data() + at, sizeof value);
            at += sizeof value;
            return value;
        };
        for (std::uint64_t names = number(); names > 0; --names) {
            const std::uint64_t length = number();
            at += length;
        }
        at += sizeof(Time);
        const std::uint32_t almost = 0xfffffffe;
        std::memcpy(saved.data() + at, &almost, sizeof almost);
        world.kernel.restore(saved);
        Context& context = world.kernel.as(world.at[0].id);
        context.send(1_s, world.at[0], Scribes::Again{});
        std::fprintf(stderr, "one was left\n");
        context.send(1_s, world.at[0], Scribes::Again{});
    });
    CHECK(death.aborted);
    CHECK(death.errors.find("one was left") != std::string::npos);
    CHECK(death.errors.find("self.sent") != std::string::npos);
}

TEST_CASE("a message to another partition that is faster than the lookahead aborts") {
    const Death death = death_of([] {
        Scribes a;
        Scribes b;
        Kernel kernel(Kernel::Options{.partitions = 2});
        kernel.add_model(0, a);
        kernel.add_model(1, b);
        kernel.set_lookahead(20_ms);
        const auto one = kernel.add_entity<Scribes>(0, 1);
        a.other = kernel.add_entity<Scribes>(1, 2);
        kernel.as(one.id).send(0_s, a.other,
                               Scribes::Note<Phase::physics>{});  // before the run it may
        kernel.as(one.id).send(1_s, one, Scribes::Rush{});
        kernel.run_until(Time{} + 2_s);
    });
    CHECK(death.aborted);
    CHECK(death.errors.find("lookahead") != std::string::npos);
    CHECK(death.errors.find("event rush@scribes") != std::string::npos);
    const Death unknown = death_of([] {
        Scriptorium world(1);
        world.kernel.as(world.at[0].id).send(1_s, Address<Scribes>{}, Scribes::Early{});
    });
    CHECK(unknown.aborted);
    CHECK(unknown.errors.find("record_count_") != std::string::npos);
}
