#pragma once

#include "analysis/log_linear_histogram.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace driftstorm {

/// Someone has answered, or another page has loaded, long before: attention is lost after 10 s.
/// Source: Nielsen, "Usability Engineering" (1993), 5.5.
inline constexpr Duration late_after{10'000'000'000};

enum class CopyEnd : std::uint8_t { visible, pending, lost };

/// A row of /copies, as far as metrics need it.
struct CopyFacts {
    Time composed{};
    Time end{};
    Time delivered = no_time;
    Time visible = no_time;
    CopyEnd outcome = CopyEnd::pending;
    bool inserted_late = false;
    bool server_down = false;              ///< its root fault is a server that was down
    std::array<std::int64_t, 12> blame{};  ///< [ns], sums to end - composed
};

/// messages.*: of the messages composed in one window.
class MessageMetrics {
  public:
    void composed(bool reply, bool inverted);
    void retried(bool pressed);
    void ended(const CopyFacts& copy);

    std::optional<double> value(std::string_view name) const;  ///< without "messages."
    /// Instant of the first copy that counts in `name`; for counts of copies.
    std::optional<Time> first(std::string_view name) const;

  private:
    /// A count that knows when it first was not 0.
    struct Count {
        std::uint64_t number = 0;
        Time first = end_of_time;
        void add(Time at) {
            ++number;
            if (at < first) first = at;
        }
    };
    const Count* count_of(std::string_view name) const;
    std::optional<double> blame(std::string_view cause_and_what) const;
    double share(std::uint32_t causes) const;  ///< of all delay; bit i: cause i
    double share_of(WideSum part) const;       ///< of all delay

    std::uint64_t composed_ = 0;
    std::uint64_t replies_ = 0;
    std::uint64_t inverted_replies_ = 0;
    std::uint64_t retries_ = 0;
    std::uint64_t presses_ = 0;
    Count copies_, delivered_, undelivered_, lost_, pending_, late_, inversions_;
    DelayStatistics delay_;
    std::array<WideSum, 12> blame_{};
    WideSum server_outage_ = 0;  ///< of blame_: network_outage behind which a server was down
};

}  // namespace driftstorm
