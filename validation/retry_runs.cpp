#include "models/servers/open_arrivals.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "sim/core/kernel.hpp"
#include "validation/families.hpp"

#include <cmath>
#include <cstring>

namespace driftstorm::validation {

namespace {

constexpr std::uint64_t requests_per_run = 20'000;
constexpr std::uint32_t most_layers = 64;
constexpr double most_attempts = 2e7;

/// Counts attempts and ends of requests by group.
class RetryProbe : public TableSink {
  public:
    double attempts = 0;
    double requests = 0;
    double succeeded = 0;
    double at_bottom = 0;
    explicit RetryProbe(EntityId top) : top_(top) {}

    void row(const RowType& type, const RowStamp&, const std::byte* bytes) override {
        if (type.table == ServiceEnd::table) at_bottom += 1;
        if (type.table != RequestEnd::table) return;
        RequestEnd row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        if (row.clients != top_) return;
        requests += 1;
        attempts += row.attempts;
        if (row.outcome == Service::served) succeeded += 1;
    }

  private:
    EntityId top_;
};

/// Requests through `layers` groups of clients, each with `retries`, to a station that answers at
/// once, in error with probability `failure`.
RetryProbe run_retries(std::uint32_t layers, std::uint32_t retries, double failure,
                       std::uint64_t requests, std::uint64_t seed) {
    Stations stations;
    OpenArrivals arrivals;
    RetryingClients clients;
    Kernel kernel({.seed = seed, .partitions = 1, .digest = false});
    kernel.add_model(0, stations);
    kernel.add_model(0, arrivals);
    kernel.add_model(0, clients);
    Stations::Params server;
    server.service_time = Distribution::constant(0);
    server.error_share = failure;
    stations.add(server, stable_hash("servers.desk"), answer_door<RetryingClients>());
    AskDoor door = ask_door(kernel.add_entity<Stations>(0, identity_of("servers.desk")));
    RetryingClients::Params retry;
    retry.retries = retries;
    // Any wait will do: millions of attempts at one instant are a loop to the kernel.
    retry.backoff = RetryWait::fixed;
    retry.wait = Duration{1};
    Address<RetryingClients> top;
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        const std::string declared = "populations.layer" + std::to_string(layer);
        const bool uppermost = layer + 1 == layers;
        clients.add(retry, stable_hash(declared), door,
                    uppermost ? AnswerDoor{} : answer_door<RetryingClients>());
        top = kernel.add_entity<RetryingClients>(0, identity_of(declared));
        door = ask_door(top);
    }
    OpenArrivals::Params load;
    load.process = ArrivalProcess::constant;
    load.count = requests;
    const Index population = arrivals.add(load, door);
    arrivals.open(
        population,
        kernel.as(kernel.add_entity<OpenArrivals>(0, identity_of("populations.customers")).id));
    RetryProbe probe(top.id);
    kernel.add_sink(probe);
    kernel.run_until(Time{static_cast<std::int64_t>(requests + 1) * 1'000'000'000});
    return probe;
}

Estimate estimate_of(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    for (const double value : values) mean += value / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {mean, std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

std::vector<Verdict> judge_amplification(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    const double failure = params.first_of({"f", "failure", "p_fail"}).value_or(-1);
    const double retries = params.first_of({"r", "retries"}).value_or(-1);
    if (failure < 0 || failure > 1 || retries < 0 || retries > 1000 ||
        retries != std::floor(retries) || !params.unread().empty())
        return std::vector<Verdict>(rows.size(),
                                    not_expressible("f or R not given, or more than these"));
    const auto measure = [&](bool of_success, std::uint64_t first, std::size_t count) {
        std::vector<double> values;
        for (std::uint64_t seed = first; seed < first + count; ++seed) {
            const RetryProbe probe = run_retries(1, static_cast<std::uint32_t>(retries), failure,
                                                 requests_per_run, seed);
            values.push_back((of_success ? probe.succeeded : probe.attempts) / probe.requests);
        }
        return estimate_of(values);
    };
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        const bool of_failure =
            m == "failure" || m == "p_fail" || m == "p(fail)" || m == "p_failure";
        const bool of_success = of_failure || m == "success" || m == "p_success" ||
                                m == "p(success)" || m == "success_ratio";
        if (!of_success && m != "attempts/request" && m != "attempts_per_request" &&
            m != "amplification") {
            verdicts.push_back(not_expressible("metric not understood"));
            continue;
        }
        const double reference = of_failure ? 1 - row.reference : row.reference;
        Estimate found = measure(of_success, 1, 20);
        std::string remark;
        if (!agrees(reference, found)) {
            found = measure(of_success, 1001, 80);
            remark = "80 fresh seeds";
        }
        const bool passed = agrees(reference, found);
        verdicts.push_back({passed ? Verdict::Kind::passed : Verdict::Kind::failed,
                            of_failure ? 1 - found.value : found.value, found.standard_error,
                            remark});
    }
    return verdicts;
}

std::vector<Verdict> judge_layers(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    const double attempts = params.first_of({"attempts/layer", "attempts", "a"}).value_or(0);
    const double layers = params.first_of({"layers", "l", "k"}).value_or(0);
    const auto all = [&](const std::string& why) {
        return std::vector<Verdict>(rows.size(), not_expressible(why));
    };
    if (!(attempts >= 1) || !(layers >= 1) || layers > most_layers ||
        attempts != std::floor(attempts) || layers != std::floor(layers) ||
        !params.unread().empty())
        return all("attempts per layer or layers not given, or more than these");
    if (std::pow(attempts, layers) > most_attempts) return all("too many attempts to simulate");
    // One request: when every attempt fails all requests are alike.
    const RetryProbe probe = run_retries(static_cast<std::uint32_t>(layers),
                                         static_cast<std::uint32_t>(attempts) - 1, 1.0, 1, 1);
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        if (m == "amplification" || m == "attempts/request" || m == "attempts_per_request") {
            verdicts.push_back(judge_exact(row.reference, probe.at_bottom / probe.requests));
        } else {
            verdicts.push_back(not_expressible("metric not understood"));
        }
    }
    return verdicts;
}

}  // namespace driftstorm::validation
