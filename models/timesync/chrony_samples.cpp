#include "models/timesync/chrony_samples.hpp"

#include "models/timesync/chrony_regression.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace driftstorm {

namespace {

constexpr int most_samples = 64;
constexpr double unknown_skew = 2e-3;
constexpr double least_skew = 1e-12;
constexpr double most_skew = 100;
constexpr double least_sd = 1e-9;
constexpr double sd_in_distance = 0.7;  // median less least distance, in standard deviations
constexpr double full_asymmetry = 0.5;  // all jitter in one direction
constexpr double least_asymmetry = 0.45;
constexpr int least_asymmetry_run = 10;
constexpr int most_asymmetry_run = 1000;
constexpr int least_prediction_samples = 3;

/// How wrong a sample may be, whatever the path.
double distance(const ChronySample& sample) { return 0.5 * sample.delay + sample.dispersion; }

}  // namespace

Duration nearest_duration(double seconds) {
    const double ns = seconds * 1e9;
    return {static_cast<std::int64_t>(ns + (ns < 0 ? -0.5 : 0.5))};
}

const ChronySample& ChronySourceStatistics::kept(int i) const {
    return all_[all_.size() - static_cast<std::size_t>(kept_ - i)];
}

void ChronySourceStatistics::add(const ChronySample& sample) {
    DRIFTSTORM_EXPECT(limits_.maxsamples >= 1 && limits_.maxsamples <= most_samples);
    if (kept_ == limits_.maxsamples) {
        drop_oldest(1);
    }
    if (kept_ > 0 && sample.time <= all_.back().time) {
        reset();
    }
    all_.push_back(sample);
    double& delay = all_.back().delay;
    if (delay < limits_.mindelay) {
        delay = 2.0 * limits_.mindelay - delay;
    }
    least_delay_ = kept_ == 0 ? delay : std::min(least_delay_, delay);
    const double far = distance(all_.back());
    distances_.insert(std::lower_bound(distances_.begin(), distances_.end(), far), far);
    ++kept_;
    regress();
}

void ChronySourceStatistics::reset() { *this = ChronySourceStatistics(limits_); }

void ChronySourceStatistics::drop_oldest(int n) {
    if (n == 0) {
        return;
    }
    for (int i = 0; i < n; ++i) {
        distances_.erase(std::lower_bound(distances_.begin(), distances_.end(), distance(kept(i))));
    }
    kept_ -= n;
    const int older = static_cast<int>(all_.size()) - kept_;
    if (older > kept_) {
        all_.erase(all_.begin(), all_.begin() + (older - kept_));
    }
    least_delay_ = std::numeric_limits<double>::infinity();
    for (const ChronySample& sample : all_) {
        least_delay_ = std::min(least_delay_, sample.delay);
    }
}

std::vector<double> ChronySourceStatistics::weights() const {
    const double least = distances_.front();
    const std::size_t half = distances_.size() / 2;
    const double median = distances_.size() % 2 == 1
                              ? distances_[half]
                              : 0.5 * (distances_[half - 1] + distances_[half]);
    const double sd =
        std::max(limits_.precision, std::min((median - least) / sd_in_distance, least));
    const double per_sd = 1.0 / sd;
    std::vector<double> weights;
    weights.reserve(distances_.size());
    for (int i = 0; i < kept_; ++i) {
        const double excess = std::max(distance(kept(i)) - (least + limits_.precision), 0.0);
        const double deviations = 1.0 + excess * per_sd;
        weights.push_back(1.0 / (deviations * deviations));
    }
    return weights;
}

void ChronySourceStatistics::correct_asymmetry(const std::vector<double>& ages,
                                               std::vector<double>& offsets) {
    std::vector<double> delays;
    delays.reserve(all_.size());
    for (const ChronySample& sample : all_) {
        delays.push_back(sample.delay - least_delay());
    }
    const std::optional<double> slope = second_slope(ages, delays, offsets);
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
    std::vector<double> ages;
    std::vector<double> offsets;
    ages.reserve(all_.size());
    offsets.reserve(all_.size());
    for (const ChronySample& sample : all_) {
        ages.push_back((sample.time - all_.back().time).seconds());
        offsets.push_back(sample.offset);
    }
    correct_asymmetry(ages, offsets);
    const std::optional<RecentLine> line = fit_recent_line(
        ages, offsets, weights(), static_cast<int>(all_.size()) - kept_, limits_.minsamples);
    line_found_ = line.has_value();
    if (line) {
        estimate_.time = all_.back().time;
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
    find_best();
}

void ChronySourceStatistics::find_best() {
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kept_; ++i) {
        const double age = (all_.back().time - kept(i).time).seconds();
        const double distance =
            kept(i).root_dispersion + age * estimate_.skew + 0.5 * kept(i).root_delay;
        if (distance < least) {
            least = distance;
            best_ = i;
        }
    }
}

void ChronySourceStatistics::adjust(Reading when, double frequency, double offset) {
    if (kept_ == 0) {
        return;
    }
    const auto change = [&](Reading time) { return (when - time).seconds() * frequency - offset; };
    for (ChronySample& sample : all_) {
        const double moved = change(sample.time);
        sample.time = sample.time + nearest_duration(moved);
        sample.offset += moved;
    }
    const double moved = change(estimate_.time);
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
        return kept_ == 0 ? 0.0 : all_.back().offset;
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
    const ChronySample& best = kept(best_);
    const double age = std::abs((now - best.time).seconds());
    const double offset = best.offset + age * estimate_.frequency;
    ChronyInterval found;
    found.root_distance = 0.5 * best.root_delay + best.root_dispersion + age * estimate_.skew;
    found.low = offset - found.root_distance;
    found.high = offset + found.root_distance;
    found.oldest_age = (now - kept(0).time).seconds();
    found.newest_age = (now - all_.back().time).seconds();
    return found;
}

double ChronySourceStatistics::root_delay() const { return kept(best_).root_delay; }

double ChronySourceStatistics::root_dispersion() const {
    const double age = (estimate_.time - kept(best_).time).seconds();
    return kept(best_).root_dispersion + age * estimate_.skew + estimate_.offset_sd;
}

}  // namespace driftstorm
