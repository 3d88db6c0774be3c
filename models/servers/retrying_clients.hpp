#pragma once

#include "models/servers/customer.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/table.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// How long a client waits before the k-th retry, k = 1, 2 ...: not at all; `wait`; `wait` 2^(k-1),
/// at most `wait_cap`; a uniform share of min(wait 2^k, cap); or as `wait_law` says.
enum class RetryWait : std::uint8_t { none, fixed, exponential, full_jitter, law };
template <>
inline constexpr std::array<std::string_view, 5> enum_words<RetryWait>{
    "none", "fixed", "exponential", "full_jitter", "law"};

/// Requests under way, after each change.
struct ClientLevel {
    Time at{};
    EntityId clients = no_entity;
    std::uint32_t open = 0;
    std::uint32_t orbit = 0;

    static constexpr std::string_view table = "changes/clients";
    static constexpr std::string_view component = "servers";
    static constexpr auto fields() {
        using R = ClientLevel;
        return FieldList{
            Field<R, Time>{"time", &R::at, "s", "of the change"},
            Field<R, EntityId>{"clients", &R::clients, "", "group of clients"},
            Field<R, std::uint32_t>{"open", &R::open, "1",
                                    "requests neither succeeded nor given up"},
            Field<R, std::uint32_t>{"orbit", &R::orbit, "1", "of these, waiting before a retry"}};
    }
};

/// One attempt sent.
struct AttemptSent {
    Time at{};
    EntityId clients = no_entity;
    std::uint64_t request = 0;
    std::uint32_t attempt = 0;

    static constexpr std::string_view table = "events/attempt";
    static constexpr std::string_view component = "servers";
    static constexpr auto fields() {
        using R = AttemptSent;
        return FieldList{
            Field<R, Time>{"time", &R::at, "s", "of sending"},
            Field<R, EntityId>{"clients", &R::clients, "", "group of clients"},
            Field<R, std::uint64_t>{"request", &R::request, "", "identity of the request"},
            Field<R, std::uint32_t>{"attempt", &R::attempt, "1",
                                    "0: the first, an intent; above: a retry"}};
    }
};

/// A request that succeeded or was given up.
struct RequestEnd {
    Time at{};
    EntityId clients = no_entity;
    std::uint64_t request = 0;
    Time created{};
    std::uint32_t attempts = 0;
    Service outcome = Service::served;

    static constexpr std::string_view table = "events/request";
    static constexpr std::string_view component = "servers";
    static constexpr auto fields() {
        using R = RequestEnd;
        return FieldList{
            Field<R, Time>{"time", &R::at, "s", "of the end"},
            Field<R, EntityId>{"clients", &R::clients, "", "group of clients"},
            Field<R, std::uint64_t>{"request", &R::request, "", "identity of the request"},
            Field<R, Time>{"created", &R::created, "s", "when it was first asked for"},
            Field<R, std::uint32_t>{"attempts", &R::attempts, "1", "attempts sent for it"},
            Field<R, Service>{"outcome", &R::outcome, "",
                              "served, or why its last attempt did not succeed"}};
    }
};

