#include "sim/output/series_group.hpp"

#include "sim/core/expect.hpp"
#include "sim/output/labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace driftstorm {

std::vector<double> log_linear_edges(double least, unsigned octaves, unsigned steps) {
    std::vector<double> above;
    double octave = least;
    for (unsigned i = 0; i < octaves; ++i, octave *= 2)
        for (unsigned step = 0; step < steps; ++step)
            above.push_back(octave + octave * step / steps);
    above.push_back(octave);
    std::vector<double> edges;
    for (std::size_t i = above.size(); i-- > 0;) edges.push_back(-above[i]);
    edges.insert(edges.end(), above.begin(), above.end());
    return edges;
}

std::string period_name(Duration period) {
    constexpr std::array<std::pair<std::int64_t, const char*>, 6> units{{{3'600'000'000'000, "h"},
                                                                         {60'000'000'000, "min"},
                                                                         {1'000'000'000, "s"},
                                                                         {1'000'000, "ms"},
                                                                         {1'000, "us"},
                                                                         {1, "ns"}}};
    if (period.ns <= 0)
        throw std::invalid_argument("period of a series: " + std::to_string(period.ns) + " ns");
    for (const auto& [ns, name] : units)
        if (period.ns % ns == 0) return std::to_string(period.ns / ns) + name;
    return {};
}

SeriesGroup::SeriesGroup(Hdf5File& file, ChunkPacker& packer, Duration period)
    : file_(file), packer_(packer), period_(period), path_("/series/" + period_name(period)) {
    file.create_group(path_);
    time_ = &data_.emplace_back(file, packer, time_path(), Hdf5Type::int64);
}

std::size_t SeriesGroup::add(const std::string& name, Hdf5Type type, FillValue missing,
                             std::uint64_t width) {
    const std::string path = path_ + "/" + name;
    for (const GrowingDataset& known : data_)
        if (known.path() == path) throw std::invalid_argument("two series want the name " + path);
    GrowingDataset& data = data_.emplace_back(file_, packer_, path, type, missing, width);
    series_.push_back(
        {&data, type, missing, std::vector<FillValue>(std::max<std::uint64_t>(width, 1), missing)});
    return series_.size() - 1;
}

void SeriesGroup::begin(Time at) {
    if (at == at_) return;
    DRIFTSTORM_EXPECT(at > at_);
    end_instant();
    at_ = at;
}

void SeriesGroup::add_one(std::size_t series, Time at, std::uint64_t place) {
    begin(at);
    Series& target = series_[series];
    DRIFTSTORM_EXPECT(place < target.row.size() && target.missing == 0);
    ++target.row[place];
}

void SeriesGroup::set(std::size_t series, Time at, std::uint64_t place, double value) {
    begin(at);
    Series& target = series_[series];
    DRIFTSTORM_EXPECT(place < target.row.size());
    if (target.type == Hdf5Type::float64) {
        target.row[place] = fill_of(value);
    } else {
        DRIFTSTORM_EXPECT(value >= 0 && value < 4294967295.0 &&
                          std::floor(value) == value);  // a count
        target.row[place] = static_cast<std::uint32_t>(value);
    }
}

void SeriesGroup::end_instant() {
    if (at_ == no_time) return;
    time_->append(at_.ns);
    for (Series& series : series_) {
        for (FillValue& value : series.row) {
            if (series.type == Hdf5Type::float64)
                series.data->append(value);
            else
                series.data->append(static_cast<std::uint32_t>(value));
            value = series.missing;
        }
    }
}

void SeriesGroup::finish() {
    end_instant();
    at_ = no_time;
    for (GrowingDataset& data : data_) data.finish();
}

std::uint64_t SeriesGroup::packed_bytes() const {
    std::uint64_t sum = 0;
    for (const GrowingDataset& data : data_) sum += data.packed_bytes();
    return sum;
}

// ---- declared series --------------------------------------------------------

namespace {

constexpr FillValue no_count = std::numeric_limits<std::uint32_t>::max();

FillValue missing_in(const SeriesDefinition& series) {
    return series.counts ? no_count : fill_of(std::numeric_limits<double>::quiet_NaN());
}

Hdf5Type stored_as(const SeriesDefinition& series) {
    return series.counts ? Hdf5Type::uint32 : Hdf5Type::float64;
}

}  // namespace

DeclaredSeries::DeclaredSeries(Hdf5File& file, ChunkPacker& packer,
                               const EntityDirectory& directory,
                               std::vector<SeriesDefinition> series,
                               std::vector<HistogramDefinition> histograms)
    : file_(file),
      packer_(packer),
      directory_(directory),
      series_(std::move(series)),
      histograms_(std::move(histograms)) {
    for (const SeriesDefinition& one : series_) {
        Place place{.kind = directory_.kind(one.entity_kind)};
        if (place.kind < 0 && !one.entity_kind.empty())
            throw std::invalid_argument("series " + one.name + ": no entities of kind '" +
                                        one.entity_kind + "'");
        const std::uint64_t width =
            place.kind < 0 ? 0
                           : directory_.kinds[static_cast<std::size_t>(place.kind)].names.size();
        if (place.kind < 0 || width > 0) {
            place.group = &group_of(one.period);
            place.number = place.group->add(one.name, stored_as(one), missing_in(one), width);
        }
        series_places_.push_back(place);
    }
    for (const HistogramDefinition& one : histograms_) {
        if (one.edges.size() < 2 ||
            !std::is_sorted(one.edges.begin(), one.edges.end(), std::less_equal<>{}))
            throw std::invalid_argument("histogram " + one.name + ": edges must ascend");
        Place place{.group = &group_of(one.period)};
        place.number = place.group->add(one.name, Hdf5Type::uint32, 0, one.edges.size() - 1);
        histogram_places_.push_back(place);
    }
}

SeriesGroup& DeclaredSeries::group_of(Duration period) {
    for (SeriesGroup& group : groups_)
        if (group.period() == period) return group;
    return groups_.emplace_back(file_, packer_, period);
}

void DeclaredSeries::set(const SeriesValue& value, Time at) {
    DRIFTSTORM_EXPECT(value.series < series_places_.size());
    const Place& place = series_places_[value.series];
    if (place.group == nullptr) return;
    std::uint64_t column = 0;
    if (place.kind >= 0) {
        const EntityDirectory::Place entity = directory_.place_of(value.entity);
        DRIFTSTORM_EXPECT(entity.kind == place.kind && entity.row >= 0);
        column = static_cast<std::uint64_t>(entity.row);
    }
    place.group->set(place.number, at, column, value.value);
}

void DeclaredSeries::count(const HistogramCount& count, Time at) {
    DRIFTSTORM_EXPECT(count.histogram < histogram_places_.size());
    const Place& place = histogram_places_[count.histogram];
    place.group->set(place.number, at, count.bucket, count.count);
}

bool DeclaredSeries::counts_rows_of(std::string_view table) const {
    return std::any_of(histograms_.begin(), histograms_.end(), [&](const HistogramDefinition& one) {
        return !table.empty() && one.of_table == table;
    });
}

void DeclaredSeries::count_row(const RowType& type, const std::byte* bytes, Time at) {
    for (std::size_t i = 0; i < histograms_.size(); ++i) {
        const HistogramDefinition& histogram = histograms_[i];
        if (histogram.of_table != type.table) continue;
        const Column* column = type.column(histogram.of_column);
        if (column == nullptr || column->kind != ColumnKind::float64)
            throw std::invalid_argument("histogram " + histogram.name + ": " + histogram.of_table +
                                        " has no real column '" + histogram.of_column + "'");
        const std::vector<double>& edges = histogram.edges;
        const double value = real_of(*column, bytes);
        if (std::isnan(value)) continue;
        const auto beyond = std::upper_bound(edges.begin() + 1, edges.end() - 1, value);
        const Place& place = histogram_places_[i];
        place.group->add_one(place.number, at,
                             static_cast<std::uint64_t>(beyond - edges.begin()) - 1);
    }
}

void DeclaredSeries::finish() {
    for (SeriesGroup& group : groups_) group.finish();
}

void DeclaredSeries::write_scale(const std::string& group, const MemoryColumn& scale) {
    if (file_.has(group + "/" + scale.name)) return;  // another series of the group brought it
    write_group(file_, {.path = group, .dimensions = {scale}}, "");
}

void DeclaredSeries::label_series(const SeriesDefinition& series, const Place& place) {
    const std::string group = place.group->path();
    const std::string path = group + "/" + series.name;
    const FillValue missing = missing_in(series);
    label(file_, path, cf_unit(series.unit), series.help);
    file_.write_attribute(path, "_FillValue", stored_as(series), &missing);
    if (!series.cell_methods.empty())
        file_.write_attribute(path, "cell_methods", series.cell_methods);
    file_.attach_scale(path, 0, place.group->time_path());
    if (place.kind < 0) return;
    const EntityKind& kind = directory_.kinds[static_cast<std::size_t>(place.kind)];
    write_scale(group, entity_scale(kind));
    file_.attach_scale(path, 1, group + "/" + kind.name);
}

void DeclaredSeries::label_histogram(const HistogramDefinition& histogram, const Place& place) {
    const std::string group = place.group->path();
    const std::string path = group + "/" + histogram.name;
    const std::string bucket = histogram.name + "_bucket";
    const std::vector<double>& edges = histogram.edges;
    std::vector<std::int64_t> numbers(edges.size() - 1);
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    write_group(
        file_,
        {.path = group,
         .dimensions = {{.name = bucket, .unit = "", .help = "bucket number", .values = numbers}},
         .columns = {{.name = bucket + "_lower",
                      .unit = histogram.unit,
                      .help = "least value of the bucket",
                      .values = std::vector<double>(edges.begin(), edges.end() - 1)},
                     {.name = bucket + "_upper",
                      .unit = histogram.unit,
                      .help = "least value above the bucket",
                      .values = std::vector<double>(edges.begin() + 1, edges.end())}}},
        "");
    label(file_, path, "1", histogram.help);
    file_.write_attribute(path, "cell_methods", std::string("time: point"));
    file_.attach_scale(path, 0, place.group->time_path());
    file_.attach_scale(path, 1, group + "/" + bucket);
}

void DeclaredSeries::label_all(const std::string& time_units) {
    for (const SeriesGroup& group : groups_) {
        label(file_, group.time_path(), time_units, "true time of the sample");
        file_.make_scale(group.time_path());
    }
    for (std::size_t i = 0; i < series_.size(); ++i)
        if (series_places_[i].group != nullptr) label_series(series_[i], series_places_[i]);
    for (std::size_t i = 0; i < histograms_.size(); ++i)
        label_histogram(histograms_[i], histogram_places_[i]);
}

std::uint64_t DeclaredSeries::packed_bytes() const {
    std::uint64_t sum = 0;
    for (const SeriesGroup& group : groups_) sum += group.packed_bytes();
    return sum;
}

}  // namespace driftstorm
