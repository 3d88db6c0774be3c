#include "validation/station_runs.hpp"

#include "models/servers/finite_sources.hpp"
#include "models/servers/retrying_clients.hpp"
#include "sim/core/kernel.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

namespace driftstorm::validation {

namespace {

constexpr std::size_t most_states = 4096;
constexpr double customers_per_run = 400'000;
constexpr double most_customers_per_run = 5'000'000;

template <class R>
R row_of(const std::byte* bytes) {
    R row;
    std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
    return row;
}

/// Adds up the rows that the models record.
class StationProbe : public TableSink {
  public:
    StationProbe(const StationWants& wants, Time from, StationSums& sums)
        : wants_(wants), from_(from), sums_(sums) {
        sums_.wait_above.assign(wants.wait_thresholds_s.size(), 0);
        sums_.stay_above.assign(wants.stay_thresholds_s.size(), 0);
        sums_.state_s.assign(64, 0);
    }

    bool wants(const RowType& type) const override {
        return type.table == StationLevel::table || type.table == ServiceEnd::table ||
               type.table == ClientLevel::table || type.table == RequestEnd::table;
    }

    void row(const RowType& type, const RowStamp&, const std::byte* bytes) override {
        if (type.table_hash == level_) return level(row_of<StationLevel>(bytes));
        if (type.table_hash == end_) return end(row_of<ServiceEnd>(bytes));
        if (type.table_hash == clients_) return clients(row_of<ClientLevel>(bytes));
        const auto request = row_of<RequestEnd>(bytes);
        if (request.at < from_) return;
        sums_.requests += 1;
        sums_.request_s += (request.at - request.created).seconds();
    }

    void finish(Time at) {
        hold_level(at);
        hold_orbit(at);
        sums_.window_s = (at - from_).seconds();
    }

  private:
    void level(const StationLevel& now) {
        hold_level(now.at);
        level_now_ = now;
    }
    void hold_level(Time until) {
        if (until <= from_) return;
        const double span = (until - std::max(from_, level_now_.at)).seconds();
        const double n = level_now_.waiting + level_now_.in_service;
        sums_.system_s += n * span;
        sums_.system_square_s += n * n * span;
        sums_.waiting_s += level_now_.waiting * span;
        sums_.in_service_s += level_now_.in_service * span;
        if (level_now_.in_service > 0) sums_.busy_s += span;
        if (level_now_.up) sums_.up_s += span;
        const auto state = static_cast<std::size_t>(std::min(n, static_cast<double>(most_states)));
        if (state >= sums_.state_s.size()) sums_.state_s.resize(state + 1, 0);
        sums_.state_s[state] += span;
    }
    void clients(const ClientLevel& now) {
        hold_orbit(now.at);
        orbit_now_ = now;
    }
    void hold_orbit(Time until) {
        if (until <= from_) return;
        sums_.orbit_s += orbit_now_.orbit * (until - std::max(from_, orbit_now_.at)).seconds();
    }
    void end(const ServiceEnd& row) {
        if (row.at < from_) return;
        const bool refused = row.outcome == Service::refused || row.outcome == Service::lost;
        if (row.attempt == 0) {
            sums_.first_attempts += 1;
            if (refused) sums_.first_refused += 1;
        }
        if (refused) {
            sums_.refused += 1;
            return;
        }
        (row.outcome == Service::abandoned ? sums_.abandoned : sums_.served) += 1;
        const double waited = row.waited.seconds();
        const double stayed = row.stayed.seconds();
        StationSums::OfClass& of = sums_.of_class[row.urgency == 0 ? 0 : 1];
        of.ended += 1;
        of.waited_s += waited;
        of.waited_square += waited * waited;
        of.stayed_s += stayed;
        of.stayed_square += stayed * stayed;
        if (row.waited.ns > 0) sums_.had_to_wait += 1;
        for (std::size_t i = 0; i < wants_.wait_thresholds_s.size(); ++i)
            if (waited > wants_.wait_thresholds_s[i]) sums_.wait_above[i] += 1;
        for (std::size_t i = 0; i < wants_.stay_thresholds_s.size(); ++i)
            if (stayed > wants_.stay_thresholds_s[i]) sums_.stay_above[i] += 1;
        if (wants_.wait_quantiles) sums_.waits.add(waited);
        if (wants_.stay_quantiles) sums_.stays.add(stayed);
    }

