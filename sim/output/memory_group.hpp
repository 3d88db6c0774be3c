#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace driftstorm {

using AttributeValue =
    std::variant<std::int64_t, std::uint64_t, double, std::string, std::vector<std::int64_t>,
                 std::vector<std::uint64_t>, std::vector<double>, std::vector<std::string>>;
struct Attribute {
    std::string name;
    AttributeValue value;
};

using MemoryValues =
    std::variant<std::vector<std::int64_t>, std::vector<std::uint64_t>, std::vector<std::uint32_t>,
                 std::vector<std::uint8_t>, std::vector<double>, std::vector<std::string>>;

/// Of a column of words: none of them.
inline constexpr std::uint8_t no_word = 0xff;

/// A whole dataset held in memory, row-major over its dimensions. Missing: NaN in a double column,
/// INT64_MIN in an instant, an empty text, no_word in a column of words.
struct MemoryColumn {
    std::string name;
    std::string unit;  ///< "" = dimensionless; of no meaning for text, words and instants
    std::string help;
    MemoryValues values;
    bool instant = false;                      ///< int64 values are ns since the epoch
    std::vector<std::string> words = {};       ///< meanings of uint8 values 0, 1, 2 ...
    std::vector<std::string> dimensions = {};  ///< of the group; empty: its first one
    std::string entities = {};  ///< values are rows of this group ("/entities/device")
};

/// What is known only as a whole, such as provenance, checks and storms: one HDF5 group.
struct MemoryGroup {
    std::string path;  ///< "/checks"
    std::vector<Attribute> attributes = {};
    std::vector<MemoryColumn> dimensions =
        {};  ///< coordinates, each along itself; values differ from each other
    std::vector<MemoryColumn> columns = {};
    std::vector<MemoryColumn> scalars = {};  ///< datasets of exactly one value, without dimension
};

}  // namespace driftstorm
