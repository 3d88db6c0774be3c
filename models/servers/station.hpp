#pragma once

#include "models/servers/customer.hpp"
#include "models/servers/work_queue.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/table.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// What a station that is down does with work: keeps it and goes on where it stopped; loses what it
/// had and what comes; or loses what it had and refuses what comes.
enum class WhenDown : std::uint8_t { hold, lose, refuse };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<WhenDown>{"hold", "lose", "refuse"};

/// Customers present at a station, after each change: levels are known exactly, not sampled.
struct StationLevel {
    Time at{};
    EntityId station = no_entity;
    std::uint32_t waiting = 0;
    std::uint32_t in_service = 0;
    bool up = true;

    static constexpr std::string_view table = "changes/station";
    static constexpr std::string_view component = "servers";
    static constexpr auto fields() {
        using R = StationLevel;
        return FieldList{
            Field<R, Time>{"time", &R::at, "s", "of the change"},
            Field<R, EntityId>{"station", &R::station, "", "station"},
            Field<R, std::uint32_t>{"waiting", &R::waiting, "1", "customers who wait, from now on"},
            Field<R, std::uint32_t>{"in_service", &R::in_service, "1",
                                    "customers at workers, from now on"},
            Field<R, bool>{"up", &R::up, "1", "whether the station works"}};
    }
};

/// The end of one attempt at a station.
struct ServiceEnd {
    Time at{};
    EntityId station = no_entity;
    std::uint64_t customer = 0;
    std::uint32_t attempt = 0;
    std::uint8_t urgency = 0;
    Service outcome = Service::served;
    Duration waited{};  ///< from arrival to the start of service, or to the end without one
    Duration stayed{};  ///< from arrival to the end

    static constexpr std::string_view table = "events/service";
    static constexpr std::string_view component = "servers";
    static constexpr auto fields() {
        using R = ServiceEnd;
        return FieldList{
            Field<R, Time>{"time", &R::at, "s", "of the end"},
            Field<R, EntityId>{"station", &R::station, "", "station"},
            Field<R, std::uint64_t>{"customer", &R::customer, "", "identity of the request"},
            Field<R, std::uint32_t>{"attempt", &R::attempt, "1", "the request's own count"},
            Field<R, std::uint8_t>{"urgency", &R::urgency, "1", "priority class, 0 first"},
            Field<R, Service>{"outcome", &R::outcome, "", "what became of it"},
            Field<R, Duration>{"waited", &R::waited, "s",
                               "from arrival to the start of service or to the end without one"},
            Field<R, Duration>{"stayed", &R::stayed, "s", "from arrival to the end"}};
    }
};

/// Queueing stations: k equal workers, one line, a service law; customers may lose patience, the
/// line may be limited, the whole station may break down and be repaired, or be taken down by a
/// fault.
///
/// A breakdown interrupts the services that run; with `when_down: hold` they resume where they
/// stopped (preemptive-resume), and up times run on whether the station is busy or idle
/// (operation-independent failures), as the formulas of on-off servers assume. A fault and a
/// breakdown may overlap: the station works when neither holds. A rate factor applies to services
/// that start under it. Source: Kleinrock, "Queueing Systems" I (1975), chapters 3 to 5; Avi-Itzhak
/// and Naor, Operations Research 11 (1963), model A (breakdowns of an idle or busy server);
/// Garnett, Mandelbaum and Reiman, MSOM 4 (2002) (impatient customers).
class Stations {
  public:
    struct Params {
        std::uint32_t workers = 1;
        Distribution service_time = Distribution(law::Exponential{1.0});
        Discipline discipline = Discipline::fifo;
        std::uint32_t queue_limit = no_limit;
        bool silent_when_full = false;
        std::optional<Distribution> patience;
        bool cancel = false;
        double error_share = 0.0;
        std::optional<Distribution> up_time;
        std::optional<Distribution> down_time;
        WhenDown when_down = WhenDown::hold;

        static constexpr auto fields() {
            using P = Params;
            constexpr std::string_view textbook = "convention: M/M/1, Kleinrock (1975), 3.2";
            return FieldList{
                Field<P, std::uint32_t>{"workers", &P::workers, "", "services at a time", 1, 1e6,
                                        textbook},
                Field<P, Distribution>{"service_time", &P::service_time, "s", "time of one service",
                                       0, 1e9, textbook},
                Field<P, Discipline>{"discipline", &P::discipline, "", "who is served next", 0, 2,
                                     textbook},
                Field<P, std::uint32_t>{"queue_limit", &P::queue_limit, "",
                                        "places to wait; further customers are refused", 0,
                                        4294967295.0, textbook},
                Field<P, bool>{"silent_when_full", &P::silent_when_full, "",
                               "a customer who finds it full is lost without an answer", 0, 1,
                               textbook},
                Field<P, std::optional<Distribution>>{
                    "patience", &P::patience, "s",
                    "wait after which a customer leaves the line; none: never", 0, 1e9, textbook},
                Field<P, bool>{
                    "cancel", &P::cancel, "",
                    "customers past their deadline are skipped at their turn, at no cost", 0, 1,
                    textbook},
                Field<P, double>{"error_share", &P::error_share, "%",
                                 "services that end with an error", 0, 1, textbook},
                Field<P, std::optional<Distribution>>{
                    "up_time", &P::up_time, "s",
                    "from repair to breakdown; none: never breaks down", 0, 1e9, textbook},
                Field<P, std::optional<Distribution>>{"down_time", &P::down_time, "s",
                                                      "of a repair", 0, 1e9, textbook},
                Field<P, WhenDown>{"when_down", &P::when_down, "",
                                   "what happens to work while the station is down", 0, 2,
                                   textbook}};
        }
    };

