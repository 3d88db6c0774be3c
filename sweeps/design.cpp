#include "sweeps/design.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace driftstorm {

namespace {

/// Degree and inner coefficients of a primitive polynomial over GF(2), and the first direction
/// numbers; one a dimension from the second on.
struct Direction {
    unsigned degree;
    unsigned coefficients;
    std::array<std::uint32_t, 7> first;
};
constexpr std::array<Direction, most_sobol_dimensions - 1> directions{{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
}};

using Columns = std::array<std::uint32_t, 32>;

Columns columns_of(std::size_t dimension) {
    Columns v{};
    if (dimension == 0) {
        for (unsigned i = 0; i < 32; ++i) v[i] = 1u << (31 - i);
        return v;
    }
    const Direction& d = directions[dimension - 1];
    for (unsigned i = 0; i < d.degree; ++i) v[i] = d.first[i] << (31 - i);
    for (unsigned i = d.degree; i < 32; ++i) {
        v[i] = v[i - d.degree] ^ (v[i - d.degree] >> d.degree);
        for (unsigned k = 1; k < d.degree; ++k)
            if ((d.coefficients >> (d.degree - 1 - k) & 1u) != 0) v[i] ^= v[i - k];
    }
    return v;
}

const std::array<Columns, most_sobol_dimensions>& all_columns() {
    static const std::array<Columns, most_sobol_dimensions> table = [] {
        std::array<Columns, most_sobol_dimensions> made{};
        for (std::size_t d = 0; d < most_sobol_dimensions; ++d) made[d] = columns_of(d);
        return made;
    }();
    return table;
}

double shifted_sobol(std::uint32_t index, std::size_t dimension, std::uint32_t shift) {
    return (static_cast<double>(sobol_bits(index, dimension) ^ shift) + 0.5) * 0x1p-32;
}

std::uint32_t shift_of(const std::string& name, std::uint64_t seed) {
    return draw(seed, "sweep.sobol", stable_hash(name), 0)[0];
}

}  // namespace

double at_share(const ValueRange& range, double share) {
    double value = range.least + share * (range.most - range.least);
    if (range.logarithmic) {
        const double low = exact::log(range.least);
        value = exact::exp(low + share * (exact::log(range.most) - low));
    }
    double step = range.step;
    if (step <= 0) {
        const double size =
            range.logarithmic ? value : std::fmax(std::abs(range.least), range.most - range.least);
        step = exact::pow(10.0, std::floor(exact::log10(size)) - 4);
    }
    // A multiple of a power of ten below one is divided, not multiplied: 3 / 10 is nearer than 3 *
    // 0.1.
    const double inverse = std::floor(1 / step + 0.5);
    const bool divides = step < 1 && std::abs(inverse * step - 1) < 1e-12;
    const double multiple = std::floor((divides ? value * inverse : value / step) + 0.5);
    value = divides ? multiple / inverse : multiple * step;
    return std::clamp(value, range.least, range.most);
}

double share_of(const ValueRange& range, double value) {
    if (!range.logarithmic) return (value - range.least) / (range.most - range.least);
    const double low = exact::log(range.least);
    return (exact::log(value) - low) / (exact::log(range.most) - low);
}

std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension) {
    DRIFTSTORM_EXPECT(dimension < most_sobol_dimensions);
    const Columns& v = all_columns()[dimension];
    std::uint32_t bits = 0;
    std::uint32_t gray = index ^ (index >> 1);
    for (unsigned i = 0; gray != 0; ++i, gray >>= 1)
        if ((gray & 1u) != 0) bits ^= v[i];
    return bits;
}

std::vector<std::vector<double>> random_points(std::size_t n, const std::vector<std::string>& names,
                                               std::uint64_t seed) {
    std::vector<std::vector<double>> rows(n, std::vector<double>(names.size()));
    for (std::size_t column = 0; column < names.size(); ++column)
        for (std::size_t row = 0; row < n; ++row)
            rows[row][column] = draw_uniform(seed, "sweep.random", stable_hash(names[column]), row);
    return rows;
}

std::vector<std::vector<double>> latin_hypercube(std::size_t n,
                                                 const std::vector<std::string>& names,
                                                 std::uint64_t seed) {
    std::vector<std::vector<double>> rows(n, std::vector<double>(names.size()));
    std::vector<std::uint64_t> slices(n);
    std::iota(slices.begin(), slices.end(), std::uint64_t{0});
    for (std::size_t column = 0; column < names.size(); ++column) {
        const std::uint64_t subject = stable_hash(names[column]);
        const std::vector<std::size_t> order =
            chosen(seed, "sweep.latin_hypercube.order", subject, slices, n);
        for (std::size_t row = 0; row < n; ++row)
            rows[row][column] = (static_cast<double>(order[row]) +
                                 draw_uniform(seed, "sweep.latin_hypercube.place", subject, row)) /
                                static_cast<double>(n);
    }
    return rows;
}

