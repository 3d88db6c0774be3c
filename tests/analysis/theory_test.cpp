#include "analysis/theory.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace driftstorm;

namespace {
using Facts = std::map<std::string, double>;
}

TEST_CASE("M/M/1 and M/M/2 have the textbook's values") {
    const Facts one{{"arrival_rate", 8}, {"service_mean", 0.1}};
    CHECK(*theory_metric("utilisation", one) == doctest::Approx(0.8));
    CHECK(*theory_metric("sojourn_mean", one) == doctest::Approx(0.5));  // 1 / (mu - lambda)
    CHECK(*theory_metric("wait_mean", one) == doctest::Approx(0.4));
    CHECK(*theory_metric("customers_mean", one) == doctest::Approx(4));  // rho / (1 - rho)
    CHECK(*theory_metric("queue_mean", one) == doctest::Approx(3.2));
    CHECK(*theory_metric("wait_share_zero", one) == doctest::Approx(0.2));
    // Two workers at rho = 0.8: Erlang C = 2 rho^2 / (1 + rho) = 0.7111...
    const Facts two{{"arrival_rate", 16}, {"service_mean", 0.1}, {"workers", 2}};
    CHECK(*theory_metric("wait_share_zero", two) == doctest::Approx(1 - 1.28 / 1.8));
    CHECK(*theory_metric("wait_mean", two) == doctest::Approx(1.28 / 1.8 * 0.1 / (2 * 0.2)));
    // M/G/1 by Pollaczek and Khinchine; no closed form with two workers, or where it is not M/G/1.
    Facts general{{"arrival_rate", 8}, {"service_mean", 0.1}, {"service_scv", 0}};
    CHECK(*theory_metric("wait_mean", general) == doctest::Approx(0.2));
    CHECK(*theory_metric("wait_share_zero", general) == doctest::Approx(0.2));
    CHECK(*theory_metric("customers_mean", general) == doctest::Approx(8 * 0.3));
    general["service_scv"] = 3;
    CHECK(*theory_metric("wait_mean", general) == doctest::Approx(0.8));
    general["plain_queue"] = 0;
    CHECK_FALSE(theory_metric("wait_mean", general).has_value());
    CHECK(*theory_metric("utilisation", general) == doctest::Approx(0.8));
    general["plain_queue"] = 1;
    general["workers"] = 2;
    CHECK_FALSE(theory_metric("wait_mean", general).has_value());
    const Facts overload{{"arrival_rate", 11}, {"service_mean", 0.1}};
    CHECK_FALSE(theory_metric("wait_mean", overload).has_value());
    CHECK(*theory_metric("utilisation", overload) == doctest::Approx(1.1));
}

TEST_CASE("an outage without retries leaves lambda D, drained in lambda D / (mu - lambda)") {
    const Facts facts{{"arrival_rate", 100}, {"service_mean", 0.005}, {"outage", 10}};
    CHECK(*theory_metric("peak_backlog", facts) == 1000);
    CHECK(*theory_metric("drain", facts) == doctest::Approx(10));
    CHECK(*theory_metric("mean_delay", facts) == 5);
}

TEST_CASE("one retry: recovery by the formula, never in the vulnerable region") {
    // mu = 300/s, T = 1 s, R = 1, d = 10 s: B0 = lambda (10 + 9).
    Facts facts{{"arrival_rate", 120},
                {"service_mean", 1.0 / 300},
                {"outage", 10},
                {"timeout", 1},
                {"retries", 1}};
    CHECK(*theory_metric("recovery", facts) == doctest::Approx((120 * 19 - 300) / 60.0));
    CHECK(*theory_metric("bad_state_load", facts) == 240);
    facts["arrival_rate"] = 280;
    CHECK(std::isinf(*theory_metric("recovery", facts)));
    facts["outage"] = 1;  // 280 held, done within the second
    CHECK(*theory_metric("recovery", facts) == 0);
    facts["outage"] = 10;
    facts["budget"] = 0.05;  // (1 + b) lambda = 294 < mu
    CHECK(*theory_metric("recovery", facts) == doctest::Approx((280 * 10 * 1.05 - 300) / 6.0));
    facts["arrival_rate"] = 140;
    facts["budget"] = 5;  // more than there are retries: as if there were none
    CHECK(*theory_metric("recovery", facts) == doctest::Approx((140 * 19 - 300) / 20.0));
    facts["retries"] = 0;
    CHECK(*theory_metric("bad_state_load", facts) == 140);
    CHECK(*theory_metric("recovery", facts) == doctest::Approx((140 * 10 - 300) / 160.0));
    facts.erase("timeout");
    CHECK_FALSE(theory_metric("recovery", facts).has_value());
}

TEST_CASE("reply inversion has the published values") {
    const auto inversion = [](double skew, double gap) {
        return *theory_metric("reply_inversion", {{"skew_sd", skew}, {"reply_gap_mean", gap}});
    };
    CHECK(inversion(5, 10) == doctest::Approx(0.1504).epsilon(5e-4));
    CHECK(inversion(1, 10) == doctest::Approx(0.0375).epsilon(2e-3));
    CHECK(inversion(30, 10) == doctest::Approx(0.378).epsilon(2e-3));
    CHECK(inversion(60, 60) == doctest::Approx(0.238).epsilon(2e-3));
    CHECK(inversion(0, 10) == 0);
    CHECK(inversion(300.01, 10) ==
          doctest::Approx(inversion(299.99, 10)).epsilon(1e-5));  // where the tail takes over
    CHECK(inversion(1e6, 1) < 0.5);
}

TEST_CASE("a herd that reconnects has the closed form's peak and end") {
    const Facts facts{{"reconnecting", 1000}, {"reconnect_spread", 5}, {"service_mean", 0.01}};
    CHECK(*theory_metric("reconnect_peak", facts) == doctest::Approx(500));
    CHECK(*theory_metric("reconnect_finish", facts) == doctest::Approx(10));
    CHECK_FALSE(theory_metric("nothing", facts).has_value());
    CHECK_FALSE(theory_metric("reconnect_peak", {}).has_value());
}
