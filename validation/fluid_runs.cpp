#include "models/servers/open_arrivals.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "sim/core/kernel.hpp"
#include "validation/families.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

namespace driftstorm::validation {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double most_arrivals = 2e7;

Time nearest_time(double seconds) {
    return Time{static_cast<std::int64_t>(std::llround(seconds * 1e9))};
}

/// Watches one station and one group of clients around an outage.
class OutageProbe : public TableSink {
  public:
    OutageProbe(Time from, Time to, double patience_s)
        : from_(from), to_(to), patience_s_(patience_s) {}

    std::uint32_t most_waiting = 0;
    std::uint32_t most_present = 0;
    Time drained = end_of_time;  ///< first instant after the outage with nobody waiting
    Time last_end{};             ///< of a service
    double delay_s = 0;  ///< waits of those who came from the outage's begin until it was drained
    double affected = 0;
    double longest_delay_s = 0;
    /// The last attempt that found more work ahead of it than clients wait, and the next one, which
    /// did not. (Its own service has no length in the fluid.)
    struct Attempt {
        Time arrived{};
        double waited_s = 0;
    };
    Attempt last_slow;
    std::optional<Attempt> first_fast;
    Time last_troubled{};  ///< creation of the last request that its first attempt did not satisfy
    Time last_fine{};      ///< creation of the last one that it did

    void row(const RowType& type, const RowStamp&, const std::byte* bytes) override {
        if (type.table == StationLevel::table) level(row_of<StationLevel>(bytes));
        if (type.table == ServiceEnd::table) end(row_of<ServiceEnd>(bytes));
        if (type.table == RequestEnd::table) request(row_of<RequestEnd>(bytes));
    }

  private:
    template <class R>
    static R row_of(const std::byte* bytes) {
        R row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        return row;
    }
    void level(const StationLevel& now) {
        most_waiting = std::max(most_waiting, now.waiting);
        most_present = std::max(most_present, now.waiting + now.in_service);
        if (now.at >= to_ && now.waiting == 0 && drained == end_of_time && now.up) drained = now.at;
    }
    void end(const ServiceEnd& end) {
        last_end = end.at;
        const Time arrived = end.at - end.stayed;
        const Attempt attempt{arrived, end.waited.seconds()};
        if (attempt.waited_s > patience_s_) {
            last_slow = attempt;
            first_fast.reset();
        } else if (!first_fast) {
            first_fast = attempt;
        }
        if (arrived < from_ || arrived > drained) return;
        delay_s += end.waited.seconds();
        affected += 1;
        longest_delay_s = std::max(longest_delay_s, end.waited.seconds());
    }
    void request(const RequestEnd& request) {
        Time& last =
            request.attempts > 1 || request.outcome != Service::served ? last_troubled : last_fine;
        last = std::max(last, request.created);
    }

    Time from_;
    Time to_;
    double patience_s_;
};

struct OutageSetting {
    double lambda = 0, mu = 0, outage_s = 0, timeout_s = 0;
    std::uint32_t retries = 0;
    bool with_clients = false;
    double bad_load() const { return lambda * (1 + static_cast<double>(retries)); }
};

/// Retries that a model's name tells: 1 of "outage + 1 retry", 0 of "(no retry)".
std::optional<double> retries_named(const std::string& model) {
    const std::string words = squeezed(model);
    const std::size_t at = words.find("retr");
    if (at == std::string::npos) return std::nullopt;
    std::size_t from = at;
    while (from > 0 && std::isdigit(static_cast<unsigned char>(words[from - 1])) != 0) --from;
    if (from < at) return std::strtod(words.c_str() + from, nullptr);
    if (words.substr(0, at).ends_with("no") || words.substr(0, at).ends_with("without")) return 0;
    return std::nullopt;
}

/// Time [s] by which a backlog that drains at all has drained, with a margin.
double horizon_of(const OutageSetting& s) {
    const double backlog = s.lambda * s.outage_s * (1 + static_cast<double>(s.retries));
    const double spare = s.mu - s.bad_load();
    return spare > 0 ? 1.2 * backlog / spare + 10 / s.mu + 2 * s.timeout_s + 10 / s.lambda
                     : 20 * s.outage_s + 100 * s.timeout_s;
}

}  // namespace