std::vector<std::vector<double>> sobol_points(std::size_t n, const std::vector<std::string>& names,
                                              std::uint64_t seed) {
    std::vector<std::vector<double>> rows(n, std::vector<double>(names.size()));
    for (std::size_t column = 0; column < names.size(); ++column) {
        const std::uint32_t shift = shift_of(names[column], seed);
        for (std::size_t row = 0; row < n; ++row)
            rows[row][column] = shifted_sobol(static_cast<std::uint32_t>(row), column, shift);
    }
    return rows;
}

std::vector<std::vector<double>> saltelli_points(std::size_t n,
                                                 const std::vector<std::string>& names,
                                                 std::uint64_t seed) {
    const std::size_t k = names.size();
    std::vector<std::string> both = names;
    for (const std::string& name : names) both.push_back(name + " again");
    const std::vector<std::vector<double>> pairs = sobol_points(n, both, seed);
    std::vector<std::vector<double>> rows;
    for (const std::vector<double>& pair : pairs) {
        const auto middle = pair.begin() + static_cast<std::ptrdiff_t>(k);
        const std::vector<double> a(pair.begin(), middle);
        const std::vector<double> b(middle, pair.end());
        rows.push_back(a);
        rows.push_back(b);
        for (std::size_t i = 0; i < k; ++i) {
            rows.push_back(a);
            rows.back()[i] = b[i];
        }
    }
    return rows;
}

std::vector<std::vector<double>> morris_points(std::size_t n, std::size_t levels,
                                               const std::vector<std::string>& names,
                                               std::uint64_t seed) {
    const std::size_t k = names.size();
    const double step = static_cast<double>(levels) / (2.0 * static_cast<double>(levels - 1));
    std::vector<std::uint64_t> members;
    members.reserve(names.size());
    for (const std::string& name : names) members.push_back(stable_hash(name));
    std::vector<std::vector<double>> rows;
    for (std::size_t walk = 0; walk < n; ++walk) {
        std::vector<double> at(k);
        std::vector<double> change(k);
        for (std::size_t i = 0; i < k; ++i) {
            const Block block = draw(seed, "sweep.morris.start", members[i], walk);
            // From the lower half upwards, or from the upper half downwards.
            const double low = static_cast<double>(draw_below(block, levels / 2)) /
                               static_cast<double>(levels - 1);
            const bool up = (block[2] & 1u) != 0;
            at[i] = up ? low : low + step;
            change[i] = up ? step : -step;
        }
        rows.push_back(at);
        for (const std::size_t i : chosen(seed, "sweep.morris.order", walk, members, k)) {
            at[i] += change[i];
            rows.push_back(at);
        }
    }
    return rows;
}

std::vector<std::vector<ParameterValue>> rows_of(const DesignPart& part,
                                                 const std::vector<SweptParameter>& parameters,
                                                 std::uint64_t seed) {
    using Kind = DesignPart::Kind;
    std::vector<std::vector<ParameterValue>> rows;
    if (part.axes.empty()) return rows;
    if (part.kind == Kind::list) {
        for (std::size_t row = 0; row < part.axes.front().values.size(); ++row) {
            rows.emplace_back();
            for (const Axis& axis : part.axes) rows.back().push_back(axis.values.at(row));
        }
        return rows;
    }
    if (part.kind == Kind::grid) {
        rows.emplace_back();
        for (const Axis& axis : part.axes) {
            std::vector<std::vector<ParameterValue>> longer;
            for (const std::vector<ParameterValue>& row : rows)
                for (const ParameterValue& value : axis.values) {
                    longer.push_back(row);
                    longer.back().push_back(value);
                }
            rows = std::move(longer);
        }
        return rows;
    }
    std::vector<std::string> names;
    for (const Axis& axis : part.axes) names.push_back(parameters[axis.parameter].name);
    std::vector<std::vector<double>> shares;
    if (part.kind == Kind::random) shares = random_points(part.samples, names, seed);
    if (part.kind == Kind::latin_hypercube) shares = latin_hypercube(part.samples, names, seed);
    if (part.kind == Kind::sobol)
        shares = part.indices ? saltelli_points(part.samples, names, seed)
                              : sobol_points(part.samples, names, seed);
    if (part.kind == Kind::morris) shares = morris_points(part.samples, part.levels, names, seed);
    for (const std::vector<double>& row : shares) {
        rows.emplace_back();
        for (std::size_t i = 0; i < part.axes.size(); ++i)
            rows.back().push_back(
                value_of(parameters[part.axes[i].parameter], at_share(part.axes[i].range, row[i])));
    }
    return rows;
}

}  // namespace driftstorm
