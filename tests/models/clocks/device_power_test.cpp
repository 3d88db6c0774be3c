// Sleep, reboots, pulled batteries and leap seconds.
#include "models/clocks/device_clocks.hpp"
#include "models/clocks/leap_second.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

struct Device {
    Kernel kernel;
    DeviceClocks clocks;
    Address<DeviceClocks> address;
    TimerOwner owner{};
    std::vector<Time> fired;
    std::uint32_t boots = 0;

    explicit Device(const ClockParams& params)
        : kernel({.seed = 3, .partitions = 1, .digest = true}), clocks(3) {
        kernel.add_model(0, clocks);
        owner = clocks.add_owner(
            [this](Context& context, Index, std::uint32_t) { fired.push_back(context.now()); });
        clocks.on_boot([this](Context&, Index) { ++boots; });
        const std::uint64_t identity = identity_of("phone");
        address = kernel.add_entity<DeviceClocks>(0, identity);
        clocks.add(params, identity, address.id);
        clocks.start(context(), 0);
    }
    Context& context() { return kernel.as(address.id); }
    void run(Duration until) { kernel.run_until(Time{} + until); }
    double offset_s() { return clocks.offset_ns(0, kernel.now()) * 1e-9; }
    Reading read(ClockKind kind) { return clocks.read(0, kind, kernel.now()); }
};

ClockParams with_rtc(double rtc_ppm, bool counts_sleep) {
    ClockParams params;
    params.initial_offset = Distribution::constant(0.25);
    params.rtc.present = true;
    params.rtc.frequency_error = Distribution::constant(rtc_ppm * 1000);
    params.rtc.counts_sleep = counts_sleep;
    return params;
}

}  // namespace

