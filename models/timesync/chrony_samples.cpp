#include "models/timesync/chrony_samples.hpp"

#include "models/timesync/chrony_regression.hpp"
#include "models/timesync/number_pair.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

constexpr int most_samples = 64;
constexpr double unknown_skew = 2e-3;
constexpr double most_skew = 100;
constexpr double least_sd = 1e-9;
constexpr double sd_in_distance = 0.7;  // median less least distance, in standard deviations
constexpr double full_asymmetry = 0.5;  // all jitter in one direction
constexpr double least_asymmetry = 0.45;
constexpr int least_asymmetry_run = 10;
constexpr int most_asymmetry_run = 1000;
constexpr int least_prediction_samples = 3;

/// How long after `begin` each of these is, in order of time [s].
void seconds_after(Reading begin, std::span<const Reading> times, std::span<double> seconds) {
    std::size_t i = 0;
    const Duration furthest = std::max(begin - times.front(), times.back() - begin);
    if (furthest.ns < pair_integer_limit) {
        for (; i + 1 < times.size(); i += 2) {
            store(&seconds[i], as_double(load(&times[i].ns) - both(begin.ns)) * both(1e-9));
        }
    }
    for (; i < times.size(); ++i) {
        seconds[i] = (times[i] - begin).seconds();
    }
}

}  // namespace

Duration nearest_duration(double seconds) {
    const double ns = seconds * 1e9;
    return {static_cast<std::int64_t>(ns + (ns < 0 ? -0.5 : 0.5))};
}

void ChronySourceStatistics::add(const ChronySample& sample) {
    DRIFTSTORM_EXPECT(limits_.maxsamples >= 1 && limits_.maxsamples <= most_samples);
    if (kept_ == limits_.maxsamples) {
        drop_oldest(1);
    }
    if (kept_ > 0 && sample.time <= times_.back()) {
        reset();
    }
    const double delay =
        sample.delay < limits_.mindelay ? 2.0 * limits_.mindelay - sample.delay : sample.delay;
    const double far = 0.5 * delay + sample.dispersion;
    times_.push_back(sample.time);
    offsets_.push_back(sample.offset);
    delays_.push_back(delay);
    distances_.push_back(far);
    root_delays_.push_back(sample.root_delay);
    root_dispersions_.push_back(sample.root_dispersion);
    least_delay_ = kept_ == 0 ? delay : std::min(least_delay_, delay);
    ordered_distances_.insert(
        std::lower_bound(ordered_distances_.begin(), ordered_distances_.end(), far), far);
    ++kept_;
    regress();
}

void ChronySourceStatistics::reset() { *this = ChronySourceStatistics(limits_); }

void ChronySourceStatistics::drop_oldest(int n) {
    if (n == 0) {
        return;
    }
    for (std::size_t i = oldest(); i < oldest() + static_cast<std::size_t>(n); ++i) {
        ordered_distances_.erase(
            std::lower_bound(ordered_distances_.begin(), ordered_distances_.end(), distances_[i]));
    }
    kept_ -= n;
    const int forgotten = static_cast<int>(times_.size()) - 2 * kept_;
    if (forgotten <= 0) {
        return;
    }
    const double least = *std::min_element(delays_.begin(), delays_.begin() + forgotten);
    const auto forget = [&](auto& column) {
        column.erase(column.begin(), column.begin() + forgotten);
    };
    forget(times_);
    forget(offsets_);
    forget(delays_);
    forget(distances_);
    forget(root_delays_);
    forget(root_dispersions_);
    if (least <= least_delay_) {
        least_delay_ = delays_.empty() ? std::numeric_limits<double>::infinity()
                                       : *std::min_element(delays_.begin(), delays_.end());
    }
}

/// @param weights  of the samples kept
void ChronySourceStatistics::weigh(std::span<double> weights) const {
    const std::vector<double>& ordered = ordered_distances_;
    const double least = ordered.front();
    const std::size_t half = ordered.size() / 2;
    const double median =
        ordered.size() % 2 == 1 ? ordered[half] : 0.5 * (ordered[half - 1] + ordered[half]);
    const double sd =
        std::max(limits_.precision, std::min((median - least) / sd_in_distance, least));
    const double per_sd = 1.0 / sd;
    const double usual = least + limits_.precision;
    const double* const distances = distances_.data() + oldest();
    const Pair zero = both(0.0);
    std::size_t i = 0;
    for (; i + 1 < weights.size(); i += 2) {
        const Pair excess = load(distances + i) - both(usual);
        const Pair deviations = both(1.0) + (excess > zero ? excess : zero) * both(per_sd);
        store(&weights[i], both(1.0) / (deviations * deviations));
    }
    if (i < weights.size()) {
        const double deviations = 1.0 + std::max(distances[i] - usual, 0.0) * per_sd;
        weights[i] = 1.0 / (deviations * deviations);
    }
}

void ChronySourceStatistics::correct_asymmetry(std::span<const double> times,
                                               std::span<double> offsets) {
    std::array<double, most_regression_points> of;
    const std::span<double> delays(of.data(), times.size());
    const double least = least_delay();
    std::size_t done = 0;
    for (; done + 1 < delays.size(); done += 2) {
        store(&delays[done], load(&delays_[done]) - both(least));
    }
    if (done < delays.size()) {
        delays[done] = delays_[done] - least;
    }
    const std::optional<double> slope = second_slope(times, delays, offsets);
    if (!slope || *slope * asymmetry_run_ < 0) {
        asymmetry_ = 0;
        asymmetry_run_ = 0;
        return;
    }
    if (*slope <= -least_asymmetry) {
        asymmetry_run_ = std::max(asymmetry_run_ - 1, -most_asymmetry_run);
    } else if (*slope >= least_asymmetry) {
        asymmetry_run_ = std::min(asymmetry_run_ + 1, most_asymmetry_run);
    }
    if (std::abs(asymmetry_run_) < least_asymmetry_run) {
        return;
    }
    asymmetry_ = std::clamp(*slope, -full_asymmetry, full_asymmetry);
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] -= asymmetry_ * delays[i];
    }
}

