#include "sim/output/row_table.hpp"

#include "sim/core/expect.hpp"
#include "sim/output/labels.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace driftstorm {

namespace {

Hdf5Type stored_as(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::time:
        case ColumnKind::duration:
        case ColumnKind::reading:
        case ColumnKind::int64:
            return Hdf5Type::int64;
        case ColumnKind::uint64:
            return Hdf5Type::uint64;
        case ColumnKind::entity:
        case ColumnKind::int32:
            return Hdf5Type::int32;
        case ColumnKind::uint32:
            return Hdf5Type::uint32;
        case ColumnKind::uint16:
            return Hdf5Type::uint16;
        case ColumnKind::uint8:
        case ColumnKind::word:
            return Hdf5Type::uint8;
        case ColumnKind::float64:
            break;
    }
    return Hdf5Type::float64;
}

bool is_instant(ColumnKind kind) { return kind == ColumnKind::time || kind == ColumnKind::reading; }

std::optional<FillValue> missing_in(ColumnKind kind) {
    if (is_instant(kind)) return static_cast<FillValue>(INT64_MIN);
    if (kind == ColumnKind::float64) return fill_of(std::numeric_limits<double>::quiet_NaN());
    return {};
}

constexpr FillValue no_row = ~FillValue{0};  // -1 in any width

template <class T>
T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

}  // namespace

/// Rows of a batch: few enough to stay in the nearest cache, and a divisor of the rows of any full
/// chunk, so that a chunk ends with a batch.
constexpr std::size_t batch_rows = 64;
static_assert((chunk_bytes / 8) % batch_rows == 0);

// ---- entities ---------------------------------------------------------------

EntityColumnWriter::EntityColumnWriter(Hdf5File& file, ChunkPacker& packer,
                                       const EntityDirectory& directory, std::string path)
    : file_(file),
      packer_(packer),
      directory_(directory),
      rows_(file, packer, std::move(path), Hdf5Type::int32, no_row) {}

void EntityColumnWriter::append(EntityId entity) {
    const EntityDirectory::Place place =
        entity == no_entity ? EntityDirectory::Place{} : directory_.place_of(entity);
    if (place.kind >= 0 && place.kind != first_kind_) {
        if (first_kind_ < 0)
            first_kind_ = place.kind;
        else if (!kinds_)
            begin_kinds();
    }
    missing_ = missing_ || place.row < 0;
    rows_.append(place.row);
    if (kinds_)
        kinds_->append(static_cast<std::uint8_t>(place.kind >= 0 ? place.kind : first_kind_));
}

void EntityColumnWriter::append_strided(const std::byte* from, std::size_t stride,
                                        std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) append(load<EntityId>(from + i * stride));
}

void EntityColumnWriter::submit_if_full() {
    rows_.submit_if_full();
    if (kinds_) kinds_->submit_if_full();
}

void EntityColumnWriter::begin_kinds() {
    kinds_ =
        std::make_unique<GrowingDataset>(file_, packer_, rows_.path() + "_kind", Hdf5Type::uint8);
    for (std::uint64_t i = 0; i < rows_.rows(); ++i)
        kinds_->append(static_cast<std::uint8_t>(first_kind_));
}

void EntityColumnWriter::finish() {
    rows_.finish();
    if (kinds_) kinds_->finish();
}

void EntityColumnWriter::label_as(std::string_view help) {
    const std::string& path = rows_.path();
    const std::string name = path.substr(path.rfind('/') + 1);
    label(file_, path, "1", help);
    if (missing_) file_.write_attribute(path, "_FillValue", Hdf5Type::int32, &no_row);
    const std::int16_t kind = first_kind_ >= 0 ? first_kind_ : directory_.kind(name);
    if (!kinds_) {
        if (kind >= 0)
            file_.write_attribute(
                path, "entities",
                "/entities/" + directory_.kinds[static_cast<std::size_t>(kind)].name);
        return;
    }
    file_.write_attribute(path, "entities", "/entities/<kind>, the kind from " + name + "_kind");
    std::vector<std::string> words;
    for (const EntityKind& known : directory_.kinds) words.push_back(known.name);
    label(file_, kinds_->path(), "1", "kind of the entity in " + name);
    label_words(file_, kinds_->path(), words);
}

