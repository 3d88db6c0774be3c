#include "sim/output/growing_dataset.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace driftstorm {

GrowingDataset::GrowingDataset(Hdf5File& file, ChunkPacker& packer, std::string path, Hdf5Type type,
                               std::optional<FillValue> fill, std::uint64_t width)
    : file_(file),
      packer_(packer),
      path_(std::move(path)),
      type_(type),
      fill_(fill),
      width_(width),
      value_bytes_(size_of(type)) {
    DRIFTSTORM_EXPECT(value_bytes_ > 0);  // text does not grow
    const std::uint64_t columns = std::max<std::uint64_t>(width, 1);
    row_bytes_ = value_bytes_ * columns;
    rows_per_chunk_ = std::max<std::uint64_t>(chunk_bytes / row_bytes_, 1);
    const std::uint64_t pieces = (row_bytes_ + chunk_bytes - 1) / chunk_bytes;
    columns_per_chunk_ = (columns + pieces - 1) / pieces;
}

std::vector<std::uint64_t> GrowingDataset::with_width(std::uint64_t rows,
                                                      std::uint64_t columns) const {
    if (width_ == 0) return {rows};
    return {rows, columns};
}

void GrowingDataset::create() {
    if (dataset_) return;
    dataset_ =
        file_.create_dataset(path_, {.type = type_,
                                     .extent = with_width(0, width_),
                                     .chunk = with_width(rows_per_chunk_, columns_per_chunk_),
                                     .unlimited = true,
                                     .fill = fill_});
}

void GrowingDataset::make_room() {
    constexpr std::size_t first_room = 1024;
    const std::size_t full = rows_per_chunk_ * row_bytes_;
    if (used_ == full) submit();
    if (buffer_.empty()) buffer_ = packer_.buffer();
    const std::size_t room =
        std::max({first_room, row_bytes_, 2 * buffer_.size(), buffer_.capacity()});
    // Whole rows only: a buffer of another dataset may end within one of this.
    buffer_.resize(std::min(room / row_bytes_ * row_bytes_, full));
}

void GrowingDataset::pad(std::vector<std::byte>& values, std::size_t size) const {
    const FillValue fill = fill_.value_or(0);
    const std::size_t from = values.size();
    values.resize(size);
    for (std::size_t at = from; at < size; at += value_bytes_)
        std::memcpy(values.data() + at, &fill, value_bytes_);
}

void GrowingDataset::submit() {
    const std::uint64_t rows = used_ / row_bytes_;
    buffer_.resize(used_);
    if (columns_per_chunk_ == std::max<std::uint64_t>(width_, 1)) {
        pad(buffer_, rows_per_chunk_ * row_bytes_);
        submit_piece(rows, 0, std::exchange(buffer_, {}));
    } else {  // one row a chunk, in pieces
        for (std::uint64_t from = 0; from < width_; from += columns_per_chunk_) {
            const std::uint64_t to = std::min(from + columns_per_chunk_, width_);
            std::vector<std::byte> piece = packer_.buffer();
            piece.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(from * value_bytes_),
                         buffer_.begin() + static_cast<std::ptrdiff_t>(to * value_bytes_));
            pad(piece, columns_per_chunk_ * value_bytes_);
            submit_piece(rows, from, std::move(piece));
        }
        buffer_.clear();
    }
    submitted_rows_ += rows;
    used_ = 0;
}

void GrowingDataset::submit_piece(std::uint64_t rows, std::uint64_t from,
                                  std::vector<std::byte> values) {
    const std::uint64_t first = submitted_rows_;
    // The dataset is made with its first chunk, in the order of submission: places in the file, and
    // so its bytes, must not depend on how far the packing is.
    packer_.submit({.values = std::move(values),
                    .value_size = value_bytes_,
                    .write = [=, this](const Chunk& chunk) {
                        create();
                        // Never more than there is: shrinking would make the library unpack the
                        // last chunk.
                        file_.extend(dataset_, with_width(first + rows, width_));
                        file_.write_chunk(dataset_, with_width(first, from), chunk.packed,
                                          chunk.skipped);
                        packed_bytes_ += chunk.packed.size();
                    }});
}

void GrowingDataset::finish() {
    DRIFTSTORM_EXPECT(used_ % row_bytes_ == 0);
    const std::uint64_t rows = used_ / row_bytes_;
    if (submitted_rows_ == 0)
        rows_per_chunk_ = std::bit_ceil(std::clamp<std::uint64_t>(rows, 1, rows_per_chunk_));
    if (rows > 0) submit();
    if (submitted_rows_ == 0) packer_.submit({.write = [this](const Chunk&) { create(); }});
    buffer_ = {};
}

}  // namespace driftstorm
