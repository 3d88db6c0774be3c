#pragma once

#include "sim/core/series.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/growing_dataset.hpp"
#include "sim/output/series_definition.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Name of a period: 1 s -> "1s", 100 ms -> "100ms", 5 min -> "5min".
std::string period_name(Duration period);

/// All series of one period: they share `time`, one instant a row. Values of an instant may come in
/// any order; those that do not come are missing.
class SeriesGroup {
  public:
    SeriesGroup(Hdf5File& file, ChunkPacker& packer, Duration period);

    /// Adds a dataset of `width` values an instant (0: a single one). Returns its number.
    std::size_t add(const std::string& name, Hdf5Type type, FillValue missing, std::uint64_t width);

    /// Value `place` of a series at an instant, not before those given already.
    void set(std::size_t series, Time at, std::uint64_t place, double value);
    /// One more in place `place` of a series of counts whose missing value is 0.
    void add_one(std::size_t series, Time at, std::uint64_t place);

    void finish();
    Duration period() const { return period_; }
    const std::string& path() const { return path_; }
    std::string time_path() const { return path_ + "/time"; }
    std::uint64_t packed_bytes() const;

  private:
    struct Series {
        GrowingDataset* data;
        Hdf5Type type;
        FillValue missing;
        std::vector<FillValue> row;
    };
    void begin(Time at);
    void end_instant();

    Hdf5File& file_;
    ChunkPacker& packer_;
    Duration period_;
    std::string path_;
    std::deque<GrowingDataset> data_;
    GrowingDataset* time_;
    std::vector<Series> series_;
    Time at_ = no_time;
};

/// All series and histograms declared for a run, each in the group of its period.
class DeclaredSeries {
  public:
    /// @throws std::invalid_argument for a kind that is not in the directory, equal names, or edges
    /// out of order
    DeclaredSeries(Hdf5File& file, ChunkPacker& packer, const EntityDirectory& directory,
                   std::vector<SeriesDefinition> series,
                   std::vector<HistogramDefinition> histograms);

    void set(const SeriesValue& value, Time at);
    void count(const HistogramCount& count, Time at);
    /// Whether a histogram counts values of this table.
    bool counts_rows_of(std::string_view table) const;
    /// Counts a row of such a table. @throws std::invalid_argument when it has no such double
    /// column
    void count_row(const RowType& type, const std::byte* bytes, Time at);
    void finish();
    /// Attributes and scales, when all data is written.
    void label_all(const std::string& time_units);
    std::uint64_t packed_bytes() const;

  private:
    /// Where a declared one is written; group nullptr: nowhere, as its kind has no members.
    struct Place {
        SeriesGroup* group = nullptr;
        std::size_t number = 0;
        std::int16_t kind = -1;
    };
    SeriesGroup& group_of(Duration period);
    void label_series(const SeriesDefinition& series, const Place& place);
    void label_histogram(const HistogramDefinition& histogram, const Place& place);
    void write_scale(const std::string& group, const MemoryColumn& scale);

    Hdf5File& file_;
    ChunkPacker& packer_;
    const EntityDirectory& directory_;
    std::vector<SeriesDefinition> series_;
    std::vector<HistogramDefinition> histograms_;
    std::deque<SeriesGroup> groups_;
    std::vector<Place> series_places_;
    std::vector<Place> histogram_places_;
};

}  // namespace driftstorm