TEST_CASE("the real-time clock runs on its own oscillator and shows whole seconds") {
    Device device(with_rtc(-12, false));
    device.run(1000_s);
    REQUIRE(device.clocks.rtc(0, device.kernel.now()).has_value());
    CHECK(device.clocks.rtc(0, device.kernel.now()) == Reading{1'000'000'000'000});  // .238
    device.run(100'000_s);
    // 100000.25 s less 1.2 s.
    CHECK(device.clocks.rtc(0, device.kernel.now()) == Reading{99'999'000'000'000});
    CHECK_FALSE(Device(ClockParams{}).clocks.rtc(0, Time{}).has_value());
    // Setting the wall clock sets it, too.
    device.clocks.set_by_user(device.context(), 0, Reading{77'900'000'000});
    CHECK(device.clocks.rtc(0, device.kernel.now()) == Reading{77'000'000'000});
}

TEST_CASE("a sleep counted by the real-time clock errs by its drift and its whole seconds") {
    Device device(with_rtc(-20, true));
    double slept = 0;
    for (std::int64_t i = 1; i <= 50; ++i) {
        device.run(Duration{i * 10'000'300'000'000} - 5000_s);
        device.clocks.suspend(device.context(), 0);
        const Reading monotonic = device.read(ClockKind::monotonic);
        device.run(Duration{i * 10'000'300'000'000});
        CHECK(device.read(ClockKind::monotonic) == monotonic);
        device.clocks.resume(device.context(), 0);
        CHECK(device.read(ClockKind::monotonic) == monotonic);
        slept += 5000;
        // The device's own oscillator is perfect; the real-time clock loses 20 ppm, also while the
        // device is awake, which the kernel does not count against it until 2 s have come together.
        const double awake = static_cast<double>(i) * 5000.3;
        CHECK(device.offset_s() <= 0.25 + 1.0);
        CHECK(device.offset_s() >= 0.25 - 20e-6 * (slept + awake) - 1.0);
        CHECK(device.read(ClockKind::boot) - device.read(ClockKind::monotonic) >
              Duration{static_cast<std::int64_t>((slept - 20e-6 * (slept + awake) - 1) * 1e9)});
    }
    CHECK(device.offset_s() < 0.25 - 20e-6 * slept + 1.0);  // -5 s, give or take a second
}

TEST_CASE("a sleep counted by a counter that never stops errs by nothing") {
    Device device(with_rtc(-20, false));
    device.run(1000_s);
    device.clocks.suspend(device.context(), 0);
    device.run(50'000_s);
    device.clocks.resume(device.context(), 0);
    CHECK(device.offset_s() == doctest::Approx(0.25).epsilon(1e-12));
}

TEST_CASE("a reboot reads whole seconds, forgets corrections, and starts the uptime anew") {
    Device device(with_rtc(10, false));
    device.run(1000_s);
    device.clocks.set_frequency(device.context(), 0, Rate::ppm(50), AdjustedBy::system);
    device.clocks.slew(device.context(), 0, Q64{1'000'000'000} << 64, Rate::ppm(500),
                       AdjustedBy::system);
    device.run(1100_s);
    device.clocks.arm_after(device.context(), 0, ClockKind::monotonic, 100_s, device.owner, 1);
    const double before = device.offset_s();  // 0.25 + 5 ms + 50 ms
    CHECK(before == doctest::Approx(0.305).epsilon(1e-4));
    device.clocks.power_off(device.context(), 0, PowerLoss::shut_down);
    CHECK(device.clocks.off(0));
    device.clocks.resume(device.context(), 0);  // a device that is off does not wake
    device.run(1160_s);
    CHECK(device.fired.empty());
    device.clocks.boot(device.context(), 0);
    CHECK(device.boots == 1);
    // It shows 1160.3056 by the real-time clock, whose second is 1160, and half a one is added.
    CHECK(device.offset_s() == doctest::Approx(0.5).epsilon(1e-9));
    CHECK(device.clocks.uptime(0, device.kernel.now()) == 0_s);
    device.run(1260_s);
    CHECK(device.clocks.uptime(0, device.kernel.now()) == 100_s);
    CHECK(device.offset_s() == doctest::Approx(0.5).epsilon(1e-9));  // neither slew nor correction
    REQUIRE(device.fired.size() == 1);  // its monotonic clock stood still for 60 s
    CHECK(device.fired[0] == Time{} + 1260_s);
}

TEST_CASE("a pulled battery costs the time where nothing is backed up") {
    for (const bool backup : {true, false}) {
        ClockParams params = with_rtc(0, false);
        params.rtc.backup = backup;
        params.rtc.reset_to = Duration{-86'400'000'000'000};
        Device device(params);
        device.run(500_s);
        device.clocks.power_off(device.context(), 0, PowerLoss::battery_pulled);
        device.run(600_s);
        device.clocks.boot(device.context(), 0);
        CHECK(device.offset_s() == doctest::Approx(backup ? 0.5 : -87'000).epsilon(1e-9));
    }
    Device bare{ClockParams{}};
    bare.clocks.power_off(bare.context(), 0, PowerLoss::battery_pulled);
    bare.run(60_s);
    bare.clocks.boot(bare.context(), 0);
    CHECK(bare.offset_s() == doctest::Approx(-31'557'660.0));
}

TEST_CASE("an inserted leap second is shown twice, a deleted one never") {
    for (const LeapKind kind : {LeapKind::insertion, LeapKind::deletion}) {
        ClockParams params;
        params.initial_offset = Distribution::constant(0.5);
        params.leap_second = {kind, Time{} + 100_s};
        Device device(params);
        const Duration early = kind == LeapKind::insertion ? 0_s : 1_s;
        device.run(99'500_ms - early - 1_ns);
        CHECK(device.read(ClockKind::wall) == Reading{99'999'999'999} - early);
        const Reading boot = device.read(ClockKind::boot);
        device.run(99'500_ms - early);
        CHECK(device.read(ClockKind::wall) ==
              Reading{kind == LeapKind::insertion ? 99'000'000'000 : 100'000'000'000});
        CHECK(device.read(ClockKind::boot) - boot == 1_ns);
        device.run(300_s);
        CHECK(device.offset_s() ==
              doctest::Approx(kind == LeapKind::insertion ? -0.5 : 1.5).epsilon(1e-12));
    }
}

TEST_CASE("a smeared leap second runs evenly from noon to noon") {
    const Time leap = Time{} + 100'000_s;
    const auto at = [&](Duration since) {
        return static_cast<double>(leap_smeared(leap + since, leap)) * 0x1p-64;  // [ns]
    };
    CHECK(at(-43'200_s) == 0);
    CHECK(at(43'201_s) == -1e9);
    CHECK(at(50'000_s) == -1e9);
    CHECK(at(0_s) == doctest::Approx(-1e9 * 43'200 / 86'401).epsilon(1e-12));
    // 11.6 ppm slow all the way.
    for (std::int64_t s = -43'000; s < 43'000; s += 1000) {
        const Duration since{s * 1'000'000'000};
        CHECK(at(since + 1_s) - at(since) == doctest::Approx(-1e9 / 86'401).epsilon(1e-5));
    }
    CHECK(leap_stepped(leap - 1_ns, leap) == 0);
    CHECK(static_cast<double>(leap_stepped(leap, leap)) * 0x1p-64 == -1e9);
}
