#pragma once

#include "sim/core/event.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace driftstorm {

/// Looks at the world at regular instants, after everything else in them has happened. What a
/// sampler records counts in the digest's component "samples", so looking changes nothing. One
/// entity a region.
class Samplers {
  public:
    static constexpr std::string_view name = "samplers";
    static constexpr int version = 1;

    struct Tick {
        static constexpr std::string_view name = "sampler.tick";
        static constexpr Phase phase = Phase::sample;
    };
    using Messages = std::tuple<Tick>;

    using Look = std::function<void(Context&)>;

    /// Adds a region's looks, taken every `period` in the order given.
    void add(Duration period, std::vector<Look> looks) {
        regions_.push_back({period, std::move(looks)});
    }
    /// To be called once per region before the run, in its context. Where nothing is looked at
    /// nothing happens.
    void start(Context& context, Index region) {
        if (!regions_[region].looks.empty()) context.remind(*this, region, Duration{}, Tick{});
    }

    void on(const Tick&, Index region, Context& context) {
        for (const Look& look : regions_[region].looks) look(context);
        context.remind(*this, region, regions_[region].period, Tick{});
    }

  private:
    struct Region {
        Duration period{};
        std::vector<Look> looks;
    };
    std::vector<Region> regions_;
};

}  // namespace driftstorm
