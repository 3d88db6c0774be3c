#include "analysis/sensitivity.hpp"

#include "analysis/intervals.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace driftstorm {

namespace {

struct Indices {
    double first;
    double total;
};

/// Indices of every parameter from the blocks named.
std::vector<Indices> indices_of(std::span<const double> y, std::size_t k,
                                const std::vector<std::size_t>& blocks) {
    const std::size_t width = k + 2;
    const double n = static_cast<double>(blocks.size());
    double sum = 0;
    for (const std::size_t block : blocks) sum += y[block * width] + y[block * width + 1];
    const double mean = sum / (2 * n);
    double variance = 0;
    for (const std::size_t block : blocks)
        for (std::size_t i = 0; i < 2; ++i)
            variance += (y[block * width + i] - mean) * (y[block * width + i] - mean);
    variance /= 2 * n - 1;
    std::vector<Indices> indices(k, {not_a_number, not_a_number});
    if (!(variance > 0)) return indices;
    for (std::size_t i = 0; i < k; ++i) {
        double first = 0;
        double total = 0;
        for (const std::size_t block : blocks) {
            const double a = y[block * width];
            const double b = y[block * width + 1];
            const double ab = y[block * width + 2 + i];
            first += (b - mean) * (ab - a);  // centred: the same mean, less noise
            total += (a - ab) * (a - ab);
        }
        indices[i] = {first / n / variance, total / (2 * n) / variance};
    }
    return indices;
}

double quantile(std::vector<double>& values, double p) {
    const std::size_t at =
        static_cast<std::size_t>(p * static_cast<double>(values.size() - 1) + 0.5);
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at),
                     values.end());
    return values[at];
}

}  // namespace

std::vector<SobolIndex> sobol_indices(std::span<const double> y, std::size_t k, double confidence,
                                      std::size_t resamples) {
    const std::size_t width = k + 2;
    if (k == 0 || y.size() % width != 0)
        throw std::invalid_argument("y must hold blocks of k + 2 values, got " +
                                    std::to_string(y.size()) +
                                    " values for k = " + std::to_string(k));
    std::vector<std::size_t> blocks;
    for (std::size_t block = 0; block < y.size() / width; ++block) {
        const auto values = y.subspan(block * width, width);
        if (std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
            blocks.push_back(block);
    }
    const SobolIndex nothing{not_a_number, not_a_number, not_a_number,
                             not_a_number, not_a_number, not_a_number};
    std::vector<SobolIndex> result(k, nothing);
    if (blocks.size() < 2) return result;
    const std::vector<Indices> whole = indices_of(y, k, blocks);
    std::vector<std::vector<double>> first(k);
    std::vector<std::vector<double>> total(k);
    for (std::size_t resample = 0; resample < resamples; ++resample) {
        std::vector<std::size_t> again(blocks.size());
        for (std::size_t i = 0; i < again.size(); ++i)
            again[i] =
                blocks[draw_below(draw(1, "analysis.bootstrap", resample, i), blocks.size())];
        const std::vector<Indices> one = indices_of(y, k, again);
        for (std::size_t i = 0; i < k; ++i)
            if (!std::isnan(one[i].first)) {
                first[i].push_back(one[i].first);
                total[i].push_back(one[i].total);
            }
    }
    const double tail = (1 - confidence) / 2;
    for (std::size_t i = 0; i < k; ++i) {
        result[i].first = whole[i].first;
        result[i].total = whole[i].total;
        if (first[i].empty()) continue;
        result[i].first_low = quantile(first[i], tail);
        result[i].first_high = quantile(first[i], 1 - tail);
        result[i].total_low = quantile(total[i], tail);
        result[i].total_high = quantile(total[i], 1 - tail);
    }
    return result;
}

std::vector<MorrisEffect> morris_effects(std::span<const double> y, std::span<const double> x,
                                         std::size_t k) {
    const std::size_t width = k + 1;
    if (k == 0 || y.size() % width != 0 || x.size() != y.size() * k)
        throw std::invalid_argument("y and x must hold trajectories of k + 1 rows, got " +
                                    std::to_string(y.size()) +
                                    " rows for k = " + std::to_string(k));
    std::vector<std::vector<double>> effects(k);
    for (std::size_t row = 0; row + 1 < y.size(); ++row) {
        if ((row + 1) % width == 0) continue;  // the next row begins another trajectory
        for (std::size_t i = 0; i < k; ++i) {
            const double step = x[(row + 1) * k + i] - x[row * k + i];
            const double effect = (y[row + 1] - y[row]) / step;
            if (std::abs(step) > 1e-9 && std::isfinite(effect)) effects[i].push_back(effect);
        }
    }
    std::vector<MorrisEffect> result;
    for (std::vector<double>& of : effects) {
        MorrisEffect one;
        one.effects = of.size();
        const MeanInterval mean = mean_interval(of, 0.95);
        one.mean = mean.mean;
        double squares = 0;
        for (const double effect : of) squares += (effect - mean.mean) * (effect - mean.mean);
        one.deviation = of.size() > 1 ? std::sqrt(squares / static_cast<double>(of.size() - 1)) : 0;
        for (double& effect : of) effect = std::abs(effect);
        const MeanInterval absolute = mean_interval(of, 0.95);
        one.mean_absolute = absolute.mean;
        one.half_width = absolute.half_width;
        result.push_back(one);
    }
    return result;
}

}  // namespace driftstorm