    const StationWants& wants_;
    Time from_;
    StationSums& sums_;
    StationLevel level_now_;
    ClientLevel orbit_now_;
    std::uint64_t level_ = stable_hash(StationLevel::table);
    std::uint64_t end_ = stable_hash(ServiceEnd::table);
    std::uint64_t clients_ = stable_hash(ClientLevel::table);
};

void merge(std::vector<double>& into, const std::vector<double>& from, double sign) {
    if (into.size() < from.size()) into.resize(from.size(), 0);
    for (std::size_t i = 0; i < from.size(); ++i) into[i] += sign * from[i];
}

Time at_second(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }

}  // namespace

void StationSums::add(const StationSums& other, double sign) {
    for (double StationSums::*sum :
         {&StationSums::window_s, &StationSums::system_s, &StationSums::system_square_s,
          &StationSums::waiting_s, &StationSums::in_service_s, &StationSums::busy_s,
          &StationSums::up_s, &StationSums::orbit_s, &StationSums::refused,
          &StationSums::first_refused, &StationSums::first_attempts, &StationSums::abandoned,
          &StationSums::served, &StationSums::had_to_wait, &StationSums::requests,
          &StationSums::request_s})
        this->*sum += sign * other.*sum;
    for (std::size_t i = 0; i < of_class.size(); ++i) {
        of_class[i].ended += sign * other.of_class[i].ended;
        of_class[i].waited_s += sign * other.of_class[i].waited_s;
        of_class[i].waited_square += sign * other.of_class[i].waited_square;
        of_class[i].stayed_s += sign * other.of_class[i].stayed_s;
        of_class[i].stayed_square += sign * other.of_class[i].stayed_square;
    }
    merge(state_s, other.state_s, sign);
    merge(wait_above, other.wait_above, sign);
    merge(stay_above, other.stay_above, sign);
    waits.merge(other.waits, sign);
    stays.merge(other.stays, sign);
}

RunLength run_length(const StationSpec& spec) {
    const double warm_up = 14 * spec.relaxation_s + 200 / spec.customers_per_s;
    const double window =
        std::max(customers_per_run / spec.customers_per_s, 100 * spec.relaxation_s);
    const double longest = std::max(most_customers_per_run / spec.customers_per_s, warm_up);
    return {warm_up, std::min(warm_up + std::min(window, longest), 0.95 * horizon.seconds())};
}

StationSums run_station(const StationSpec& spec, const StationWants& wants, const RunLength& length,
                        std::uint64_t seed) {
    Stations stations;
    OpenArrivals arrivals;
    FiniteSources sources;
    RetryingClients clients;
    Kernel kernel({.seed = seed, .partitions = 1, .digest = false});
    kernel.add_model(0, stations);
    kernel.add_model(0, arrivals);
    kernel.add_model(0, sources);
    kernel.add_model(0, clients);

    AnswerDoor answers;
    if (spec.members > 0) answers = answer_door<FiniteSources>();
    if (spec.orbit_wait) answers = answer_door<RetryingClients>();
    const Index place = stations.add(spec.station, stable_hash("servers.station"), answers);
    const Address<Stations> station =
        kernel.add_entity<Stations>(0, identity_of("servers.station"));
    AskDoor door = ask_door(station);
    if (spec.orbit_wait) {
        RetryingClients::Params retrial;
        retrial.retries = no_limit;
        retrial.backoff = RetryWait::law;
        retrial.wait_law = spec.orbit_wait;
        clients.add(retrial, stable_hash("populations.orbit"), door);
        door = ask_door(kernel.add_entity<RetryingClients>(0, identity_of("populations.orbit")));
    }
    stations.open(place, kernel.as(station.id));
    if (spec.members > 0) {
        const std::uint32_t kind = sources.add_kind({spec.think_time, 1.0}, door);
        for (std::uint64_t i = 0; i < spec.members; ++i) {
            const Index member = sources.add_member(kind);
            const auto address = kernel.add_entity<FiniteSources>(
                0, identity_of(identity_of("populations.members"), i));
            sources.open(member, kernel.as(address.id));
        }
    } else {
        const Index population = arrivals.add(spec.arrivals, door);
        arrivals.open(
            population,
            kernel.as(kernel.add_entity<OpenArrivals>(0, identity_of("populations.customers")).id));
    }

    StationSums sums;
    StationProbe probe(wants, at_second(length.warm_up_s), sums);
    kernel.add_sink(probe);
    kernel.run_until(at_second(length.end_s));
    probe.finish(at_second(length.end_s));
    return sums;
}

std::vector<StationSums> run_stations(const StationSpec& spec, const StationWants& wants,
                                      std::uint64_t first, std::size_t count) {
    const RunLength length = run_length(spec);
    std::vector<StationSums> runs(count);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++)
            runs[i] = run_station(spec, wants, length, first + i);
    };
    std::thread other(work);
    work();
    other.join();
    return runs;
}

}  // namespace driftstorm::validation
