#pragma once

#include "sim/output/chunk_packer.hpp"
#include "sim/output/hdf5_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm {

/// Bytes of a full chunk; a row of a series that is wider is cut into several.
inline constexpr std::size_t chunk_bytes = std::size_t{128} << 10;

/// A numeric dataset that grows by rows: shape (rows), or (rows, width). It keeps at most one chunk
/// and makes the dataset when it knows a chunk's size: a short column gets a small chunk. Stays
/// where it was made.
class GrowingDataset {
  public:
    /// @param width  values a row; 0: a one-dimensional dataset
    GrowingDataset(Hdf5File& file, ChunkPacker& packer, std::string path, Hdf5Type type,
                   std::optional<FillValue> fill = {}, std::uint64_t width = 0);
    GrowingDataset(const GrowingDataset&) = delete;
    GrowingDataset& operator=(const GrowingDataset&) = delete;

    /// The next value in row-major order; T has the size of the dataset's type.
    template <class T>
    void append(T value) {
        if (used_ == buffer_.size()) make_room();
        std::memcpy(buffer_.data() + used_, &value, sizeof value);
        used_ += sizeof value;
    }
    /// The next `count` values, one every `stride` bytes from `from` on.
    template <class T>
    void append_strided(const std::byte* from, std::size_t stride, std::size_t count) {
        while (count > 0) {
            if (used_ == buffer_.size()) make_room();
            const std::size_t now = std::min(count, (buffer_.size() - used_) / sizeof(T));
            std::byte* to = buffer_.data() + used_;
            for (std::size_t i = 0; i < now; ++i, from += stride)
                std::memcpy(to + i * sizeof(T), from, sizeof(T));
            used_ += now * sizeof(T);
            count -= now;
        }
    }
    /// Hands a full chunk to the packer now; else the next append() does.
    void submit_if_full() {
        if (used_ == rows_per_chunk_ * row_bytes_) submit();
    }
    /// Hands the last chunk to the packer and makes the dataset if there was none. Then only
    /// drain() the packer.
    void finish();

    /// Lets go of the dataset when all of it is in the file, for who wants to read it: of the chunk
    /// written last, an open one remembers the wrong filters (HDF5 1.10, H5Dwrite_chunk).
    void close() { dataset_.reset(); }

    const std::string& path() const { return path_; }
    std::uint64_t rows() const { return submitted_rows_ + used_ / row_bytes_; }
    std::uint64_t packed_bytes() const { return packed_bytes_; }

  private:
    void make_room();
    void create();
    void submit();
    void submit_piece(std::uint64_t rows, std::uint64_t from, std::vector<std::byte> values);
    void pad(std::vector<std::byte>& values, std::size_t size) const;
    std::vector<std::uint64_t> with_width(std::uint64_t rows, std::uint64_t columns) const;

    Hdf5File& file_;
    ChunkPacker& packer_;
    std::string path_;
    Hdf5Type type_;
    std::optional<FillValue> fill_;
    std::uint64_t width_;
    std::size_t value_bytes_;
    std::size_t row_bytes_;
    std::uint64_t rows_per_chunk_ = 0;  ///< when full; a short dataset has fewer
    std::uint64_t columns_per_chunk_ = 1;
    std::vector<std::byte> buffer_;
    std::size_t used_ = 0;
    std::uint64_t submitted_rows_ = 0;
    std::uint64_t packed_bytes_ = 0;
    Hdf5Handle dataset_;
};

}  // namespace driftstorm
