#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A metric, or a family of metrics of one object: `<relays>`, `<station>`, `<clients>` and
/// `<devices>` stand for the name of a relay group, station, population of customers or of devices,
/// `<cause>` for a cause of delay.
struct MetricPattern {
    std::string path;  ///< "messages.delivery_delay.p99", "<relays>.queue_depth.max"
    std::string unit;  ///< of the value: "s", "%" (as a fraction) ... ; "" = a count or factor
    std::string help;
};

/// Every metric there is, in order of subject, families of words written out.
const std::vector<MetricPattern>& metric_patterns();

/// Names of a scenario's objects that have metrics.
struct MetricObjects {
    std::vector<std::string> relays;                            ///< relay groups: "relays"
    std::vector<std::string> stations;                          ///< "shop"
    std::vector<std::string> clients;                           ///< populations of customers
    std::vector<std::string> devices;                           ///< populations of devices
    std::map<std::string, std::uint64_t, std::less<>> nodes{};  ///< of each group of servers
};

/// The path without its section ("servers.relays.x" -> "relays.x") and without brackets around a
/// name with dots.
std::string without_section(std::string_view path);

/// Unit of a metric's value; nullopt if there is no such metric. Any object name is taken for one.
std::optional<std::string> unit_of(std::string_view path);

/// Why a scenario with these objects has no such metric, with the nearest one; nullopt if it has
/// it.
std::optional<std::string> metric_complaint(std::string_view path, const MetricObjects& objects);

}  // namespace driftstorm