/// Clients that repeat what does not succeed: a group of them shares parameters and a retry budget.
/// An attempt fails when its answer says so (error, refused, abandoned) or does not come within
/// `timeout`; the server is not told, and an answer that comes later is ignored. Groups chain: what
/// a lower group gives up is a failed attempt of the upper one (layers of retries). With refusals,
/// no limit on retries and an exponential wait this is the orbit of the classical retrial queue.
/// Source: Bronson et al., HotOS'21 (timeout and immediate retry); Falin and Templeton, "Retrial
/// Queues" (1997), chapter 1; Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog
/// (2015); Finagle RetryBudget and Google SRE book, chapter 21 (budgets).
class RetryingClients {
  public:
    struct Params {
        Duration timeout{};
        std::uint32_t retries = 1;
        RetryWait backoff = RetryWait::none;
        Duration wait{1'000'000'000};
        Duration wait_cap{20'000'000'000};
        std::optional<Distribution> wait_law;
        std::optional<double> budget;
        double budget_size = 10.0;

        static constexpr auto fields() {
            using P = Params;
            constexpr std::string_view bronson = "Bronson et al., HotOS'21: one retry";
            constexpr std::string_view reference = "convention: base 1 s, cap 20 s";
            constexpr std::string_view bucket = "convention: token bucket of 10";
            return FieldList{
                Field<P, Duration>{"timeout", &P::timeout, "s",
                                   "silence after which an attempt has failed; 0: waits for ever",
                                   0, 1e9, bronson},
                Field<P, std::uint32_t>{"retries", &P::retries, "",
                                        "further attempts at most; 4294967295: no limit", 0,
                                        4294967295.0, bronson},
                Field<P, RetryWait>{"backoff", &P::backoff, "", "wait before a retry", 0, 4,
                                    bronson},
                Field<P, Duration>{"wait", &P::wait, "s", "base of the wait", 0, 1e6, reference},
                Field<P, Duration>{"wait_cap", &P::wait_cap, "s", "longest wait", 0, 1e6,
                                   reference},
                Field<P, std::optional<Distribution>>{"wait_law", &P::wait_law, "s",
                                                      "law of the wait, for backoff law", 0, 1e9,
                                                      reference},
                Field<P, std::optional<double>>{"budget", &P::budget, "",
                                                "retries earned by each request; none: no budget",
                                                0, 1e6, bucket},
                Field<P, double>{"budget_size", &P::budget_size, "", "retries that can be saved up",
                                 0, 1e9, bucket}};
        }
    };

    struct TimedOut {
        Slot ticket = no_slot;
        Generation stamp{};
        std::uint64_t request = 0;
        static constexpr std::string_view name = "clients.timed_out";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{
                Field<TimedOut, std::uint64_t>{"request", &TimedOut::request, "", "identity"}};
        }
    };
    struct Retry {
        Slot ticket = no_slot;
        std::uint64_t request = 0;
        static constexpr std::string_view name = "clients.retry";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{
                Field<Retry, std::uint64_t>{"request", &Retry::request, "", "identity"}};
        }
    };

    static constexpr std::string_view name = "retrying_clients";
    static constexpr int version = 1;
    using Messages = std::tuple<Ask, Answer, TimedOut, Retry>;

    /// Adds a group. @param door  where attempts go  @param answers  the way back to whoever asked
    /// the group
    /// @throws std::invalid_argument: backoff law without wait_law
    Index add(const Params& params, std::uint64_t name_hash, AskDoor door, AnswerDoor answers = {});

    void on(const Ask&, const Customer& asker, Index group, Context& context);
    void on(const Answer& message, const Customer& attempt, Index group, Context& context);
    void on(const TimedOut& message, Index group, Context& context);
    void on(const Retry& message, Index group, Context& context);
    bool stale(const TimedOut& message, Index) const {
        return stamps_[message.ticket] != message.stamp.value;
    }

    std::uint32_t open(Index group) const { return level_[group].open; }
    std::uint32_t orbit(Index group) const { return level_[group].orbit; }

    auto state() { return std::tie(requests_, stamps_, level_); }

  private:
    struct Request {
        Customer asker;
        std::uint64_t subject = 0;
        Time created{};
        std::uint32_t attempt = 0;
    };
    struct Level {
        double tokens = 0;
        std::uint32_t open = 0;
        std::uint32_t orbit = 0;
    };
    struct Setup {
        Params params;
        std::uint64_t name_hash;
        AskDoor door;
        AnswerDoor answers;
    };

    void attempt(Slot ticket, Index group, Context& context);
    void failed(Slot ticket, Service why, Index group, Context& context);
    void finish(Slot ticket, Service outcome, Index group, Context& context);
    Duration wait_before(const Request& request, const Setup& setup, const Context& context) const;
    void record_level(Index group, Context& context);

    std::vector<Setup> setups_;
    Pool<Request> requests_;
    std::vector<std::uint32_t> stamps_;  ///< by ticket: of the attempt that is awaited
    std::vector<Level> level_;           ///< by group
};

}  // namespace driftstorm
