#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"

#include <string_view>

namespace driftstorm {

/// A device's clock, looked at: its wall clock minus true time, as steered, and as it would be had
/// nobody touched it since the start.
struct ClockOffset {
    static constexpr std::string_view table = "clocks/offset";
    static constexpr std::string_view component = "samples";
    static constexpr bool sample = true;
    EntityId device = no_entity;
    double raw_ns = 0;
    double steered_ns = 0;

    static constexpr auto fields() {
        using R = ClockOffset;
        return FieldList{Field<R, EntityId>{"device", &R::device, "", "whose clock"},
                         Field<R, double>{"raw", &R::raw_ns, "ns", "of the oscillator left alone"},
                         Field<R, double>{"steered", &R::steered_ns, "ns", "of the wall clock"}};
    }
};

}  // namespace driftstorm
