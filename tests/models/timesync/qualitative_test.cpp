// What the real programs do that a plausible simulation would not: figures are printed.
#include "models/timesync/chrony_client.hpp"
#include "models/timesync/kernel_clock.hpp"
#include "models/timesync/ntpd_discipline.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"
#include "tests/models/timesync/client_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace driftstorm;

namespace {

double exponential(std::uint64_t subject, std::uint64_t n) {
    return -exact::log(draw_uniform(21, "test.qualitative", subject, n));
}

/// The kernel's loop once more, from its equations and in whole seconds, with nothing of
/// KernelClock: each second 2^-(2 + c) of the offset left is slewed; an update of offset x after s
/// seconds adds x s / (4 2^(2 + c))^2 to the frequency, s at most 2^(3 + c) when `clamped`, and
/// beyond 2048 s also x / (4 s). Source: Mills, UDel TR 94-10-1.
struct LoopByEquations {
    double offset = 0;     ///< of the clock [s]
    double left = 0;       ///< to be slewed
    double frequency = 0;  ///< correction [s/s]
    bool clamped = true;

    void update(double measured, int constant, std::int64_t since) {
        if (since > 2048) frequency += measured / (4 * static_cast<double>(since));
        const std::int64_t longest = std::int64_t{1} << (3 + constant);
        const auto counted = static_cast<double>(clamped ? std::min(since, longest) : since);
        const double time_constant = std::exp2(2 + constant);
        frequency += measured * counted / (16 * time_constant * time_constant);
        frequency = std::clamp(frequency, -500e-6, 500e-6);
        left = measured;
    }
    void second(double gain, int constant) {
        const double slew = left / std::exp2(2 + constant);
        left -= slew;
        offset += gain + frequency + slew;
    }
};

/// RMS offset [s] of a clock that gains 10 ppm over the last quarter of 200,000 s. It is asked
/// every 64 s with 1 ms of noise; a packet is lost with chance `loss` each way, and of the replies
/// the clock filter lets one in six through.
struct LossyRun {
    double by_kernel = 0;
    double by_equations = 0;
    double most_apart = 0;
};
LossyRun lossy(bool clamped, std::uint64_t seed, double loss) {
    constexpr int constant = 6;
    constexpr double gain = 1e-5;
    KernelClockRules rules = KernelClockRules::linux_kernel();
    rules.clamp_interval = clamped;
    KernelClock kernel(rules);
    LoopByEquations other;
    other.clamped = clamped;
    double offset = 0.01;
    other.offset = 0.01;
    LossyRun run;
    std::int64_t last = 0;
    std::int64_t count = 0;
    constexpr std::int64_t end = 200'000;
    for (std::int64_t t = 1; t <= end; ++t) {
        kernel.second();
        offset += gain + kernel.correction();
        other.second(gain, constant);
        const auto n = static_cast<std::uint64_t>(t);
        const bool used = draw_uniform(seed, "test.loss", 1, n) >= loss &&
                          draw_uniform(seed, "test.loss", 2, n) >= loss &&
                          draw_uniform(seed, "test.filter", 1, n) < 1.0 / 6;
        if (t % 64 == 0 && used) {
            const double noise = 2e-3 * (draw_uniform(seed, "test.noise", 1, n) - 0.5);
            kernel.pll_offset(noise - offset, constant, true, false);
            other.update(noise - other.offset, constant, last == 0 ? 0 : t - last);
            last = t;
        }
        run.most_apart = std::max(run.most_apart, std::abs(offset - other.offset));
        if (t > end * 3 / 4) {
            run.by_kernel += offset * offset;
            run.by_equations += other.offset * other.offset;
            ++count;
        }
    }
    run.by_kernel = std::sqrt(run.by_kernel / static_cast<double>(count));
    run.by_equations = std::sqrt(run.by_equations / static_cast<double>(count));
    return run;
}

}  // namespace

TEST_CASE("chrony runs free for hours when the delay has grown, and takes the lesser one at once") {
    // Cells J_20sym_60asym_long and its reverse of real chronyd 4.3: 0.34 ms at 1 h, 1.4 at 5 h,
    // 3.2 at 10 h; an average of offsets would be 20 ms wrong within minutes.
    constexpr double moved_at = 20'000;
    const auto world = [&](bool grows) {
        test::ClientBench::Setup setup;
        setup.gain = 5e-6;
        setup.trip = [grows, moved_at](double t, unsigned, std::uint64_t n) {
            const bool far = (t >= moved_at) == grows;
            const double jitter = 1e-3;
            return test::ClientBench::Trip{(far ? 0.08 : 0.02) + jitter * exponential(1, n),
                                           (far ? 0.04 : 0.02) + jitter * exponential(2, n)};
        };
        return setup;
    };
    const auto client = [] {
        ChronyParams params;
        ChronyServer server;
        server.maxpoll = 6;
        params.servers = {server};
        return ChronyClient(params);
    };
    test::ClientBench bench(world(true));
    ChronyClient chrony = client();
    bench.run(chrony, moved_at);
    const std::uint64_t refused = chrony.refused();
    for (const double hours : {1.0, 5.0, 10.0}) {
        bench.run(chrony, moved_at + hours * 3600);
        MESSAGE("chrony, delay 20/20 ms to 80/40 ms: " << bench.error() * 1e3 << " ms off after "
                                                       << hours << " h");
        CHECK(std::abs(bench.error()) < 5e-3);
    }
    MESSAGE("  samples refused since: " << chrony.refused() - refused << " of "
                                        << static_cast<int>(36'000 / 64));
    CHECK(chrony.refused() - refused > 500);

    test::ClientBench back(world(false));
    ChronyClient other = client();
    back.run(other, moved_at);
    const double before = back.error();
    double settled = moved_at;
    while (std::abs(back.error()) > 1e-3 && settled < moved_at + 7200)
        back.run(other, settled += 8);
    MESSAGE("and back to 20/20 ms: " << before * 1e3 << " ms off before, below 1 ms after "
                                     << settled - moved_at << " s");
    CHECK(std::abs(before) > 5e-3);
    CHECK(settled - moved_at < 1800);
}

TEST_CASE("with half of the packets lost the unclamped loop is unstable, the clamped one is not") {
    double unclamped = 0;
    double clamped = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        unclamped = std::max(unclamped, lossy(false, seed, 0.5).by_kernel);
        clamped = std::max(clamped, lossy(true, seed, 0.5).by_kernel);
    }
    MESSAGE("kernel loop at poll 6, 50 % loss each way, RMS of the worst of 10 seeds: unclamped "
            << unclamped * 1e3 << " ms, clamped " << clamped * 1e3 << " ms");
    CHECK(clamped < 5e-3);
    CHECK(unclamped > 100 * clamped);
}

TEST_CASE("the kernel's loop and one written from its equations agree") {
    for (const double loss : {0.0, 0.2, 0.5}) {
        const LossyRun run = lossy(true, 4, loss);
        MESSAGE("loss " << loss * 100 << " %: kernel " << run.by_kernel * 1e6 << " us, equations "
                        << run.by_equations * 1e6 << " us, at most " << run.most_apart * 1e9
                        << " ns apart");
        CHECK(run.most_apart < 1e-14);
    }
}
