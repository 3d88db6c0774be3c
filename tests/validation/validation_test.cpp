// The judge itself: what it reads, and that it can say no.
#include "sim/core/time.hpp"
#include "validation/families.hpp"
#include "validation/station_metrics.hpp"
#include "validation/station_spec.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

using namespace driftstorm;
using namespace driftstorm::validation;

namespace {

Verdict::Kind kind_of(const std::string& model, const std::string& params,
                      const std::string& metric, double reference) {
    return judge({Truth{model, params, metric, "", reference}}).at(0).kind;
}

constexpr auto passed = Verdict::Kind::passed;
constexpr auto failed = Verdict::Kind::failed;
constexpr auto not_expressed = Verdict::Kind::not_expressible;

}  // namespace

TEST_CASE("quoted fields, doubled quotes and line ends of either kind are read") {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / "driftstorm_truths_test.csv";
    std::ofstream(path, std::ios::binary) << "model,params,metric,value,formula\r\n"
                                             "\"a, \"\"b\"\"\",x=1;y=2,L,4,\"two\nlines\"\n"
                                             "c,,W,1e+06,\n";
    const std::vector<Truth> truths = read_truths(path.string());
    std::filesystem::remove(path);
    REQUIRE(truths.size() == 2);
    CHECK(truths[0].model == "a, \"b\"");
    CHECK(truths[0].reference == 4);
    CHECK(truths[1].reference == 1e6);
    CHECK_THROWS_AS(read_truths(path.string()), std::runtime_error);
}

TEST_CASE("a record that is no row says why, and the others are read") {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / "driftstorm_truths_trouble_test.csv";
    const auto write = [&](const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
    };
    write(
        "model,params,metric,value\nM/M/1,rho=0.5\n \t\nM/M/1,rho=0.5,L,four\n"
        "M/M/1,rho=0.5,P_wait,50 %\nM/M/1,rho=0.5,L,1 (of two)\nM/M/1,rho=0.5,L,1 elephant\n");
    const std::vector<Truth> truths = read_truths(path.string());
    REQUIRE(truths.size() == 5);
    CHECK(truths[0].trouble == "line 2: 2 fields where 4 are needed");
    CHECK(truths[1].trouble == "line 4: no reference value: 'four'");
    CHECK(truths[2].trouble.empty());
    CHECK(truths[2].reference == 0.5);
    CHECK(truths[3].reference == 1);
    CHECK(truths[4].trouble == "line 7: no reference value: '1 elephant'");
    write("model,params,metric,value\nM/M/1,\"rho=0.5,L,1\nM/M/1,rho=0.5,L,1\n");
    CHECK_THROWS_WITH_AS(
        read_truths(path.string()),
        (path.string() + ": line 2: a quoted field begins that does not end").c_str(),
        std::runtime_error);
    std::filesystem::remove(path);
}

TEST_CASE("parameters keep their units and remarks") {
    const Parameters params(
        "think=1/0.02;K=10(in system);fwd=50ms;skew diff ~N(0,5^2) s; reply gap ~Exp(mean 10 ms)");
    CHECK(*params.seconds_of({"think"}) == 50);
    CHECK(*params.first_of({"k"}) == 10);
    CHECK(params.remark("k") == "(in system)");
    CHECK(*params.seconds_of({"fwd"}) == 0.05);
    CHECK(params.stated_law("n")->scale == 5);
    CHECK(params.stated_law("exp")->scale == 0.01);
    CHECK(params.unread().empty());
    const Parameters apart("lambda = 48/min mu=2 per s; share=50%;");
    CHECK(*apart.first_of({"lambda"}) == 0.8);
    CHECK(*apart.first_of({"mu"}) == 2);
    CHECK(*apart.first_of({"share"}) == 0.5);
    CHECK(apart.unread().empty());
    const Parameters laws("a ~N(-2 ms, sd 5 ms); b ~Exp(rate 6 per min)");
    CHECK(laws.stated_law("n")->mean == -0.002);
    CHECK(laws.stated_law("n")->scale == 0.005);
    CHECK(laws.stated_law("exp")->scale == 10);
}

TEST_CASE("what a row says and nobody understands is not passed over") {
    const auto unread = [](const std::string& text) {
        const Parameters params(text);
        params.first_of({"mu"});
        return params.unread();
    };
    using Words = std::vector<std::string>;
    CHECK(unread("mu=1").empty());
    CHECK(unread("mu=1;LIFO") == Words{"LIFO"});
    CHECK(unread("mu=1;discipline=LIFO") == Words{"discipline=LIFO"});
    CHECK(unread("mu=1;mu=2") == Words{"mu=2"});
    CHECK(unread("mu=1;service ~Pareto(2)") == Words{"law pareto"});
    CHECK(unread("mu=1;service ~Pareto") == Words{"service ~Pareto"});
    CHECK(kind_of("M/M/1", "lambda=0.8;mu=1;LIFO", "W_p99", 23.0259) == not_expressed);
    CHECK(kind_of("M/M/1", "lambda=0.8;mu=1;T=1", "L", 4) == not_expressed);
    CHECK(kind_of("MTProto window reject", "clock offset ~Cauchy(5) s", "P(reject 17: ahead>30s)",
                  0.1) == not_expressed);
}