std::vector<Verdict> judge_outage(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    OutageSetting s;
    const auto all = [&](const std::string& why) {
        return std::vector<Verdict>(rows.size(), not_expressible(why));
    };
    s.lambda = params.first_of({"lambda", "load"}).value_or(0);
    s.mu = params.first_of({"mu", "capacity"}).value_or(0);
    s.outage_s = params.seconds_of({"d", "outage"}).value_or(-1);
    s.timeout_s = params.seconds_of({"t", "timeout"}).value_or(0);
    const std::optional<double> given = params.first_of({"r", "retries"});
    const std::optional<double> retries = given ? given : retries_named(rows.front().model);
    s.with_clients = params.has("t") || params.has("timeout") || retries.value_or(0) > 0;
    if (!(s.lambda > 0) || !(s.mu > 0) || s.outage_s < 0) return all("lambda, mu or D not given");
    if (s.with_clients && (!(s.timeout_s > 0) || !retries))
        return all("timeout T or retries R not given");
    if (retries && (!(*retries >= 0) || *retries > 1000 || *retries != std::floor(*retries)))
        return all("R is no number of retries");
    s.retries = static_cast<std::uint32_t>(retries.value_or(0));
    if (!params.unread().empty())
        return all("parameter not understood: " + params.unread().front());
    const double after_s = horizon_of(s);
    // The outage begins halfway between two arrivals, so that means over the arrivals are means
    // over time (at a phase of 0 each is off by half a gap).
    const double quiet_arrivals = std::ceil(std::max(3.0, s.lambda * 2 * s.timeout_s));
    const double begin_s = (quiet_arrivals - 0.5) / s.lambda;
    const double end_s = begin_s + s.outage_s + after_s;
    if (s.bad_load() * (end_s + 1) > most_arrivals) return all("too many arrivals to simulate");

    Stations stations;
    OpenArrivals arrivals;
    RetryingClients clients;
    Kernel kernel({.seed = 1, .partitions = 1, .digest = false});
    kernel.add_model(0, stations);
    kernel.add_model(0, arrivals);
    kernel.add_model(0, clients);
    Stations::Params server;
    server.service_time = Distribution::constant(1 / s.mu);
    stations.add(server, stable_hash("servers.desk"),
                 s.with_clients ? answer_door<RetryingClients>() : AnswerDoor{});
    const Address<Stations> desk = kernel.add_entity<Stations>(0, identity_of("servers.desk"));
    AskDoor door = ask_door(desk);
    if (s.with_clients) {
        RetryingClients::Params retry;
        retry.timeout = nearest_time(s.timeout_s) - Time{};
        retry.retries = s.retries;
        clients.add(retry, stable_hash("populations.clients"), door);
        door = ask_door(kernel.add_entity<RetryingClients>(0, identity_of("populations.clients")));
    }
    OpenArrivals::Params load;
    load.process = ArrivalProcess::constant;
    load.rate = s.lambda;
    const Index population = arrivals.add(load, door);
    arrivals.open(
        population,
        kernel.as(kernel.add_entity<OpenArrivals>(0, identity_of("populations.customers")).id));
    const Time begin = nearest_time(begin_s);
    const Time up = nearest_time(begin_s + s.outage_s);
    OutageProbe probe(begin, up, s.timeout_s);
    kernel.add_sink(probe);
    Context& outside = kernel.as(desk.id);
    outside.send(begin - Time{}, desk, Stations::SetDown{true});
    outside.send(up - Time{}, desk, Stations::SetDown{false});
    kernel.run_until(nearest_time(end_s));

    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        // A backlog shrinks by mu - load customers per s: this is two customers.
        const double tolerance_s = s.mu > s.bad_load() ? 2 / (s.mu - s.bad_load()) : 0;
        if (m == "peak_backlog" || m == "peak_queue" || m == "peak") {
            verdicts.push_back(judge_within(row.reference, probe.most_waiting, 1));
        } else if (m == "drain_s" || m == "drain") {
            const double drain_s =
                probe.drained == end_of_time ? infinite : (probe.drained - up).seconds();
            verdicts.push_back(judge_within(row.reference, drain_s, tolerance_s));
        } else if (m == "mean_delay_of_affected_s" || m == "mean_delay_s") {
            // Of the arrivals from begin to drained: rate times time, where a whole number of them
            // would be off by up to a half.
            const double arrived = s.lambda * (probe.drained - begin).seconds();
            verdicts.push_back(judge_within(
                row.reference, probe.affected > 0 ? probe.delay_s / arrived : 0, 1 / s.mu));
        } else if (m == "max_delay_s" || m == "peak_delay_s") {
            verdicts.push_back(judge_within(row.reference, probe.longest_delay_s, 1 / s.mu));
        } else if (m == "affected" || m == "arrivals_affected") {
            verdicts.push_back(
                judge_within(row.reference, probe.affected, 1 + s.lambda * tolerance_s));
        } else if ((m == "recovery_s" || m == "recovery") && s.with_clients) {
            // Recovered when an attempt would stay just as long as clients wait, which is between
            // the last that stayed longer and the next.
            const bool never = probe.last_troubled >= probe.last_fine || !probe.first_fast;
            const auto& [slow_at, slow_s] = probe.last_slow;
            const double share =
                never ? 0 : (slow_s - s.timeout_s) / (slow_s - probe.first_fast->waited_s);
            const double recovery_s =
                never ? 0
                      : (slow_at - up).seconds() +
                            share * (probe.first_fast->arrived - slow_at).seconds();
            verdicts.push_back(judge_within(
                row.reference, never ? infinite : std::max(0.0, recovery_s), tolerance_s));
        } else {
            verdicts.push_back(not_expressible("metric not understood"));
        }
        if (std::isnan(row.reference)) verdicts.back() = not_expressible("no reference value");
    }
    return verdicts;
}

