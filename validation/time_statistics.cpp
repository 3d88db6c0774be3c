#include "validation/time_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace driftstorm::validation {

namespace {

std::size_t second_of(double time, std::size_t last) {
    return std::min(last, static_cast<std::size_t>(std::max(0.0, std::ceil(time))));
}

/// Root mean square and greatest size.
std::pair<double, double> size_of(const std::vector<double>& x, TimeWindow window) {
    double squares = 0;
    double greatest = 0;
    for (std::size_t i = window.from; i < window.to; ++i) {
        squares += x[i] * x[i];
        greatest = std::max(greatest, std::abs(x[i]));
    }
    return {std::sqrt(squares / static_cast<double>(window.to - window.from)), greatest};
}

/// Linear between order statistics, as numpy's percentile.
double quantile(std::vector<double>& values, double p) {
    const double place = p * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::ptrdiff_t>(place);
    std::nth_element(values.begin(), values.begin() + low, values.end());
    const double at_low = values[static_cast<std::size_t>(low)];
    if (static_cast<std::size_t>(low) + 1 == values.size()) return at_low;
    const double at_high = *std::min_element(values.begin() + low + 1, values.end());
    return at_low + (place - static_cast<double>(low)) * (at_high - at_low);
}

void add_window(std::map<std::string, double>& figures, const std::string& name, TimeWindow window,
                const TimeRun& run) {
    const auto [rms, greatest] = size_of(run.offset, window);
    double sum = 0;
    std::vector<double> sizes;
    sizes.reserve(window.to - window.from);
    for (std::size_t i = window.from; i < window.to; ++i) {
        sum += run.offset[i];
        sizes.push_back(std::abs(run.offset[i]));
    }
    const double mean = sum / static_cast<double>(sizes.size());
    figures["off_rms_" + name] = rms;
    figures["off_max_" + name] = greatest;
    figures["off_mean_" + name] = mean;
    figures["off_sd_" + name] = std::sqrt(std::max(0.0, rms * rms - mean * mean));
    figures["off_abs_p50_" + name] = quantile(sizes, 0.5);
    figures["off_abs_p95_" + name] = quantile(sizes, 0.95);
    const auto [rate_rms, rate_max] = size_of(run.rate, window);
    figures["freq_rms_" + name] = rate_rms;
    figures["freq_max_" + name] = rate_max;
}

}  // namespace

std::map<std::string, TimeWindow> time_windows(const TimeCell& cell) {
    const double T = cell.duration;
    const auto last = static_cast<std::size_t>(T);
    const auto span = [&](double from, double to) {
        return TimeWindow{second_of(from, last), second_of(to, last)};
    };
    if (!cell.event) return {{"all", span(0.2 * T, T)}};
    const double end = *cell.event + cell.event_length;
    return {{"pre", span(0.2 * T, *cell.event)},
            {"dur", span(*cell.event, end)},
            {"post", span(end, end + 0.1 * T)},
            {"late", span(end + 0.15 * T, T)}};
}

double overlapping_adev(const std::vector<double>& offset, TimeWindow window, std::size_t m) {
    if (window.to < window.from + 2 * m + 1) return std::numeric_limits<double>::quiet_NaN();
    double squares = 0;
    const std::size_t count = window.to - window.from - 2 * m;
    for (std::size_t i = window.from; i < window.from + count; ++i) {
        const double second = offset[i + 2 * m] - 2 * offset[i + m] + offset[i];
        squares += second * second;
    }
    return std::sqrt(squares / (2 * static_cast<double>(count))) / static_cast<double>(m);
}

double settling_time(const std::vector<double>& offset, std::size_t from, double limit) {
    constexpr std::size_t hold = 600;
    std::size_t since = from;
    for (std::size_t i = from; i < offset.size(); ++i) {
        if (std::abs(offset[i]) > limit) since = i + 1;
        if (i + 1 >= since + hold) return static_cast<double>(since - from);
    }
    return std::numeric_limits<double>::infinity();
}

std::map<std::string, double> time_statistics(const TimeCell& cell, const TimeRun& run) {
    std::map<std::string, double> figures;
    TimeWindow calm;
    for (const auto& [name, window] : time_windows(cell)) {
        if (window.empty()) continue;
        add_window(figures, name, window, run);
        if (name == "all" || name == "pre") calm = window;
    }
    for (const std::size_t m : {std::size_t{16}, std::size_t{256}, std::size_t{4096}}) {
        const double adev = overlapping_adev(run.offset, calm, m);
        if (adev == adev) figures["adev" + std::to_string(m)] = adev;
    }
    const std::pair<const char*, double> limits[] = {
        {"100ms", 0.1}, {"10ms", 0.01}, {"1ms", 1e-3}, {"100us", 1e-4}};
    for (const auto& [name, limit] : limits) {
        figures[std::string("conv_") + name] = settling_time(run.offset, 0, limit);
        if (cell.event)
            figures[std::string("reconv_") + name] = settling_time(
                run.offset, second_of(*cell.event + cell.event_length, run.offset.size()), limit);
    }
    figures["polls"] = static_cast<double>(run.polls.size());
    figures["polls_first3600"] = static_cast<double>(
        std::lower_bound(run.polls.begin(), run.polls.end(), 3600.0) - run.polls.begin());
    figures["replies"] = static_cast<double>(run.replies);
    figures["steps"] = static_cast<double>(run.steps);
    const auto half = std::lower_bound(run.polls.begin(), run.polls.end(), cell.duration / 2);
    if (run.polls.end() - half > 1)
        figures["mean_poll_2nd_half"] =
            (run.polls.back() - *half) / static_cast<double>(run.polls.end() - half - 1);
    return figures;
}

}  // namespace driftstorm::validation