EntityColumnWriter::Slices EntityColumnWriter::slices(std::int16_t kind) {
    constexpr std::uint64_t block = 1u << 16;
    const std::uint64_t rows = rows_.rows();
    DRIFTSTORM_EXPECT(rows <= std::numeric_limits<std::uint32_t>::max());
    rows_.close();
    if (kinds_) kinds_->close();
    const std::size_t members = directory_.kinds[static_cast<std::size_t>(kind)].names.size();
    std::vector<std::int32_t> member(block);
    std::vector<std::uint8_t> of_kind(block, static_cast<std::uint8_t>(first_kind_));
    const auto for_each_row = [&](auto use) {
        for (std::uint64_t first = 0; first < rows; first += block) {
            const std::uint64_t count = std::min(block, rows - first);
            file_.read(rows_.path(), Hdf5Type::int32, first, count, member.data());
            if (kinds_) file_.read(kinds_->path(), Hdf5Type::uint8, first, count, of_kind.data());
            for (std::uint64_t i = 0; i < count; ++i) {
                const bool belongs = member[i] >= 0 && of_kind[i] == kind;
                use(first + i, belongs ? static_cast<std::size_t>(member[i]) : members);
            }
        }
    };
    std::vector<std::int64_t> next(members + 2, 0);
    for_each_row([&](std::uint64_t, std::size_t of) { ++next[of + 1]; });
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    Slices made;
    made.first.assign(next.begin(), next.end() - 1);
    made.rows.resize(rows);
    for_each_row([&](std::uint64_t row, std::size_t of) {
        made.rows[static_cast<std::size_t>(next[of]++)] = static_cast<std::uint32_t>(row);
    });
    return made;
}

std::vector<std::string> EntityColumnWriter::paths() const {
    if (!kinds_) return {rows_.path()};
    return {rows_.path(), kinds_->path()};
}

std::uint64_t EntityColumnWriter::packed_bytes() const {
    return rows_.packed_bytes() + (kinds_ ? kinds_->packed_bytes() : 0);
}

// ---- rows -------------------------------------------------------------------

RowTable::RowTable(Hdf5File& file, ChunkPacker& packer, const EntityDirectory& directory,
                   const RowType& type, const std::string& row_dimension,
                   const std::function<bool(std::string_view column)>& is_left_out)
    : file_(file),
      packer_(packer),
      directory_(directory),
      group_("/" + std::string(type.table)),
      row_size_(type.size),
      stride_((sizeof(Head) + type.size + 7) / 8 * 8) {
    if (file.has(group_))
        throw std::invalid_argument("two row types want the table " + std::string(type.table));
    packer.drain();  // the group's place in the file must not depend on how far the packing is
    file.create_group(group_);
    message_sender_ = type.column("message_sender");
    message_count_ = type.column("message_count");
    if ((message_sender_ == nullptr) != (message_count_ == nullptr) ||
        (message_sender_ != nullptr && message_sender_->kind != ColumnKind::entity))
        throw std::invalid_argument(
            std::string(type.table) +
            ": message_sender (an entity) and message_count belong together");
    if (row_dimension.empty()) {
        time_ = add("time", Hdf5Type::int64, {});
        if (type.column("entity") == nullptr)
            self_ = &entities_.emplace_back(file, packer, directory, group_ + "/entity");
    } else {
        row_number_ = add(row_dimension, Hdf5Type::int64, {});
    }
    scale_ = data_.front().path();
    if (message_sender_ != nullptr) message_ = add("message", Hdf5Type::int64, no_row);
    for (const Column& column : type.columns) {
        if (&column == message_sender_ || &column == message_count_) continue;
        if (is_left_out(column.name)) continue;
        if (time_ != nullptr && column.kind == ColumnKind::time && column.name == "time") {
            own_time_ = &column;  // the instant of the event, which is there already
            continue;
        }
        Slot slot{&column};
        if (column.kind == ColumnKind::entity)
            slot.entities =
                &entities_.emplace_back(file, packer, directory, group_ + "/" + column.name);
        else
            slot.data = add(column.name, stored_as(column.kind), missing_in(column.kind));
        slots_.push_back(slot);
    }
}