void ChronySourceStatistics::regress() {
    const std::size_t n = times_.size();
    std::array<double, most_regression_points> of_ages;
    std::array<double, most_regression_points> of_offsets;
    std::array<double, most_regression_points> of_weights;
    const std::span<double> ages(of_ages.data(), n);
    const std::span<double> offsets(of_offsets.data(), n);
    const std::span<double> weights(of_weights.data(), static_cast<std::size_t>(kept_));
    const Reading newest = times_.back();
    seconds_after(newest, times_, ages);
    std::copy(offsets_.begin(), offsets_.end(), offsets.begin());
    correct_asymmetry(ages, offsets);
    weigh(weights);
    const std::optional<RecentLine> line =
        fit_recent_line(ages, offsets, weights, static_cast<int>(oldest()), limits_.minsamples);
    line_found_ = line.has_value();
    if (line) {
        estimate_.time = newest;
        estimate_.offset = line->intercept;
        estimate_.offset_sd = line->intercept_sd;
        estimate_.frequency = line->slope;
        estimate_.frequency_sd = std::clamp(line->slope_sd, least_skew, most_skew);
        estimate_.skew = std::clamp(line->slope_sd * student_t_9995(line->degrees_of_freedom),
                                    least_skew, most_skew);
        estimate_.sd = std::max(least_sd, std::sqrt(line->variance));
        drop_oldest(line->first);
    } else {
        estimate_.frequency = 0;
        estimate_.frequency_sd = unknown_skew;
        estimate_.skew = unknown_skew;
    }
    find_best(ages.last(static_cast<std::size_t>(kept_)));
}

/// Least root distance now.
/// @param ages  of the samples kept, negative [s]
void ChronySourceStatistics::find_best(std::span<const double> ages) {
    double least = std::numeric_limits<double>::infinity();
    const double* const delays = root_delays_.data() + oldest();
    const double* const dispersions = root_dispersions_.data() + oldest();
    const double skew = estimate_.skew;
    for (std::size_t i = 0; i < ages.size(); ++i) {
        const double distance = dispersions[i] - ages[i] * skew + 0.5 * delays[i];
        if (distance < least) {
            least = distance;
            best_ = static_cast<int>(i);
        }
    }
}

void ChronySourceStatistics::adjust(Reading when, double frequency, double offset) {
    if (kept_ == 0) {
        return;
    }
    const std::size_t n = times_.size();
    Reading* const times = times_.data();
    double* const offsets = offsets_.data();
    std::array<double, most_regression_points> of;
    const std::span<double> after(of.data(), n);
    seconds_after(when, times_, after);
    std::size_t i = 0;
    for (; i + 1 < n; i += 2) {
        const Pair moved = load(&after[i]) * both(-frequency) - both(offset);
        const Pair ns = moved * both(1e9);
        const Pair nearest = ns + with_signs(0.5, ns);  // and cut
        times[i].ns += static_cast<std::int64_t>(nearest[0]);
        times[i + 1].ns += static_cast<std::int64_t>(nearest[1]);
        store(offsets + i, load(offsets + i) + moved);
    }
    if (i < n) {
        const double moved = after[i] * -frequency - offset;
        times[i] = times[i] + nearest_duration(moved);
        offsets[i] += moved;
    }
    const double moved = (when - estimate_.time).seconds() * frequency - offset;
    estimate_.time = estimate_.time + nearest_duration(moved);
    estimate_.offset += moved;
    estimate_.frequency = (estimate_.frequency - frequency) / (1.0 - frequency);
}

double ChronySourceStatistics::least_delay() const {
    if (limits_.mindelay > 0) {
        return limits_.mindelay;
    }
    return kept_ == 0 ? std::numeric_limits<double>::infinity() : least_delay_;
}

double ChronySourceStatistics::predicted_offset(Reading when) const {
    if (kept_ < least_prediction_samples) {
        return kept_ == 0 ? 0.0 : offsets_.back();
    }
    return estimate_.offset + (when - estimate_.time).seconds() * estimate_.frequency;
}

double ChronySourceStatistics::sampling_skew() const {
    return std::min(estimate_.skew, unknown_skew);
}

std::optional<ChronyInterval> ChronySourceStatistics::interval(Reading now) const {
    if (kept_ == 0 || !line_found_) {
        return std::nullopt;
    }
    const double age = std::abs((now - times_[best()]).seconds());
    const double offset = offsets_[best()] + age * estimate_.frequency;
    ChronyInterval found;
    found.root_distance =
        0.5 * root_delays_[best()] + root_dispersions_[best()] + age * estimate_.skew;
    found.low = offset - found.root_distance;
    found.high = offset + found.root_distance;
    found.oldest_age = (now - times_[oldest()]).seconds();
    found.newest_age = (now - times_.back()).seconds();
    return found;
}

double ChronySourceStatistics::root_delay() const { return root_delays_[best()]; }

double ChronySourceStatistics::root_dispersion() const {
    const double age = (estimate_.time - times_[best()]).seconds();
    return root_dispersions_[best()] + age * estimate_.skew + estimate_.offset_sd;
}

}  // namespace driftstorm