    struct ServiceDone;
    struct PatienceEnds;
    /// The station's own breakdown or repair.
    struct Turn {
        std::uint32_t count = 0;  ///< even: breaks down, odd: repaired
        static constexpr std::string_view name = "station.turn";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{Field<Turn, std::uint32_t>{"count", &Turn::count, "1",
                                                        "breakdowns and repairs so far"}};
        }
    };
    /// A fault takes the station down, or lets it up again.
    struct SetDown {
        bool down = true;
        static constexpr std::string_view name = "station.set_down";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{Field<SetDown, bool>{"down", &SetDown::down, "1", "down or up again"}};
        }
    };
    /// From now on services start at `factor` times the rate.
    struct SetRate {
        double factor = 1.0;
        static constexpr std::string_view name = "station.set_rate";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{
                Field<SetRate, double>{"factor", &SetRate::factor, "", "of the service rate"}};
        }
    };
    /// Ends a service. The job's slot is a handle of this partition, so the customer stands for it
    /// in the digest.
    struct ServiceDone {
        Slot job = no_slot;
        Generation stamp{};
        std::uint64_t customer = 0;
        static constexpr std::string_view name = "station.service_done";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{Field<ServiceDone, std::uint64_t>{"customer", &ServiceDone::customer,
                                                               "", "identity"}};
        }
    };
    struct PatienceEnds {
        Slot job = no_slot;
        Generation stamp{};
        std::uint64_t customer = 0;
        static constexpr std::string_view name = "station.patience_ends";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{Field<PatienceEnds, std::uint64_t>{"customer", &PatienceEnds::customer,
                                                                "", "identity"}};
        }
    };

    static constexpr std::string_view name = "station";
    static constexpr int version = 1;
    using Messages = std::tuple<Ask, ServiceDone, PatienceEnds, Turn, SetDown, SetRate>;

    /// Adds the station that the next add_entity<Stations> of this partition names.
    /// @param name_hash  stable_hash of the declared name: one of the coordinates of its draws
    /// @param answers    the way back to the customers; empty: nobody waits for answers
    /// @throws std::invalid_argument when only one of up_time and down_time is given
    Index add(const Params& params, std::uint64_t name_hash, AnswerDoor answers = {});

    /// First messages of a station, before the run: `context` is Kernel::as(its entity).
    void open(Index station, Context& context);

    void on(const Ask&, const Customer& customer, Index station, Context& context);
    void on(const ServiceDone& message, Index station, Context& context);
    void on(const PatienceEnds& message, Index station, Context& context);
    void on(const Turn& message, Index station, Context& context);
    void on(const SetDown& message, Index station, Context& context);
    void on(const SetRate& message, Index station, Context& context);
    bool stale(const ServiceDone& message, Index) const {
        return queues_.stamp(message.job) != message.stamp;
    }
    bool stale(const PatienceEnds& message, Index) const {
        return queues_.stamp(message.job) != message.stamp;
    }

    std::uint32_t waiting(Index station) const { return queues_.waiting(station); }
    std::uint32_t in_service(Index station) const { return queues_.serving(station); }
    bool up(Index station) const { return condition_[station].down == 0; }

    auto state() { return std::tie(queues_, condition_); }

  private:
    struct Job {
        Customer customer;
        Time arrived{};
        Time started{};   ///< of its service
        Time ends{};      ///< while it is served and the station works
        Duration left{};  ///< while it is served and the station is down
    };
    struct Condition {
        std::uint32_t down = 0;  ///< reasons to be down: breakdown, fault
        double rate = 1.0;
    };
    struct Setup {
        Params params;
        std::uint64_t name_hash;
        AnswerDoor answers;
    };

    void serve(Index station, Context& context);
    void finish(Slot slot, Service outcome, Index station, Context& context);
    void end(const Customer& customer, Service outcome, Duration waited, Duration stayed,
             Index station, Context& context);
    void go_down(Index station, Context& context);
    void come_up(Index station, Context& context);
    void set_turn(std::uint32_t count, Index station, Context& context);
    void record_level(Index station, Context& context);

    std::vector<Setup> setups_;
    WorkQueues<Job> queues_;
    std::vector<Condition> condition_;
};

}  // namespace driftstorm
