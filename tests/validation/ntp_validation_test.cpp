// What validate_ntp reads, runs and judges; and the laws its clients keep on quiet paths.
#include "validation/time_client_words.hpp"
#include "validation/time_gates.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

using namespace driftstorm;
using namespace driftstorm::validation;

namespace {

double value_of(const char* text, double time = 0) {
    GeneratorDraws draws;
    return Generator(text, "test")(time, draws);
}

std::string complaint_about(const char* text) {
    try {
        Generator(text, "cell.sim.conf: node2_freq");
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != text.npos; }

TimeRun run_on(const std::string& program, const std::string& words, const std::string& network,
               double duration, std::uint64_t seed = 1) {
    return run_time_client(read_time_network(network, "network"),
                           make_time_client(program, words, "client"), duration, seed, 7);
}

std::string path(const char* up, const char* down, const char* offset = "0.01") {
    return std::string("node2_offset = ") + offset +
           "\nnode2_freq = (+ 1e-05)\nnode2_delay1 = " + up + "\nnode1_delay2 = " + down +
           "\nnode2_pll_clamp = 1\n";
}

const char* const ntp_words = "restrict default\nserver 192.168.123.1 minpoll 6 maxpoll 6\n";
const char* const busybox_words = "(command line) busybox ntpd -n -d -p 192.168.123.1";
const char* const timesyncd_words =
    "(server 192.168.123.1, PollIntervalMinSec=32 PollIntervalMaxSec=2048)";
const char* const chrony_words = "server 192.168.123.1 minpoll 6 maxpoll 6\n";

TimeCell cell_of(double duration) {
    TimeCell cell;
    cell.duration = duration;
    return cell;
}

/// A cell whose reference is what `runs` says, with that spread.
TimeCell reference_like(double rms, double sd) {
    TimeCell cell = cell_of(1000);
    cell.name = "cell";
    cell.program = "ntpd";
    cell.seeds = 10;
    cell.reference = {{"off_rms_all_mean", rms}, {"off_rms_all_sd", sd}};
    return cell;
}

CellRuns runs_like(double rms, double sd) {
    CellRuns runs;
    for (int i = 0; i < 10; ++i)
        runs.figures.push_back({{"off_rms_all", rms + sd * (i % 2 == 0 ? 1 : -1)}});
    return runs;
}

}  // namespace

TEST_CASE("expressions have the values of the simulator's words") {
    CHECK(value_of("(+ 1 2 (* 3 4) -0.5)") == 14.5);
    CHECK(value_of("(max 0 (min 1 (+ -600 (% time 3600))))", 3600 + 100) == 0);
    CHECK(value_of("(max 0 (min 1 (+ -600 (% time 3600))))", 3600 + 700) == 1);
    CHECK(value_of("(- 5 1 1)") == 3);
    CHECK(value_of("(/ 8 2 2)") == 2);
    CHECK(value_of("(equal 0.5 1 1.4 1.2)") == 1);
    CHECK(value_of("(equal 0.5 1 1.6)") == 0);
    CHECK(value_of("1e-5") == 1e-5);
    CHECK(Generator("(+ 1 (* 2 3))", "test").is_constant());
    CHECK_FALSE(Generator("(+ 1 (sum 1))", "test").is_constant());
}

TEST_CASE("sum, pulse and sine go on with each evaluation") {
    GeneratorDraws draws;
    Generator sum("(sum (* 2 1) 1)", "test");
    CHECK(sum(0, draws) == 3);
    CHECK(sum(0, draws) == 6);
    Generator pulse("(pulse 2 1)", "test");
    for (const double wanted : {1.0, 1.0, -1.0, 1.0, 1.0, -1.0}) CHECK(pulse(0, draws) == wanted);
    Generator sine("(sine 8)", "test");
    for (int k = 0; k < 20; ++k)
        CHECK(sine(0, draws) == doctest::Approx(std::sin(2 * 3.14159265358979 * k / 8)));
}

TEST_CASE("draws have their laws' means and deviations") {
    struct Law {
        const char* text;
        double mean;
        double sd;
    };
    for (const Law& law : {Law{"(uniform)", 0.5, std::sqrt(1.0 / 12)}, Law{"(normal)", 0, 1},
                           Law{"(exponential)", 1, 1}, Law{"(poisson 4)", 4, 2}}) {
        GeneratorDraws draws{3, 5, 0};
        Generator generator(law.text, "test");
        constexpr int n = 20'000;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < n; ++i) {
            const double x = generator(0, draws);
            sum += x;
            squares += x * x;
        }
        const double mean = sum / n;
        CHECK(std::abs(mean - law.mean) < 4 * law.sd / std::sqrt(n));
        CHECK(std::sqrt(squares / n - mean * mean) == doctest::Approx(law.sd).epsilon(0.05));
    }
}

