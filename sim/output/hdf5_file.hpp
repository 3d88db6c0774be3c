#pragma once

#include "sim/output/memory_group.hpp"
#include "sim/output/output_error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace driftstorm {

enum class Hdf5Type : std::uint8_t { int32, int64, uint8, uint16, uint32, uint64, float64, text };

/// How values of a C++ type are stored.
template <class T>
constexpr Hdf5Type hdf5_type() {
    if constexpr (std::is_same_v<T, std::int64_t>)
        return Hdf5Type::int64;
    else if constexpr (std::is_same_v<T, std::uint64_t>)
        return Hdf5Type::uint64;
    else if constexpr (std::is_same_v<T, std::uint32_t>)
        return Hdf5Type::uint32;
    else if constexpr (std::is_same_v<T, std::uint8_t>)
        return Hdf5Type::uint8;
    else if constexpr (std::is_same_v<T, double>)
        return Hdf5Type::float64;
    else
        return Hdf5Type::text;
}

/// Bytes of one value in the file; 0 for text, which has variable length.
constexpr std::size_t size_of(Hdf5Type type) {
    switch (type) {
        case Hdf5Type::uint8:
            return 1;
        case Hdf5Type::uint16:
            return 2;
        case Hdf5Type::int32:
        case Hdf5Type::uint32:
            return 4;
        case Hdf5Type::int64:
        case Hdf5Type::uint64:
        case Hdf5Type::float64:
            return 8;
        case Hdf5Type::text:
            break;
    }
    return 0;
}

/// A value of any numeric type by its bits: what stands where nothing was written.
using FillValue = std::uint64_t;
FillValue fill_of(double value);

struct Hdf5Shape {
    Hdf5Type type = Hdf5Type::float64;
    std::vector<std::uint64_t> extent = {};  ///< empty: a scalar
    /// Empty: contiguous. Chunks of numbers pass byte shuffle (unless of one byte), deflate and
    /// Fletcher32, in this order.
    std::vector<std::uint64_t> chunk = {};
    bool unlimited = false;  ///< the first dimension may grow
    std::optional<FillValue> fill = {};
};

/// Closes an HDF5 object when it goes out of scope.
class Hdf5Handle {
  public:
    using Close = int (*)(std::int64_t);
    Hdf5Handle() = default;
    Hdf5Handle(std::int64_t id, Close close) : id_(id), close_(close) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept
        : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~Hdf5Handle() { reset(); }

    std::int64_t id() const { return id_; }
    explicit operator bool() const { return id_ >= 0; }
    int reset();  ///< closes now; < 0 if that failed

  private:
    std::int64_t id_ = -1;
    Close close_ = nullptr;
};

/// One HDF5 file, the only place that calls the HDF5 library; objects are named by their full path.
/// Equal calls give equal bytes: no times are kept and the format version is fixed. Every member
/// throws OutputError with the file's path and the system's reason. Use from one thread at a time,
/// all files together: the library has state.
class Hdf5File {
  public:
    static Hdf5File create(const std::string& path);
    static Hdf5File open(const std::string& path);
    static std::string library_version();  ///< of the one that runs: "1.10.8"
    Hdf5File(Hdf5File&&) noexcept = default;
    Hdf5File& operator=(Hdf5File&&) noexcept = default;

    const std::string& path() const { return path_; }
    void flush();
    void close();
    /// Gives the file up, closes what is open of it and removes it; works on a full disk.
    void abandon() noexcept;

    void create_group(const std::string& group);
    Hdf5Handle create_dataset(const std::string& dataset, const Hdf5Shape& shape);
    void extend(const Hdf5Handle& dataset, const std::vector<std::uint64_t>& extent);
    /// A chunk that has passed its filters already; bit i of `skipped`: filter i was not applied.
    void write_chunk(const Hdf5Handle& dataset, const std::vector<std::uint64_t>& offset,
                     std::span<const std::byte> packed, std::uint32_t skipped);
    void write(const Hdf5Handle& dataset, Hdf5Type type, const void* values);
    void write_texts(const Hdf5Handle& dataset, const std::vector<std::string>& values);

    void write_attribute(const std::string& object, const std::string& name,
                         const AttributeValue& value);
    /// `count` values of a given type; count 0 means a single value and no array.
    void write_attribute(const std::string& object, const std::string& name, Hdf5Type type,
                         const void* values, std::size_t count = 0);
    /// Makes a dataset the scale of a dimension that bears the name of the dataset.
    void make_scale(const std::string& dataset);
    void attach_scale(const std::string& dataset, unsigned dimension, const std::string& scale);

    bool has(const std::string& object) const;
    std::vector<std::string> members(const std::string& group,
                                     bool groups) const;  ///< in order of creation
    Hdf5Shape shape(const std::string& dataset) const;    ///< type and extent alone
    std::vector<std::string> dimension_names(const std::string& dataset) const;
    /// Reads rows [first, first + count) of the first dimension (a scalar has one row), converted
    /// by the library to `type`, which is no text.
    void read(const std::string& dataset, Hdf5Type type, std::uint64_t first, std::uint64_t count,
              void* values) const;
    std::vector<std::string> read_texts(const std::string& dataset, std::uint64_t first,
                                        std::uint64_t count) const;
    /// Integers come as int64 or uint64, singly or as vectors, whatever their width in the file.
    std::optional<AttributeValue> attribute(const std::string& object,
                                            const std::string& name) const;

  private:
    explicit Hdf5File(std::string path) : path_(std::move(path)) {}
    std::int64_t id() const { return file_.id(); }
    [[noreturn]] void fail(const std::string& object) const;
    std::int64_t check(std::int64_t result, const std::string& object) const;
    Hdf5Handle open_object(const std::string& object) const;
    Hdf5Handle open_dataset(const std::string& dataset) const;

    std::string path_;
    Hdf5Handle file_;
};

}  // namespace driftstorm
