#include "sweeps/constraint.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace driftstorm;

namespace {

const std::vector<SweptParameter> parameters{{"load", "req/s", false, false, {}, {}},
                                             {"outage", "s", false, false, {}, {}},
                                             {"pause", "ms", false, false, {}, {}},
                                             {"share", "%", false, false, {}, {}},
                                             {"policy", "", true, false, {}, {}}};

std::vector<ParameterValue> values(double load, double outage, double pause, double share,
                                   const std::string& policy) {
    return {value_of(parameters[0], load),
            value_of(parameters[1], outage),
            value_of(parameters[2], pause),
            value_of(parameters[3], share),
            {policy, policy, std::numeric_limits<double>::quiet_NaN()}};
}

bool meets(const std::string& text, const std::vector<ParameterValue>& at) {
    const ParsedConstraint parsed = parse_constraint(text, parameters);
    INFO(parsed.error);
    REQUIRE(parsed.constraint);
    return holds(*parsed.constraint, at);
}

std::string fault(const std::string& text) {
    const ParsedConstraint parsed = parse_constraint(text, parameters);
    CHECK_FALSE(parsed.constraint);
    return parsed.error;
}

}  // namespace

TEST_CASE("a constraint compares sums of one dimension, whatever their units") {
    const auto at = values(80, 10, 2500, 0.12, "none");
    CHECK(meets("outage > 2 s", at));
    CHECK(meets("outage == 10000 ms", at));
    CHECK(meets("pause < outage", at));
    CHECK_FALSE(meets("4 * pause < outage", at));
    CHECK(meets("4 * pause <= outage", at));
    CHECK(meets("outage - pause == 7.5 s", at));
    CHECK(meets("outage + pause - 1 s > 11 s", at));
    CHECK(meets("1 min > outage - -5 s", at));
    CHECK(meets("share < 13 %", at));
    CHECK(meets("share >= 12 %", at));
    CHECK(meets("load != 81 req/s", at));
}

TEST_CASE("one of several comparisons suffices, and words are equal or not") {
    const auto at = values(80, 10, 2500, 0.12, "fixed");
    CHECK(meets("load > 90 req/s or outage < 20 s", at));
    CHECK_FALSE(meets("load > 90 req/s or outage > 20 s", at));
    CHECK(meets("policy == fixed", at));
    CHECK(meets("policy != none or load > 90 req/s", at));
}

TEST_CASE("a constraint that means nothing says why") {
    CHECK(fault("load") == "compares nothing; a constraint has one of < <= > >= == !=");
    CHECK(fault("load < 10 s") == "compares a rate of events with a duration");
    CHECK(fault("laod < 10 req/s").find("did you mean 'load'?") != std::string::npos);
    CHECK(fault("1 s < 2 s") == "names no parameter of the design");
    CHECK(fault("policy < fixed") == "orders words; they can only be == or !=");
    CHECK(fault("policy + 1 < 2").find("which is") != std::string::npos);
    CHECK(fault("x * load < 1 req/s") == "has no number before '*'");
}
