#pragma once

#include "models/servers/customer.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// How an open population's customers come: at exactly equal distances (fluid laws); as a Poisson
/// process; as a renewal process of any law; or `count` of them at equal distances over a span,
/// first and last at its ends (everyone reconnects within `over`).
enum class ArrivalProcess : std::uint8_t { constant, poisson, renewal, spread };
template <>
inline constexpr std::array<std::string_view, 4> enum_words<ArrivalProcess>{"constant", "poisson",
                                                                            "renewal", "spread"};

/// Open arrivals: customers from a population so large that those under way do not thin it.
/// Source: Kleinrock, "Queueing Systems" I (1975), 2.4; batches (bulk arrivals): ibid., 4.7.
class OpenArrivals {
  public:
    struct Params {
        ArrivalProcess process = ArrivalProcess::poisson;
        double rate = 1.0;
        std::optional<Distribution> gap;
        std::uint64_t count = UINT64_MAX;
        Duration over{1'000'000'000};
        Duration start{};
        Duration until = horizon;
        std::optional<Distribution> batch;
        double urgent_share = 1.0;

        static constexpr auto fields() {
            using P = Params;
            constexpr std::string_view textbook = "convention: M/M/1, Kleinrock (1975), 3.2";
            return FieldList{
                Field<P, ArrivalProcess>{"process", &P::process, "",
                                         "law of the times between arrivals", 0, 3, textbook},
                Field<P, double>{
                    "rate", &P::rate, "req/s",
                    "arrivals (of batches, when there are) per second; constant and poisson", 1e-9,
                    1e9, textbook},
                Field<P, std::optional<Distribution>>{
                    "gap", &P::gap, "s", "time between arrivals; renewal", 0, 1e9, textbook},
                Field<P, std::uint64_t>{"count", &P::count, "", "arrivals in all", 0,
                                        1.8446744073709552e19, textbook},
                Field<P, Duration>{"over", &P::over, "s",
                                   "from the first arrival to the last; spread", 0, 3e9, textbook},
                Field<P, Duration>{"start", &P::start, "s", "when the process begins", 0, 3e9,
                                   textbook},
                Field<P, Duration>{"until", &P::until, "s", "no arrivals later than this", 0, 3.2e9,
                                   textbook},
                Field<P, std::optional<Distribution>>{
                    "batch", &P::batch, "", "customers who come together", 0, 1e6, textbook},
                Field<P, double>{"urgent_share", &P::urgent_share, "%",
                                 "customers of class 0, the others are of class 1", 0, 1,
                                 textbook}};
        }
    };

    /// The next customer, or batch, comes.
    struct Next {
        std::uint64_t number = 0;
        static constexpr std::string_view name = "arrivals.next";
        static constexpr Phase phase = Phase::physics;
        static constexpr auto fields() {
            return FieldList{Field<Next, std::uint64_t>{"number", &Next::number, "1",
                                                        "arrivals before this one"}};
        }
    };

    static constexpr std::string_view name = "open_arrivals";
    static constexpr int version = 1;
    using Messages = std::tuple<Next, Answer>;

    /// Adds a population. @throws std::invalid_argument: renewal without a gap, spread without a
    /// count
    Index add(const Params& params, AskDoor door);
    /// First message of a population: `context` is Kernel::as(its entity).
    void open(Index population, Context& context);

    void on(const Next& message, Index population, Context& context);
    /// Answers end here: an open population does not wait for them.
    void on(const Answer&, const Customer&, Index, Context&) {}

    std::uint64_t created(Index population) const { return created_[population]; }

    auto state() { return std::tie(created_, last_); }

  private:
    struct Setup {
        Params params;
        AskDoor door;
    };
    void expect(std::uint64_t number, Index population, Context& context);
    /// Instant of arrival `number`, for processes that are a plan.
    Time planned(const Params& params, std::uint64_t number) const;

    std::vector<Setup> setups_;
    std::vector<std::uint64_t> created_;  ///< customers so far; their numbers
    std::vector<Time> last_;              ///< arrival before the expected one
};

}  // namespace driftstorm
