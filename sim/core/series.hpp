#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"

#include <cstdint>
#include <string_view>

namespace driftstorm {

/// One sampled value of a series that was declared before the run (its number is its place in that
/// list). A sampler records one for each entity of the series' kind at each multiple of its period;
/// a series of the whole world has entity = no_entity. The results file pivots them to [time,
/// entity].
struct SeriesValue {
    std::uint16_t series = 0;
    EntityId entity = no_entity;
    double value = 0.0;

    static constexpr std::string_view table = "series";
    static constexpr std::string_view component = "samples";
    static constexpr bool sample = true;
    static constexpr auto fields() {
        return FieldList{
            Field<SeriesValue, std::uint16_t>{"series", &SeriesValue::series, "",
                                              "number of the series"},
            Field<SeriesValue, EntityId>{"entity", &SeriesValue::entity, "", "whose value it is"},
            Field<SeriesValue, double>{"value", &SeriesValue::value, "",
                                       "value, in the series' unit"}};
    }
};

/// Count of one bucket of a sampled histogram; buckets that are not recorded are 0.
struct HistogramCount {
    std::uint16_t histogram = 0;
    std::uint16_t bucket = 0;
    std::uint32_t count = 0;

    static constexpr std::string_view table = "histograms";
    static constexpr std::string_view component = "samples";
    static constexpr bool sample = true;
    static constexpr auto fields() {
        return FieldList{
            Field<HistogramCount, std::uint16_t>{"histogram", &HistogramCount::histogram, "",
                                                 "number of the histogram"},
            Field<HistogramCount, std::uint16_t>{"bucket", &HistogramCount::bucket, "",
                                                 "number of the bucket"},
            Field<HistogramCount, std::uint32_t>{"count", &HistogramCount::count, "",
                                                 "values in the bucket"}};
    }
};

}  // namespace driftstorm
