#include "models/clocks/offset_quantiles.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

constexpr std::array<double, 7> levels{0.0, 0.05, 0.25, 0.5, 0.75, 0.99, 1.0};

/// Does to its device's clock, again and again, whatever a draw says.
class Menders {
  public:
    static constexpr std::string_view name = "menders";
    static constexpr int version = 1;
    struct Mend {
        static constexpr std::string_view name = "mend";
        static constexpr Phase phase = Phase::protocol;
    };
    using Messages = std::tuple<Mend>;

    Menders(DeviceClocks& clocks, double size_s) : clocks_(clocks), size_s_(size_s) {}
    void on(const Mend&, Index device, Context& context) {
        const auto n = static_cast<std::uint64_t>(context.now().ns);
        const double what = context.uniform("test.what", context.identity(), n);
        const double amount = context.uniform("test.amount", context.identity(), n) - 0.5;
        const Q64 span = static_cast<Q64>(amount * size_s_ * 1e9 * 0x1p64);
        if (what < 0.3) {
            clocks_.step(context, device, span, AdjustedBy::fault);
        } else if (what < 0.8) {
            clocks_.slew(context, device, span, Rate::ppm(500), AdjustedBy::sntp);
        } else if (what < 0.9) {
            clocks_.set_frequency(context, device, Rate::ppm(amount * 400), AdjustedBy::sntp);
        } else {
            clocks_.suspend(context, device);
            clocks_.resume(context, device);
        }
        context.remind(*this, device, Duration{static_cast<std::int64_t>(what * 4e11)}, Mend{});
    }
    auto state() { return std::tie(size_s_); }

  private:
    DeviceClocks& clocks_;
    double size_s_;
};

struct Phones {
    Kernel kernel;
    DeviceClocks clocks;
    Menders menders;

    Phones(const ClockParams& params, std::uint64_t count, double mended_s)
        : kernel({.seed = 3, .partitions = 1, .digest = true}),
          clocks(3),
          menders(clocks, mended_s) {
        kernel.add_model(0, clocks);
        kernel.add_model(0, menders);
        std::vector<EntityId> devices;
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t identity = identity_of(identity_of("riders"), i);
            devices.push_back(kernel.add_entity<DeviceClocks>(0, identity).id);
            clocks.add(params, identity, devices.back());
        }
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto mender =
                kernel.add_entity<Menders>(0, identity_of(identity_of("menders"), i));
            if (mended_s > 0) kernel.as(mender.id).send(Duration{}, mender, Menders::Mend{});
        }
    }
};

std::vector<double> by_sorting(const DeviceClocks& clocks, Index first, std::uint32_t size,
                               Time now) {
    std::vector<double> offsets;
    for (Index d = first; d < first + size; ++d) offsets.push_back(clocks.offset_ns(d, now));
    std::sort(offsets.begin(), offsets.end());
    std::vector<double> values;
    for (const double level : levels)
        values.push_back(offsets[static_cast<std::size_t>(level * (size - 1) + 0.5)]);
    return values;
}

ClockParams phones(double wander_ppb, double offset_s) {
    ClockParams params;
    params.frequency_error = Distribution(law::Normal{1000, 9000});
    params.ageing_ppb = 1e-5;
    params.wander.random_walk_ppb = wander_ppb;
    params.initial_offset = Distribution(law::Laplace{0, offset_s});
    return params;
}

}  // namespace

TEST_CASE("quantiles of offsets are those of all offsets sorted") {
    struct Case {
        double wander_ppb;  ///< how far lines are off: 1.3 ppb/sqrt(s) makes 6 us
        double offset_s;    ///< how far devices are apart
        double mended_s;
        Duration period;
    };
    for (const Case& c :
         {Case{1.3, 0.25, 0.25, 1_s}, Case{1.3, 1e-4, 1e-3, 1_s}, Case{100, 1e-3, 1e-3, 1_s},
          Case{0, 1e-3, 1e-2, 1_s}, Case{1.3, 1e-3, 1e-1, 100_ms},
          Case{10, 1e-2, 1e-1, Duration{7'300'000'000}}, Case{1.3, 0.25, 0, 60_s}}) {
        CAPTURE(c.wander_ppb);
        CAPTURE(c.offset_s);
        Phones world(phones(c.wander_ppb, c.offset_s), 150, c.mended_s);
        Phones twin(phones(c.wander_ppb, c.offset_s), 150, c.mended_s);  // read in full
        OffsetQuantiles quantiles(world.clocks, 20, 120);
        Time now{};
        for (int i = 0; i < 700; ++i, now = now + c.period) {
            world.kernel.run_until(now);
            twin.kernel.run_until(now);
            std::vector<double> values(levels.size());
            quantiles.read(now, levels, values);
            REQUIRE(values == by_sorting(twin.clocks, 20, 120, now));
        }
        CHECK(world.kernel.digest() == twin.kernel.digest());
    }
}

TEST_CASE("quantiles of clocks that all show the same, of one clock, and of none") {
    Phones world(ClockParams{}, 50, 0);
    std::vector<double> values(levels.size(), 1);
    OffsetQuantiles(world.clocks, 0, 50).read(Time{} + 5_s, levels, values);
    CHECK(values == std::vector<double>(levels.size(), 0.0));
    Phones one(phones(1.3, 0.25), 1, 0);
    OffsetQuantiles(one.clocks, 0, 1).read(Time{} + 5_s, levels, values);
    CHECK(values == std::vector<double>(levels.size(), one.clocks.offset_ns(0, Time{} + 5_s)));
    std::fill(values.begin(), values.end(), -1);
    OffsetQuantiles(one.clocks, 0, 0).read(Time{}, levels, values);
    CHECK(values == std::vector<double>(levels.size(), -1));
}

TEST_CASE("a clock stays near its line, through slews and their ends") {
    Phones world(phones(100, 1e-3), 40, 1e-2);
    Phones twin(phones(100, 1e-3), 40, 1e-2);
    std::vector<OffsetLine> lines(40);
    std::vector<std::uint32_t> adjustments(40, 0);
    double longest_s = 0;
    for (Time now{}; now < Time{} + 900_s; now = now + Duration{730'000'000}) {
        world.kernel.run_until(now);
        twin.kernel.run_until(now);
        for (Index d = 0; d < 40; ++d) {
            OffsetLine& line = lines[d];
            if (now > line.until || world.clocks.adjustments(d) != adjustments[d]) {
                line = world.clocks.offset_line(d, now);
                adjustments[d] = world.clocks.adjustments(d);
            }
            REQUIRE(line.from <= now);
            longest_s = std::max(longest_s, (line.until - line.from).seconds());
            REQUIRE(std::abs(twin.clocks.offset_ns(d, now) - line.at(now)) <= line.off_by);
        }
    }
    CHECK(longest_s > 100);
}