GrowingDataset* RowTable::add(const std::string& name, Hdf5Type type,
                              std::optional<FillValue> fill) {
    const std::string path = group_ + "/" + name;
    for (const GrowingDataset& known : data_)
        if (known.path() == path) throw std::invalid_argument("two columns want the name " + path);
    return &data_.emplace_back(file_, packer_, path, type, fill);
}

void RowTable::take(const RowStamp& stamp, const std::byte* row) {
    const std::size_t at = taken_ * stride_;
    if (at == batch_.size()) batch_.resize(std::max(2 * batch_.size(), batch_rows * stride_));
    const Head head{stamp.at().ns, 0, -1, stamp.self};
    if (own_time_ != nullptr) {
        std::int64_t own = 0;
        std::memcpy(&own, row + own_time_->offset, sizeof own);
        DRIFTSTORM_EXPECT(own == head.time);  // else the file would not tell what the row does
    }
    std::memcpy(batch_.data() + at, &head, sizeof head);
    std::memcpy(batch_.data() + at + sizeof head, row, row_size_);
    ++taken_;
}

void RowTable::append_oldest(std::int64_t message) {
    if (appended_ == batch_rows) {  // what fills a chunk leaves with the row after it
        write_batch();
        submit_full();
    }
    Head head;
    std::byte* at = batch_.data() + appended_ * stride_;
    std::memcpy(&head, at, sizeof head);
    head.number = static_cast<std::int64_t>(rows_);
    head.message = message;
    std::memcpy(at, &head, sizeof head);
    message_missing_ = message_missing_ || message < 0;
    ++appended_;
    ++rows_;
}

/// Turns the appended rows of the batch into columns.
void RowTable::write_batch() {
    const std::size_t count = appended_;
    const std::byte* heads = batch_.data();
    const auto head = [&](GrowingDataset* data, std::size_t offset) {
        if (data != nullptr) data->append_strided<std::int64_t>(heads + offset, stride_, count);
    };
    head(time_, offsetof(Head, time));
    head(row_number_, offsetof(Head, number));
    head(message_, offsetof(Head, message));
    if (self_ != nullptr) self_->append_strided(heads + offsetof(Head, self), stride_, count);
    for (const Slot& slot : slots_) {
        const std::byte* from = heads + sizeof(Head) + slot.column->offset;
        if (slot.entities != nullptr) {
            slot.entities->append_strided(from, stride_, count);
            continue;
        }
        switch (size_of(slot.column->kind)) {
            case 8:
                slot.data->append_strided<std::uint64_t>(from, stride_, count);
                break;
            case 4:
                slot.data->append_strided<std::uint32_t>(from, stride_, count);
                break;
            case 2:
                slot.data->append_strided<std::uint16_t>(from, stride_, count);
                break;
            default:
                slot.data->append_strided<std::uint8_t>(from, stride_, count);
                break;
        }
    }
    std::memmove(batch_.data(), batch_.data() + count * stride_, (taken_ - count) * stride_);
    taken_ -= count;
    appended_ = 0;
}

/// In the order of a row's values: places in the file follow it.
void RowTable::submit_full() {
    if (time_ != nullptr) time_->submit_if_full();
    if (self_ != nullptr) self_->submit_if_full();
    if (row_number_ != nullptr) row_number_->submit_if_full();
    if (message_ != nullptr) message_->submit_if_full();
    for (const Slot& slot : slots_) {
        if (slot.data != nullptr) slot.data->submit_if_full();
        if (slot.entities != nullptr) slot.entities->submit_if_full();
    }
}

