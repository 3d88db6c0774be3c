#include "analysis/metric_paths.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace driftstorm;

namespace {
const MetricObjects objects{{"relays"},
                            {"shop", "v1.2"},
                            {"customers"},
                            {"phones"},
                            {{"relays", 3}, {"shop", 1}, {"v1.2", 1}}};
}

TEST_CASE("every metric is listed once, with help") {
    std::set<std::string> seen;
    for (const MetricPattern& pattern : metric_patterns()) {
        INFO(pattern.path);
        CHECK(seen.insert(pattern.path).second);
        CHECK_FALSE(pattern.help.empty());
        CHECK((pattern.unit.empty() || pattern.unit == "s" || pattern.unit == "%"));
    }
    CHECK(seen.size() > 150);
}

TEST_CASE("metrics have units, with or without their section") {
    CHECK(unit_of("messages.delivery_delay.p99") == "s");
    CHECK(unit_of("messages.undelivered_at_end") == "");
    CHECK(unit_of("relays.queue_depth.max") == "");
    CHECK(unit_of("servers.relays[1].queue_depth.max") == "");
    CHECK(unit_of("servers[v1.2].wait.share_zero") == "%");
    CHECK(unit_of("theory.recovery") == "s");
    CHECK_FALSE(unit_of("messages.delivery_delay.p98").has_value());
    CHECK_FALSE(unit_of(".queue_depth.max").has_value());
}

TEST_CASE("an unknown metric is refused with the nearest one") {
    for (const char* known :
         {"messages.lost", "relays.queue_depth.max", "servers.relays[1].queue_depth.mean",
          "shop.wait.mean", "v1.2.wait.mean", "servers[v1.2].wait.mean", "customers.recovery",
          "populations.customers.delay.mean", "phones.clock_offset.rms",
          "populations.phones.clock_offset.spread", "storms.resync.peak_to_baseline",
          "theory.drain"}) {
        INFO(known);
        CHECK_FALSE(metric_complaint(known, objects).has_value());
    }
    const auto complaint = [](const char* path) {
        return metric_complaint(path, objects).value_or("none");
    };
    CHECK(complaint("messages.delivery_delay.p89") ==
          "there is no metric 'messages.delivery_delay.p89'; did you mean "
          "'messages.delivery_delay.p99'?");
    CHECK(complaint("relay.queue_depth.max").find("did you mean 'relays.queue_depth.max'?") !=
          std::string::npos);
    CHECK(complaint("customers.wait.mean") != "none");  // of a station, not of clients
    CHECK(complaint("relays[x].queue_depth.max") != "none");
    CHECK(complaint("relays[2].queue_depth.max") == "none");
    CHECK(complaint("relays[3].queue_depth.max") ==
          "there is no metric 'relays[3].queue_depth.max': 'relays' has 3 nodes, numbered from 0");
    CHECK(complaint("relays[99999999999999999999].arrivals").find("has 3 nodes") !=
          std::string::npos);
    CHECK(complaint("shop[1].wait.mean").find("'shop' has 1 node,") != std::string::npos);
    CHECK(complaint("customers[0].intents") ==
          "there is no metric 'customers[0].intents': 'customers' is measured as a whole");
    CHECK(complaint("nothing like it").find("list metrics") != std::string::npos);
}