TEST_CASE("what an expression has that is not known is named, with its place") {
    CHECK(contains(complaint_about("(+ 1 (lognormal))"), "unknown function 'lognormal'"));
    CHECK(contains(complaint_about("(+ 1 (lognormal))"), "cell.sim.conf: node2_freq"));
    CHECK(contains(complaint_about("(* 2 temperature)"), "unknown variable 'temperature'"));
    CHECK(contains(complaint_about("(+ 1 2"), "')' is missing"));
    CHECK(contains(complaint_about("(+ 1 2))"), "follows"));
    CHECK(contains(complaint_about(""), "missing"));
    CHECK(contains(complaint_about("(normal 3)"), "'normal' takes no argument"));
    CHECK(contains(complaint_about("(pulse 3)"), "'pulse' takes two numbers"));
    CHECK(contains(complaint_about("(sine (uniform))"), "'sine' takes numbers only"));
    CHECK(contains(complaint_about("(sine 0)"), "above 0"));
}

TEST_CASE("settings and configuration words that are not known are named") {
    CHECK_THROWS_WITH_AS(read_time_network("node2_refclock = 1\n", "a"),
                         "a: node2_refclock: unknown setting", std::invalid_argument);
    CHECK_THROWS_AS(read_time_network("node2_offset = abc\n", "a"), std::invalid_argument);
    const auto complaint = [](const char* program, const char* text) -> std::string {
        try {
            make_time_client(program, text, "c");
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    CHECK(contains(complaint("openntpd", "servers pool"), "unknown program 'openntpd'"));
    CHECK(contains(complaint("ntpd", "server 192.168.123.1 xleave"), "'xleave'"));
    CHECK(contains(complaint("ntpd", "broadcastclient"), "'broadcastclient'"));
    CHECK(contains(complaint("ntpd", "server 10.0.0.1"), "'10.0.0.1'"));
    CHECK(contains(complaint("ntpd", "restrict default"), "no server"));
    CHECK(contains(complaint("chrony", "server 192.168.123.1 xleave"), "'xleave'"));
    CHECK(contains(complaint("busybox", "busybox ntpd -p 192.168.123.1 -l"), "'-l'"));
}

TEST_CASE("statistics of series made by hand") {
    TimeRun run;
    run.offset.assign(1000, 0.002);
    run.rate.assign(1000, -3e-6);
    for (std::size_t i = 0; i < 100; ++i) run.offset[i] = 0.5;
    run.polls = {0, 100, 600, 700, 900};
    const auto figures = time_statistics(cell_of(1000), run);
    CHECK(figures.at("off_rms_all") == doctest::Approx(0.002));
    CHECK(figures.at("off_mean_all") == doctest::Approx(0.002));
    CHECK(figures.at("off_sd_all") == doctest::Approx(0).epsilon(1e-9));
    CHECK(figures.at("freq_rms_all") == doctest::Approx(3e-6));
    CHECK(figures.at("adev16") == 0);
    CHECK(figures.count("adev4096") == 0);
    CHECK(figures.at("conv_10ms") == 100);
    CHECK(std::isinf(figures.at("conv_1ms")));
    CHECK(figures.at("polls") == 5);
    CHECK(figures.at("mean_poll_2nd_half") == 150);
}

TEST_CASE("overlapping Allan deviation: none of a ramp, 2 sqrt(2) a of +a -a") {
    std::vector<double> ramp;
    std::vector<double> saw;
    for (int i = 0; i < 500; ++i) {
        ramp.push_back(1e-6 * i);
        saw.push_back(i % 2 == 0 ? 1e-3 : -1e-3);
    }
    CHECK(overlapping_adev(ramp, {0, 500}, 16) < 1e-18);
    CHECK(overlapping_adev(saw, {0, 500}, 1) == doctest::Approx(std::sqrt(8.0) * 1e-3));
    CHECK(std::isnan(overlapping_adev(saw, {0, 500}, 250)));
}

TEST_CASE("windows around an event") {
    TimeCell cell = cell_of(1000);
    cell.event = 500;
    cell.event_length = 100;
    const auto windows = time_windows(cell);
    CHECK(windows.count("all") == 0);
    CHECK(windows.at("pre").from == 200);
    CHECK(windows.at("pre").to == 500);
    CHECK(windows.at("dur").to == 600);
    CHECK(windows.at("post").to == 700);
    CHECK(windows.at("late").from == 750);
    CHECK(windows.at("late").to == 1000);
}

TEST_CASE("what settles counts from when it stays, for ten minutes") {
    std::vector<double> offset(2000, 0.0);
    offset[50] = 1;
    offset[700] = 1;
    CHECK(settling_time(offset, 0, 0.5) == 51);
    offset[600] = 1;
    CHECK(settling_time(offset, 0, 0.5) == 701);
    CHECK(settling_time(offset, 800, 0.5) == 0);
    CHECK(std::isinf(settling_time(offset, 1500, 0.5)));
}

TEST_CASE("a row passes within its gate and fails outside") {
    const TimeCell cell = reference_like(1e-3, 1e-5);
    const auto row = [&](double rms) { return gate_rows(cell, runs_like(rms, 1e-5)).at(0); };
    CHECK(row(1e-3).passed);
    CHECK(row(1.1e-3).passed);
    CHECK_FALSE(row(1.2e-3).passed);
    CHECK_FALSE(row(1.2e-3).beyond);
    CHECK(row(1.5e-3).beyond);
    CHECK(row(0.8e-3).ratio == doctest::Approx(std::log(0.8)));
    // The wider the reference's own spread, the wider the gate.
    const TimeCell wide = reference_like(1e-3, 5e-4);
    CHECK(gate_rows(wide, runs_like(1.5e-3, 7e-4)).at(0).passed);
}

TEST_CASE("a program fails by its median though every row passes") {
    const TimeCell cell = reference_like(1e-3, 1e-5);
    const auto verdict = [&](double rms) {
        return judge_program("ntpd", {gate_rows(cell, runs_like(rms, 1e-5))});
    };
    CHECK(verdict(1.02e-3).passed);
    CHECK(verdict(1.09e-3).rows_passed == 1);
    CHECK_FALSE(verdict(1.09e-3).passed);
}

TEST_CASE("a run is a function of its seed") {
    const std::string network = path("(+ 0.01 (* 0.001 (exponential)))", "(+ 0.01 (uniform))");
    const TimeRun once = run_on("ntpd", ntp_words, network, 3000, 5);
    const TimeRun again = run_on("ntpd", ntp_words, network, 3000, 5);
    const TimeRun other = run_on("ntpd", ntp_words, network, 3000, 6);
    CHECK(once.offset == again.offset);
    CHECK(once.polls == again.polls);
    CHECK(once.offset != other.offset);
}

TEST_CASE("without jitter every client learns the frequency and ends at the true time") {
    CHECK(std::abs(run_on("ntpd", ntp_words, path("0.01", "0.01"), 40'000).offset.back()) < 1e-6);
    CHECK(std::abs(run_on("ntpsec", ntp_words, path("0.01", "0.01"), 40'000).offset.back()) < 1e-6);
    CHECK(std::abs(run_on("chrony", chrony_words, path("0.01", "0.01"), 40'000).offset.back()) <
          1e-6);
    CHECK(
        std::abs(run_on("timesyncd", timesyncd_words, path("0.01", "0.01"), 80'000).offset.back()) <
        1e-5);
    CHECK(std::abs(run_on("busybox", busybox_words, path("0.01", "0.01"), 150'000).offset.back()) <
          1e-3);
}

TEST_CASE("ntpd's own loop learns the frequency as the kernel's does") {
    const std::string words = std::string("disable kernel\n") + ntp_words;
    const TimeRun daemon = run_on("ntpd", words, path("0.01", "0.01"), 40'000);
    CHECK(std::abs(daemon.offset.back()) < 1e-5);  // 10 ppm come as 10 us a second, by adjtime()
}

TEST_CASE("unequal paths leave half their difference") {
    for (const char* program : {"ntpd", "ntpsec"})
        CHECK(run_on(program, ntp_words, path("0.01", "0.03"), 40'000).offset.back() ==
              doctest::Approx(-0.01).epsilon(1e-3));
    CHECK(run_on("timesyncd", timesyncd_words, path("0.03", "0.01"), 80'000).offset.back() ==
          doctest::Approx(0.01).epsilon(1e-2));
}

TEST_CASE("a large offset is stepped once, a small one never") {
    struct Case {
        const char* program;
        const char* words;
        const char* small;
        const char* large;
    };
    for (const Case& c :
         {Case{"ntpd", ntp_words, "0.12", "0.14"}, Case{"ntpsec", ntp_words, "-0.12", "-0.14"},
          Case{"timesyncd", timesyncd_words, "0.39", "0.41"},
          Case{"busybox", busybox_words, "-0.9", "-1.1"}}) {
        CHECK(run_on(c.program, c.words, path("0.01", "0.01", c.small), 4000).steps == 0);
        const TimeRun stepped = run_on(c.program, c.words, path("0.01", "0.01", c.large), 4000);
        CHECK(stepped.steps == 1);
        CHECK(std::abs(stepped.offset.back()) < 0.02);
    }
}

TEST_CASE("ntpd gives up beyond 1000 s only after the first time") {
    const std::string far = path("0.01", "0.01", "5000");
    CHECK(run_on("ntpd", ntp_words, far, 1000).steps == 1);
    // Half an hour later the clock is 2000 s off again: the daemon stops and asks no more.
    const TimeRun stopped =
        run_on("ntpd", ntp_words,
               far +
                   "node2_step = (* 1000 (+ (pulse 3001 100000000) (* -1 (pulse 3000 "
                   "100000000))))\n",
               10'000);
    CHECK(stopped.steps == 1);
    CHECK(stopped.polls.back() < 3600);
}

TEST_CASE("ntpd polls at 2^poll s and up to a sixteenth later, in bursts of two seconds") {
    const TimeRun plain = run_on("ntpd", ntp_words, path("0.01", "0.01"), 20'000);
    for (std::size_t i = 1; i < plain.polls.size(); ++i) {
        const double wait = plain.polls[i] - plain.polls[i - 1];
        CHECK(wait > 63.9);
        CHECK(wait < 68.1);
    }
    const TimeRun burst =
        run_on("ntpd", "server 192.168.123.1 iburst\n", path("0.01", "0.01"), 1000);
    for (std::size_t i = 1; i < 6; ++i)
        CHECK(burst.polls[i] - burst.polls[i - 1] == doctest::Approx(2).epsilon(1e-3));
    CHECK(burst.polls[6] - burst.polls[0] > 60);
}

TEST_CASE("of three servers one that is half a second off does not count") {
    const std::string words =
        "server 192.168.123.1 minpoll 6 maxpoll 6\nserver 192.168.123.2 minpoll 6 maxpoll 6\n"
        "server 192.168.123.3 minpoll 6 maxpoll 6\n";
    std::string network =
        "node4_offset = 0.01\nnode4_freq = (+ 1e-05)\nnode3_offset = 0.5\n"
        "node4_pll_clamp = 1\n";
    for (const char* node : {"1", "2", "3"})
        network += std::string("node4_delay") + node + " = 0.01\nnode" + node + "_delay4 = 0.01\n";
    CHECK(std::abs(run_on("ntpd", words, network, 40'000).offset.back()) < 1e-5);
    const std::string command = "busybox ntpd -p 192.168.123.1 -p 192.168.123.2 -p 192.168.123.3";
    CHECK(std::abs(run_on("busybox", command, network, 150'000).offset.back()) < 1e-3);
}

TEST_CASE("without answers timesyncd asks again after 15 s and a third longer each time") {
    const TimeRun run = run_on("timesyncd", timesyncd_words, path("-1", "0.01"), 3000);
    REQUIRE(run.polls.size() > 8);
    double wait = 15;
    for (std::size_t i = 1; i < 9; ++i) {
        CHECK(run.polls[i] - run.polls[i - 1] == doctest::Approx(wait).epsilon(1e-3));
        wait = std::min(wait * 4 / 3, 360.0);
    }
    CHECK(run.replies == 0);
}