std::vector<Verdict> judge_reconnect(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    const auto all = [&](const std::string& why) {
        return std::vector<Verdict>(rows.size(), not_expressible(why));
    };
    const double n = params.first_of({"n", "clients"}).value_or(0);
    const double spread_s = params.seconds_of({"j", "jitter"}).value_or(-1);
    const double mu = params.first_of({"mu", "capacity"}).value_or(0);
    if (!(n >= 2) || n != std::floor(n) || spread_s < 0 || !(mu > 0))
        return all("N, J or mu not given, or N not whole");
    if (n > most_arrivals) return all("too many clients to simulate");
    if (!params.unread().empty())
        return all("parameter not understood: " + params.unread().front());

    Stations stations;
    OpenArrivals arrivals;
    Kernel kernel({.seed = 1, .partitions = 1, .digest = false});
    kernel.add_model(0, stations);
    kernel.add_model(0, arrivals);
    Stations::Params server;
    server.service_time = Distribution::constant(1 / mu);
    stations.add(server, stable_hash("servers.desk"));
    const Address<Stations> desk = kernel.add_entity<Stations>(0, identity_of("servers.desk"));
    OpenArrivals::Params herd;
    herd.process = ArrivalProcess::spread;
    herd.count = static_cast<std::uint64_t>(n);
    herd.over = nearest_time(spread_s) - Time{};
    const Index population = arrivals.add(herd, ask_door(desk));
    arrivals.open(
        population,
        kernel.as(kernel.add_entity<OpenArrivals>(0, identity_of("populations.herd")).id));
    OutageProbe probe(Time{}, end_of_time, infinite);  // everyone is affected
    kernel.add_sink(probe);
    kernel.run_until(nearest_time(spread_s + n / mu + 1));

    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        if (m == "peak_queue" || m == "peak_backlog" || m == "peak") {
            verdicts.push_back(judge_within(row.reference, probe.most_present, 1));
        } else if (m == "finish_s" || m == "finish") {
            verdicts.push_back(
                judge_within(row.reference, (probe.last_end - Time{}).seconds(), 2 / mu));
        } else if (m == "max_delay_s" || m == "peak_delay_s") {
            verdicts.push_back(judge_within(row.reference, probe.longest_delay_s, 1 / mu));
        } else if (m == "mean_delay_s") {
            verdicts.push_back(judge_within(row.reference, probe.delay_s / probe.affected, 1 / mu));
        } else {
            verdicts.push_back(not_expressible("metric not understood"));
        }
    }
    return verdicts;
}

}  // namespace driftstorm::validation
