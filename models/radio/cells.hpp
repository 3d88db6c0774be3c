#pragma once

#include "models/links/links.hpp"
#include "models/radio/radio_params.hpp"
#include "models/radio/signal_map.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

inline constexpr Index no_index = 0xffffffff;

/// The shared links of a cell or an access point, for Links::add.
template <class Transmitter>
Links::Params uplink_of(const Transmitter& params) {
    Links::Params link;
    link.rate = params.uplink;
    link.propagation = params.propagation;
    link.buffer_bytes = params.buffer;
    return link;
}
template <class Transmitter>
Links::Params downlink_of(const Transmitter& params) {
    Links::Params link = uplink_of(params);
    link.rate = params.downlink;
    return link;
}

/// How many devices a cell or access point serves, at each change.
struct CellAttached {
    static constexpr std::string_view table = "network/cell_attached";
    static constexpr std::string_view component = "network";
    EntityId cell = no_entity;
    std::uint32_t attached = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<CellAttached, EntityId>{"cell", &CellAttached::cell, "", "cell or access point"},
            Field<CellAttached, std::uint32_t>{"attached", &CellAttached::attached, "",
                                               "devices it serves"}};
    }
};

/// The transmitters of a region: cells, access points, and cells that only a trace names. A device
/// is served by one of them at a time, over its uplink and downlink in Links.
class Cells {
  public:
    static constexpr std::string_view name = "cells";
    static constexpr int version = 1;

    using Messages = std::tuple<>;  ///< radios and faults call it directly

    explicit Cells(RadioRules rules = {}) : rules_(std::move(rules)) {}

    /// Adds one; call Kernel::add_entity<Cells> for it in the same order.
    Index add(const CellParams& params, std::uint64_t identity, Index uplink, Index downlink);
    Index add(const AccessPointParams& params, std::uint64_t identity, Index uplink,
              Index downlink);
    /// One that only traced devices are served by: no place on the line, no shared links, no limit.
    Index add_traced(Technology technology, std::uint64_t identity);
    /// Draws the signal maps for the stretch of the line that devices can reach. Call once, after
    /// the last add() and before the run (Radios::prepare does).
    void prepare(std::uint64_t seed, double from_m, double to_m);

    const RadioRules& rules() const { return rules_; }
    Index count() const { return static_cast<Index>(sites_.size()); }
    Technology technology(Index cell) const { return sites_[cell].technology; }
    std::uint64_t identity(Index cell) const { return sites_[cell].identity; }
    Index uplink(Index cell) const { return sites_[cell].uplink; }
    Index downlink(Index cell) const { return sites_[cell].downlink; }
    std::uint32_t limit(Index cell) const { return sites_[cell].limit; }
    std::uint32_t attached(Index cell) const { return load_[cell].attached; }
    bool up(Index cell) const { return load_[cell].up != 0; }
    bool full(Index cell) const { return load_[cell].attached >= sites_[cell].limit; }

    /// Those whose map covers a position, ascending.
    std::span<const Index> in_reach(double position_m) const;
    double signal_dbm(Index cell, double position_m) const { return maps_[cell].at(position_m); }

    void attach(Context& context, Index cell);
    void detach(Context& context, Index cell);
    void set_up(Index cell, bool up) { load_[cell].up = up ? 1 : 0; }

    auto state() { return std::tie(load_); }

  private:
    struct Site {
        std::uint64_t identity = 0;
        Technology technology = Technology::none;
        std::uint32_t limit = 0;
        Index uplink = no_index;
        Index downlink = no_index;
        bool placed = false;
        SignalMap::Site signal{};
    };
    struct Load {
        std::uint32_t attached = 0;
        std::uint8_t up = 1;
    };
    Index add_site(const Site& site);
    void draw_maps(std::uint64_t seed, const std::vector<SignalMap::Stretch>& covered);

    RadioRules rules_;
    std::vector<Site> sites_;
    std::vector<Load> load_;
    std::vector<SignalMap> maps_;
    double reach_from_m_ = 0;                 ///< start of the first stretch of the reach lists
    std::vector<std::uint32_t> reach_first_;  ///< by stretch, and one beyond
    std::vector<Index> reach_;
};

}  // namespace driftstorm
