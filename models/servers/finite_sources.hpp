#pragma once

#include "models/servers/customer.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A finite population: each member thinks, asks, waits for the answer, and thinks again. Every
/// member is an entity; its own requests are numbered, and its luck with them does not depend on
/// the other members. A member whose request is lost without an answer waits for ever: put retrying
/// clients between it and a station that loses. Source: Kleinrock, "Queueing Systems" I (1975), 3.8
/// (finite customer population, M/M/1//M).
class FiniteSources {
  public:
    struct Params {
        Distribution think_time = Distribution(law::Exponential{1.0});
        double urgent_share = 1.0;

        static constexpr auto fields() {
            using P = Params;
            constexpr std::string_view textbook = "convention: unit mean; Kleinrock (1975), 3.8";
            return FieldList{
                Field<P, Distribution>{"think_time", &P::think_time, "s",
                                       "from an answer to the next request", 0, 1e9, textbook},
                Field<P, double>{"urgent_share", &P::urgent_share, "%",
                                 "requests of class 0, the others are of class 1", 0, 1, textbook}};
        }
    };

    /// The member has thought enough.
    struct Asks {
        std::uint64_t number = 0;
        static constexpr std::string_view name = "finite_sources.asks";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{Field<Asks, std::uint64_t>{"number", &Asks::number, "1",
                                                        "the member's requests before"}};
        }
    };

    static constexpr std::string_view name = "finite_sources";
    static constexpr int version = 1;
    using Messages = std::tuple<Asks, Answer>;

    /// Adds a kind of members; then each member of it, an entity.
    std::uint32_t add_kind(const Params& params, AskDoor door);
    Index add_member(std::uint32_t kind);
    /// First message of a member: it begins by thinking. `context` is Kernel::as(its entity).
    void open(Index member, Context& context) { think(member, context); }

    void on(const Asks& message, Index member, Context& context);
    void on(const Answer&, const Customer&, Index member, Context& context) {
        think(member, context);
    }

    auto state() { return std::tie(asked_); }

  private:
    struct Kind {
        Params params;
        AskDoor door;
    };
    void think(Index member, Context& context);

    std::vector<Kind> kinds_;
    std::vector<std::uint32_t> kind_of_;  ///< by member
    std::vector<std::uint64_t> asked_;    ///< requests so far, by member
};

}  // namespace driftstorm
