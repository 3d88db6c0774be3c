#pragma once

#include "sim/core/table.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/growing_dataset.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A column of entities: their rows in /entities/<kind>, int32, -1 = missing (_FillValue
/// is there only if one is: a reader that masks makes floats of all the others). If entities of
/// more than one kind appear, a second dataset <name>_kind says which; else the attribute
/// `entities` names the one group.
class EntityColumnWriter {
  public:
    EntityColumnWriter(Hdf5File& file, ChunkPacker& packer, const EntityDirectory& directory,
                       std::string path);
    /// The next `count` entities, one every `stride` bytes from `from` on.
    void append_strided(const std::byte* from, std::size_t stride, std::size_t count);
    void submit_if_full();
    void finish();
    void label_as(std::string_view help);
    /// The rows of each member of a kind.
    struct Slices {
        std::vector<std::int64_t> first;  ///< where a member's begin in `rows`; shape (members + 1)
        std::vector<std::uint32_t> rows;  ///< by member, then in order; last those of no member
    };
    /// Once all data is in the file, which it reads. @pre fewer than 2^32 rows
    Slices slices(std::int16_t kind);
    /// Whether a member of the kind appears.
    bool may_hold(std::int16_t kind) const { return first_kind_ == kind || kinds_ != nullptr; }
    /// The datasets that need a scale.
    std::vector<std::string> paths() const;
    std::uint64_t packed_bytes() const;

  private:
    void append(EntityId entity);
    void begin_kinds();

    Hdf5File& file_;
    ChunkPacker& packer_;
    const EntityDirectory& directory_;
    GrowingDataset rows_;
    std::unique_ptr<GrowingDataset> kinds_;
    std::int16_t first_kind_ = -1;
    bool missing_ = false;
};

/// The rows of one table as a group with one dataset a column and a scale for the dimension they
/// share. Rows are gathered by the batch and turned into columns one column at a time, which costs
/// a third of doing it row by row; chunks fill and leave as if each row were written at once.
class RowTable {
  public:
    /// @param row_dimension  name of the row number's scale; empty: the rows' scale is `time`, and
    /// the entity
    ///                       whose handler recorded a row is written too
    /// @param is_left_out    columns that are not written
    RowTable(Hdf5File& file, ChunkPacker& packer, const EntityDirectory& directory,
             const RowType& type, const std::string& row_dimension,
             const std::function<bool(std::string_view column)>& is_left_out);

    /// Columns by which a row refers to a message; nullptr in other tables.
    const Column* message_sender() const { return message_sender_; }
    const Column* message_count() const { return message_count_; }

    /// Takes the next row; it is part of the table when append() says so.
    void take(const RowStamp& stamp, const std::byte* row);
    /// The row taken first of those not yet appended.
    const std::byte* oldest() const { return batch_.data() + appended_ * stride_ + sizeof(Head); }
    /// Appends that row.
    /// @param message  row in /messages it refers to, where it refers to one; -1: none
    void append_oldest(std::int64_t message);
    void finish();
    /// Adds device_ptr and device_order, by which the rows of a device (column `device`, else
    /// `entity`) are found; when all rows are in the file. Nothing for a table without devices.
    void add_device_slices();
    /// Attributes and scales, when all data is written.
    void label_all(const std::string& time_units);
    const std::string& path() const { return group_; }
    std::uint64_t rows() const { return rows_; }
    std::uint64_t packed_bytes() const;

  private:
    /// What goes before the row's own bytes in the batch.
    struct Head {
        std::int64_t time;
        std::int64_t number;
        std::int64_t message;
        EntityId self;
    };
    struct Slot {
        const Column* column;
        GrowingDataset* data = nullptr;
        EntityColumnWriter* entities = nullptr;
    };
    GrowingDataset* add(const std::string& name, Hdf5Type type, std::optional<FillValue> fill);
    void write_batch();
    void submit_full();
    void label_column(const Slot& slot, const std::string& time_units);

    Hdf5File& file_;
    ChunkPacker& packer_;
    const EntityDirectory& directory_;
    std::string group_;
    std::string scale_;
    const Column* message_sender_ = nullptr;
    const Column* message_count_ = nullptr;
    std::deque<GrowingDataset> data_;
    std::deque<EntityColumnWriter> entities_;
    std::vector<Slot> slots_;
    GrowingDataset* time_ = nullptr;
    const Column* own_time_ = nullptr;  ///< the row's own `time`, which must be the event's
    GrowingDataset* row_number_ = nullptr;
    GrowingDataset* message_ = nullptr;
    GrowingDataset* device_order_ = nullptr;
    EntityColumnWriter* self_ = nullptr;
    bool message_missing_ = false;
    std::size_t row_size_;  ///< of the row's struct [B]
    std::size_t stride_;    ///< of rows in the batch [B]
    std::vector<std::byte> batch_;
    std::size_t taken_ = 0;     ///< rows in the batch
    std::size_t appended_ = 0;  ///< of those, the first ones
    std::uint64_t rows_ = 0;
};

}  // namespace driftstorm