void RowTable::finish() {
    write_batch();
    // Short columns get their datasets only now: in the order of the row, not of the containers.
    for (GrowingDataset* data : {time_, row_number_, message_})
        if (data != nullptr) data->finish();
    if (self_ != nullptr) self_->finish();
    for (const Slot& slot : slots_) {
        if (slot.data != nullptr) slot.data->finish();
        if (slot.entities != nullptr) slot.entities->finish();
    }
}

void RowTable::add_device_slices() {
    const std::int16_t device = directory_.kind("device");
    EntityColumnWriter* entities = self_;
    for (const Slot& slot : slots_)
        if (slot.entities != nullptr && slot.column->name == "device") entities = slot.entities;
    if (device < 0 || entities == nullptr || !entities->may_hold(device)) return;
    if (rows_ > std::numeric_limits<std::uint32_t>::max()) return;
    const EntityColumnWriter::Slices slices = entities->slices(device);
    device_order_ = add("device_order", Hdf5Type::uint32, {});
    device_order_->append_strided<std::uint32_t>(
        reinterpret_cast<const std::byte*>(slices.rows.data()), sizeof(std::uint32_t),
        slices.rows.size());
    device_order_->finish();
    packer_.drain();
    std::vector<std::int64_t> bounds(slices.first.size());
    std::iota(bounds.begin(), bounds.end(), std::int64_t{0});
    write_group(file_,
                {.path = group_,
                 .dimensions = {{.name = "device_bound",
                                 .unit = "",
                                 .help = "row in /entities/device, and one beyond the last",
                                 .values = std::move(bounds)}},
                 .columns = {{.name = "device_ptr",
                              .unit = "",
                              .help = "rows of device d: device_order from device_ptr[d] on, "
                                      "before device_ptr[d + 1]",
                              .values = slices.first}}},
                "");
}

void RowTable::label_column(const Slot& slot, const std::string& time_units) {
    const Column& column = *slot.column;
    if (slot.entities != nullptr) {
        slot.entities->label_as(column.help);
        return;
    }
    const std::string& path = slot.data->path();
    const std::string units = is_instant(column.kind)               ? time_units
                              : column.kind == ColumnKind::duration ? "ns"
                                                                    : cf_unit(column.unit);
    label(file_, path, units, column.help);
    if (const std::optional<FillValue> fill = missing_in(column.kind))
        file_.write_attribute(path, "_FillValue", stored_as(column.kind), &*fill);
    label_words(file_, path, {column.words.begin(), column.words.end()});
}

void RowTable::label_all(const std::string& time_units) {
    if (time_ != nullptr) label(file_, scale_, time_units, "true time of the event");
    if (row_number_ != nullptr) label(file_, scale_, "1", "row number");
    if (self_ != nullptr) self_->label_as("entity whose event it was");
    if (message_ != nullptr) {
        label(file_, message_->path(), "1", "row in /messages");
        if (message_missing_)
            file_.write_attribute(message_->path(), "_FillValue", Hdf5Type::int64, &no_row);
    }
    if (device_order_ != nullptr)
        label(file_, device_order_->path(), "1",
              "row numbers, those of one device together and in order of time");
    for (const Slot& slot : slots_) label_column(slot, time_units);

    file_.make_scale(scale_);
    for (const GrowingDataset& data : data_)
        if (data.path() != scale_) file_.attach_scale(data.path(), 0, scale_);
    for (const EntityColumnWriter& entities : entities_)
        for (const std::string& path : entities.paths()) file_.attach_scale(path, 0, scale_);
}

std::uint64_t RowTable::packed_bytes() const {
    std::uint64_t sum = 0;
    for (const GrowingDataset& data : data_) sum += data.packed_bytes();
    for (const EntityColumnWriter& entities : entities_) sum += entities.packed_bytes();
    return sum;
}

}  // namespace driftstorm
