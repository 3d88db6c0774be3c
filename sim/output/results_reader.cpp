#include "sim/output/results_reader.hpp"

#include "sim/output/hdf5_file.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>

namespace driftstorm {

struct ResultsReader::Parts {
    Hdf5File file;

    Hdf5Shape shape_of(const std::string& dataset) const {
        if (!file.has(dataset))
            throw OutputError(file.path(), dataset + ": there is no such dataset");
        return file.shape(dataset);
    }
    /// Cuts a request for rows down to those there are.
    static void clip(const Hdf5Shape& shape, std::uint64_t& first, std::uint64_t& count) {
        const std::uint64_t rows = shape.extent.empty() ? 1 : shape.extent.front();
        first = std::min(first, rows);
        count = std::min(count, rows - first);
    }
    template <class T>
    std::vector<T> numbers(const std::string& dataset, std::uint64_t first, std::uint64_t count,
                           bool whole) const {
        const Hdf5Shape shape = shape_of(dataset);
        const bool real = shape.type == Hdf5Type::float64;
        if (shape.type == Hdf5Type::text || (whole && real))
            throw OutputError(file.path(),
                              dataset + ": holds no " + (whole ? "integers" : "numbers"));
        clip(shape, first, count);
        std::uint64_t values = count;
        for (std::size_t i = 1; i < shape.extent.size(); ++i) values *= shape.extent[i];
        std::vector<T> result(values);
        // uint64 keeps its bits; the library would cut it off at the largest int64.
        const Hdf5Type as = !whole                           ? Hdf5Type::float64
                            : shape.type == Hdf5Type::uint64 ? Hdf5Type::uint64
                                                             : Hdf5Type::int64;
        file.read(dataset, as, first, count, result.data());
        return result;
    }
    std::optional<AttributeValue> attribute(const std::string& object,
                                            const std::string& name) const {
        if (!file.has(object))
            throw OutputError(file.path(), object + ": there is no such group or dataset");
        return file.attribute(object, name);
    }
};

namespace {

/// What HDF5's own words leave to guess.
void expect_hdf5(const std::string& path) {
    constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    std::ifstream file(path, std::ios::binary);
    std::string first(signature.size(), '\0');
    if (!file.read(first.data(), static_cast<std::streamsize>(first.size())) && !file.eof()) return;
    if (first != signature) throw OutputError(path, "is no HDF5 file, so no result of driftstorm");
}

}  // namespace

ResultsReader::ResultsReader(const std::string& path) {
    expect_hdf5(path);
    parts_ = std::make_unique<Parts>(Parts{Hdf5File::open(path)});
    const std::optional<AttributeValue> name = parts_->file.attribute("/", "format_name");
    const auto* words = name ? std::get_if<std::string>(&*name) : nullptr;
    if (words == nullptr || (*words != "driftstorm-result" && *words != "driftstorm-sweep"))
        throw OutputError(path, "is no result of driftstorm");
    const std::optional<AttributeValue> version = parts_->file.attribute("/", "format_version");
    const auto* numbers = version ? std::get_if<std::vector<std::int64_t>>(&*version) : nullptr;
    if (numbers == nullptr || numbers->empty() || numbers->front() != 1)
        throw OutputError(path,
                          "has a format of a version that is not known here; this program "
                          "reads version 1");
}
ResultsReader::~ResultsReader() = default;
ResultsReader::ResultsReader(ResultsReader&&) noexcept = default;
ResultsReader& ResultsReader::operator=(ResultsReader&&) noexcept = default;

const std::string& ResultsReader::path() const { return parts_->file.path(); }

bool ResultsReader::has(const std::string& name) const { return parts_->file.has(name); }

std::vector<std::string> ResultsReader::groups(const std::string& group) const {
    return parts_->file.members(group, true);
}

std::vector<std::string> ResultsReader::datasets(const std::string& group) const {
    return parts_->file.members(group, false);
}

std::vector<std::uint64_t> ResultsReader::shape(const std::string& dataset) const {
    return parts_->shape_of(dataset).extent;
}

std::uint64_t ResultsReader::rows(const std::string& dataset) const {
    const std::vector<std::uint64_t> extent = shape(dataset);
    return extent.empty() ? 1 : extent.front();
}

std::vector<std::string> ResultsReader::dimensions(const std::string& dataset) const {
    parts_->shape_of(dataset);
    return parts_->file.dimension_names(dataset);
}

std::vector<std::int64_t> ResultsReader::integers(const std::string& dataset, std::uint64_t first,
                                                  std::uint64_t count) const {
    return parts_->numbers<std::int64_t>(dataset, first, count, true);
}

std::vector<double> ResultsReader::reals(const std::string& dataset, std::uint64_t first,
                                         std::uint64_t count) const {
    return parts_->numbers<double>(dataset, first, count, false);
}

std::vector<std::string> ResultsReader::texts(const std::string& dataset, std::uint64_t first,
                                              std::uint64_t count) const {
    const Hdf5Shape shape = parts_->shape_of(dataset);
    if (shape.type != Hdf5Type::text) throw OutputError(path(), dataset + ": holds no text");
    Parts::clip(shape, first, count);
    return parts_->file.read_texts(dataset, first, count);
}

std::optional<std::string> ResultsReader::text_attribute(const std::string& object,
                                                         const std::string& name) const {
    const std::optional<AttributeValue> value = parts_->attribute(object, name);
    if (value && std::holds_alternative<std::string>(*value)) return std::get<std::string>(*value);
    return std::nullopt;
}

std::optional<std::vector<std::int64_t>> ResultsReader::integer_attribute(
    const std::string& object, const std::string& name) const {
    const std::optional<AttributeValue> value = parts_->attribute(object, name);
    if (!value) return std::nullopt;
    if (const auto* one = std::get_if<std::int64_t>(&*value)) return {{*one}};
    if (const auto* one = std::get_if<std::uint64_t>(&*value))
        return {{static_cast<std::int64_t>(*one)}};
    if (const auto* many = std::get_if<std::vector<std::int64_t>>(&*value)) return *many;
    if (const auto* many = std::get_if<std::vector<std::uint64_t>>(&*value))
        return std::vector<std::int64_t>(many->begin(), many->end());
    return std::nullopt;
}

std::optional<std::vector<double>> ResultsReader::real_attribute(const std::string& object,
                                                                 const std::string& name) const {
    const std::optional<AttributeValue> value = parts_->attribute(object, name);
    if (!value) return std::nullopt;
    if (const auto* one = std::get_if<double>(&*value)) return {{*one}};
    if (const auto* many = std::get_if<std::vector<double>>(&*value)) return *many;
    return std::nullopt;
}

std::vector<std::string> ResultsReader::words(const std::string& dataset) const {
    const std::string meanings = text_attribute(dataset, "flag_meanings").value_or("");
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < meanings.size();) {
        const std::size_t end = std::min(meanings.find(' ', begin), meanings.size());
        words.push_back(meanings.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

}  // namespace driftstorm