TEST_CASE("the exact binomial test knows small cases by heart") {
    CHECK(binomial_p_value(2, 10, 0.5) == doctest::Approx(2 * 56.0 / 1024));
    CHECK(binomial_p_value(8, 10, 0.5) == doctest::Approx(2 * 56.0 / 1024));
    CHECK(binomial_p_value(5, 10, 0.5) == 1);
    CHECK(binomial_p_value(0, 100, 0.0) == 1);
    CHECK(binomial_p_value(1, 100, 0.0) == 0);
    CHECK(binomial_p_value(3, 3, 0.1) == doctest::Approx(2e-3));
    CHECK(judge_binomial(0.3, 3'100, 10'000).kind == passed);
    CHECK(judge_binomial(0.3, 3'200, 10'000).kind == failed);
}

TEST_CASE(
    "quantiles of the fine histogram are exact to its buckets, and runs can be taken out again") {
    FineHistogram all;
    FineHistogram part;
    for (int i = 1; i <= 10'000; ++i) all.add(i);
    for (int i = 1; i <= 10'000; ++i) part.add(i * 1e3);
    all.merge(part, 1);
    all.merge(part, -1);
    CHECK(all.quantile(0.99) == doctest::Approx(9900).epsilon(3e-4));
    CHECK(all.quantile(0.5) == doctest::Approx(5000).epsilon(3e-4));
}

TEST_CASE("Kendall's notation says what is built") {
    const auto spec = [](const std::string& model, const std::string& params) {
        return station_spec(model, Parameters(params));
    };
    CHECK(spec("M/M/c/c", "c=5;a=4").spec->station.queue_limit == 0);
    CHECK(spec("M/M/c/c", "c=5;a=4").spec->station.workers == 5);
    CHECK(spec("M/M/1/K", "rho=0.8;K=10(in system)").spec->station.queue_limit == 9);
    CHECK(spec("M/G/1", "rho=0.8;ES=2;SCV=0.25(Erlang4)").spec->station.service_time.variance() ==
          doctest::Approx(1));
    CHECK(spec("M/G/1", "rho=0.8;ES=1;SCV=4(H2_scv4)").spec->station.service_time.variance() ==
          doctest::Approx(4));
    CHECK(
        spec("M/M/c+M (Erlang-A)", "lambda=2;mu=1;theta=0.5;c=1").spec->station.patience->mean() ==
        2);
    CHECK(spec("M/M/1//N finite population", "N=50;think=1/0.02;mu=1").spec->members == 50);
    CHECK(spec("M / M / 4 // 30 finite population", "lambda=0.1;mu=1").spec->members == 30);
    CHECK(spec("M/M/inf", "lambda=3;mu=1").spec->station.workers == 1'000'000);
    const auto variance = [&](const std::string& model, const std::string& params) {
        return spec(model, params).spec->station.service_time.variance();
    };
    CHECK(variance("M/Ek/1", "k=4;lambda=0.8;mu=1") == doctest::Approx(0.25));
    CHECK(variance("M/U/1", "rho=0.8;ES=2") == doctest::Approx(4.0 / 3));
    CHECK(variance("M/G/1", "rho=0.8;ES=2;ES2=6") == doctest::Approx(2));
    CHECK(variance("M/G/1", "rho=0.8;ES=1;CV=2(lognormal)") == doctest::Approx(4));
    CHECK(variance("M/G/1 deterministic service", "rho=0.8;ES=1") == 0);
    CHECK(spec("M^[4]/M/1", "rho=0.8;mu=1").spec->arrivals.rate == doctest::Approx(0.2));
    CHECK(!spec("M/M/1", "lambda=0.8").spec);  // of which service?
    CHECK(!spec("M/M/1", "lambda=0.8;mu=1;c=2").spec);
    CHECK(!spec("M/M/1", "lambda=0.8;mu=1;SCV=4").spec);
    CHECK(!spec("M/M/c", "c=2.5;lambda=0.8;mu=1").spec);
    CHECK(!spec("M^X/M/1 fixed batch", "rho=0.8;D=2.5;mu=1").spec);
    CHECK(!spec("M/M/1", "lambda=1.2;mu=1").spec);
    CHECK(!spec("M/M/1", "lambda=0.5;mu=1;phase of the moon=3").spec);
    CHECK(!spec("a queue of elephants", "lambda=0.5").spec);
}

TEST_CASE("right references pass and wrong ones fail") {
    const std::string fluid = "fluid outage backlog (no retry)";
    CHECK(kind_of(fluid, "lambda=140;mu=300;D=10", "drain_s", 8.75) == passed);
    CHECK(kind_of(fluid, "lambda=140;mu=300;D=10", "drain_s", 8.7) == failed);
    CHECK(kind_of(fluid, "lambda=140;mu=300;D=10", "peak_backlog", 1402) == failed);
    CHECK(kind_of(fluid, "lambda=140;mu=300;D=10", "elephants", 1) == not_expressed);
    const std::string bronson = "fluid outage + 1 retry (Bronson)";
    CHECK(kind_of(bronson, "lambda=100;mu=300;D=10;T=1;R=1", "recovery_s", 16) == passed);
    CHECK(kind_of(bronson, "lambda=150;mu=300;D=10;T=1;R=1", "recovery_s", INFINITY) == passed);
    CHECK(kind_of(bronson, "lambda=150;mu=300;D=10;T=1;R=1", "recovery_s", 100) == failed);
    CHECK(kind_of("reconnect storm uniform jitter J", "N=1000;J=60;mu=5", "finish_s", 200) ==
          passed);
    CHECK(kind_of("reconnect storm uniform jitter J", "N=1000;J=60;mu=50", "finish_s", 60) ==
          passed);
    CHECK(kind_of("reconnect storm uniform jitter J", "N=1000;J=60;mu=5", "peak_queue", 702) ==
          failed);
    CHECK(kind_of("layered retries", "attempts/layer=3;layers=3", "amplification", 27) == passed);
    CHECK(kind_of("layered retries", "attempts/layer=3;layers=3", "amplification", 28) == failed);
    CHECK(kind_of("retry amplification independent failure f", "f=0.5;R=1", "attempts/request",
                  1.5) == passed);
    CHECK(kind_of("retry amplification independent failure f", "f=0.5;R=1", "attempts/request",
                  1.51) == failed);
    CHECK(kind_of("clock skew", "ppm=20", "drift_s_per_day", 1.728) == passed);
    CHECK(kind_of("clock skew", "ppm=20", "drift_s_per_day", 1.7281) == failed);
    CHECK(kind_of("NTP offset error by asymmetric path", "fwd=20ms;back=500ms", "offset_error_ms",
                  -240) == passed);
    CHECK(kind_of("NTP offset error by asymmetric path", "fwd=20ms;back=500ms", "offset_error_ms",
                  240) == failed);
    CHECK(kind_of("clock skew", "ppm=15", "drift_us_per_s", 15) == passed);
}

TEST_CASE("delays of a reconnecting herd are those of all of it") {
    const std::string herd = "reconnect storm uniform jitter J";  // the last of 1000 waits 140 s
    CHECK(kind_of(herd, "N=1000;J=60;mu=5", "max_delay_s", 140) == passed);
    CHECK(kind_of(herd, "N=1000;J=60;mu=5", "mean_delay_s", 70) == passed);
    CHECK(kind_of(herd, "N=1000;J=60;mu=5", "mean_delay_s", 71) == failed);
}

TEST_CASE("layers may make millions of attempts of one request") {
    CHECK(kind_of("layered retries", "attempts/layer=2000;layers=2", "amplification", 4e6) ==
          passed);
}

TEST_CASE("the number of retries may stand in the model's name") {
    const std::string params = "lambda=100;mu=300;D=10;T=1";
    CHECK(kind_of("fluid outage + 1 retry (Bronson)", params, "recovery_s", 16) == passed);
    CHECK(kind_of("fluid outage, retrying clients", params, "recovery_s", 16) == not_expressed);
    CHECK(kind_of("fluid outage + 1 retry", params + ";R=1.5", "recovery_s", 16) == not_expressed);
    CHECK(kind_of("fluid outage backlog (no retry)", "lambda=140;mu=300;D=10;R=0", "drain_s",
                  8.75) == passed);
}

TEST_CASE("a window has its own limits, and clocks may be off on the average") {
    const std::string window = "MTProto window reject";
    const auto beyond = [](double limits) { return std::erfc(limits / std::sqrt(2.0)) / 2; };
    CHECK(kind_of(window, "clock offset ~N(0,30^2) s", "P(reject 16: behind>17s)",
                  beyond(17.0 / 30)) == passed);
    CHECK(kind_of(window, "clock offset ~N(5,30^2) s", "P(reject 17: ahead>30s)",
                  beyond(25.0 / 30)) == passed);
    CHECK(kind_of(window, "clock offset ~N(-5,30^2) s", "P(reject 17: ahead>30s)",
                  beyond(25.0 / 30)) == failed);
    CHECK(kind_of(window, "clock offset ~N(0,300^2) s", "P(accept)", 1 - beyond(0.1) - beyond(1)) ==
          passed);
}

TEST_CASE("runs that would outlast the simulator's time, or a patient person, are not begun") {
    CHECK(kind_of("M/M/1", "lambda=8e-7;mu=1e-6", "L", 4) == not_expressed);
    CHECK(kind_of("M/M/1", "lambda=0.9999;mu=1", "L", 9999) == not_expressed);
    const SpecOrReason slow = station_spec("M/M/1", Parameters("lambda=8e-5;mu=1e-4"));
    CHECK(run_length(*slow.spec).end_s < horizon.seconds());
}

TEST_CASE("a station's sums give its metrics, and a wrong reference is refused") {
    const SpecOrReason made = station_spec("M/M/c/c", Parameters("c=5;a=5"));
    StationWants wants;
    const auto block = station_metric("ErlangB_block", *made.spec, wants);
    const auto busy = station_metric("mean_busy", *made.spec, wants);
    REQUIRE((block && busy));
    std::vector<StationSums> runs;
    for (std::uint64_t seed = 1; seed <= 8; ++seed)
        runs.push_back(run_station(*made.spec, wants, {20, 2'000}, seed));
    const Estimate blocked = estimate(*block, runs);
    CHECK(blocked.standard_error < 0.005);
    CHECK(agrees(0.284868, blocked));
    CHECK(!agrees(0.32, blocked));
    CHECK(std::abs(estimate(*busy, runs).value - 5 * (1 - 0.284868)) < 0.1);
}

TEST_CASE("a metric may be written in several ways") {
    const SpecOrReason made = station_spec("M/M/1", Parameters("lambda=0.5;mu=1"));
    StationWants wants;
    const auto metric = [&](const std::string& name) {
        const auto found = station_metric(name, *made.spec, wants);
        REQUIRE_MESSAGE(found, name);
        return *found;
    };
    using Names = std::vector<std::string>;
    for (const Names& names :
         {Names{"W_p95", "p95(W)", "W_sojourn_p95"}, Names{"Wq", "W_q", "Wq(CTMC)", "E[Wq]"},
          Names{"L", "L(analytic)", "L (exact)"}, Names{"P(N>1)", "P(Q>0)", "P(Lq > 0)"},
          Names{"Var(N)", "N_var"}, Names{"sd(W)", "W_std"}, Names{"P(Wq>2 s)", "P(Wq>t=2)"}}) {
        std::vector<StationMetric> metrics;
        for (const std::string& name : names) metrics.push_back(metric(name));
        const StationSums sums = run_station(*made.spec, wants, {20, 500}, 1);
        for (const StationMetric& of : metrics) CHECK(of(sums) == metrics[0](sums));
    }
    const StationMetric above = metric("P(W>1.5)");
    const StationMetric below = metric("P(W <= 1.5)");
    const StationMetric variance = metric("Var(W)");
    const StationMetric deviation = metric("sd(W)");
    const StationSums sums = run_station(*made.spec, wants, {20, 500}, 1);
    CHECK(above(sums) > 0);
    CHECK(above(sums) + below(sums) == doctest::Approx(1));
    CHECK(deviation(sums) * deviation(sums) == doctest::Approx(variance(sums)));
}

TEST_CASE("who retries is in a retrial queue, and waits in its orbit") {
    const SpecOrReason made =
        station_spec("M/M/1/1 retrial", Parameters("lambda=0.5;mu=1;theta=1"));
    StationWants wants;
    const auto metric = [&](const std::string& name) {
        return *station_metric(name, *made.spec, wants);
    };
    std::vector<StationSums> runs;
    for (std::uint64_t seed = 1; seed <= 8; ++seed)
        runs.push_back(run_station(*made.spec, wants, {200, 20'000}, seed));
    const auto value = [&](const std::string& name) { return estimate(metric(name), runs).value; };
    CHECK(value("L") == doctest::Approx(value("E[orbit]") + value("P(busy)")));
    CHECK(value("Lq") == value("E[orbit]"));
    CHECK(value("L") == doctest::Approx(0.5 * value("W")).epsilon(0.02));  // Little's law
    CHECK(value("Lq") == doctest::Approx(0.5 * value("Wq")).epsilon(0.02));
    CHECK(value("P_wait") == doctest::Approx(value("P(busy)")).epsilon(0.02));  // PASTA
    CHECK(!station_metric("P(Wq>1)", *made.spec, wants));
    CHECK(!station_metric("Wq_p95", *made.spec, wants));
}
