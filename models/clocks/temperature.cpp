#include "models/clocks/temperature.hpp"

#include "models/clocks/normals.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

namespace {

constexpr double two_pi = 6.28318530717958647693;
constexpr double a_day = static_cast<double>(TemperatureDay::seconds);

[[noreturn]] void refuse_day(const std::string& what) {
    throw std::invalid_argument("TemperatureDay: " + what);
}

/// A first-order lag's steady answer to a course that repeats itself every day and is straight
/// between corners, with jumps where two corners coincide.
class LaggedLine {
  public:
    struct Corner {
        double at;     ///< [s]; the first at 0, the last at 86400
        double value;  ///< [K]
    };

    LaggedLine(std::vector<Corner> corners, double lag) : corners_(std::move(corners)), lag_(lag) {
        // Over each piece the answer is the line as it was a lag ago, and what is left of the
        // difference at its begin. From any begin d the day ends at d e^-day/lag + rest; it must be
        // d.
        excess_.resize(corners_.size() - 1);
        if (lag_ == 0) return;
        double left = 0;
        for (int round = 0; round < 2; ++round) {
            double value = left;
            for (std::size_t i = 0; i + 1 < corners_.size(); ++i) {
                excess_[i] = value - settled(i, corners_[i].at);
                value = settled(i, corners_[i + 1].at) +
                        excess_[i] * exact::exp(-(corners_[i + 1].at - corners_[i].at) / lag_);
            }
            if (round == 0) left = value / -exact::expm1(-a_day / lag_);
        }
    }

    double at(double second) {
        while (piece_ > 0 && second < corners_[piece_].at) --piece_;
        while (piece_ + 2 < corners_.size() && second >= corners_[piece_ + 1].at) ++piece_;
        const double fading =
            lag_ == 0 ? 0 : excess_[piece_] * exact::exp(-(second - corners_[piece_].at) / lag_);
        return settled(piece_, second) + fading;
    }

  private:
    double settled(std::size_t piece, double second) const {
        const Corner& a = corners_[piece];
        const Corner& b = corners_[piece + 1];
        if (b.at == a.at) return b.value;
        const double slope = (b.value - a.value) / (b.at - a.at);
        return a.value + slope * (second - a.at - lag_);
    }

    std::vector<Corner> corners_;
    double lag_;
    std::vector<double> excess_;
    std::size_t piece_ = 0;
};

std::vector<LaggedLine::Corner> corners_of(const std::vector<TemperaturePoint>& points) {
    std::vector<LaggedLine::Corner> corners;
    for (const TemperaturePoint& point : points) {
        if (point.at.ns % 1'000'000'000 != 0) refuse_day("points must lie at whole seconds");
        if (!corners.empty() && point.at.seconds() <= corners.back().at)
            refuse_day("points must be in order of time");
        corners.push_back({point.at.seconds(), point.is_c});
    }
    // Straight across midnight, from the last to the first.
    const LaggedLine::Corner first = corners.front();
    const LaggedLine::Corner last = corners.back();
    const double gap = first.at + a_day - last.at;
    const double at_midnight = last.value + (first.value - last.value) * (a_day - last.at) / gap;
    if (first.at > 0) corners.insert(corners.begin(), {0, at_midnight});
    corners.push_back({a_day, at_midnight});
    return corners;
}

std::vector<LaggedLine::Corner> corners_of(const std::vector<LoadPeriod>& load) {
    std::vector<LaggedLine::Corner> corners{{0, 0}};
    for (const LoadPeriod& period : load) {
        const double from = period.from.seconds();
        const double until = period.until.seconds();
        if (period.from.ns % 1'000'000'000 != 0 || period.until.ns % 1'000'000'000 != 0)
            refuse_day("load begins and ends at whole seconds");
        if (!(from >= corners.back().at && until > from && until <= a_day))
            refuse_day("periods of load must be in order of time");
        corners.insert(corners.end(),
                       {{from, 0}, {from, period.rise_k}, {until, period.rise_k}, {until, 0}});
    }
    corners.push_back({a_day, 0});
    return corners;
}

}  // namespace

TemperatureDay::TemperatureDay(const DayOfTemperature& day, double reference_c) {
    const double lag = day.lag.seconds();
    // A sine comes through weaker by cos(phi) and later by phi, tan(phi) = 2 pi lag / day.
    const double turned = two_pi / a_day * lag;
    const double swing = day.swing_k / std::sqrt(1 + turned * turned);
    const double warmest = day.warmest.seconds() + exact::atan2(turned, 1) * a_day / two_pi;
    LaggedLine course(day.points.empty()
                          ? std::vector<LaggedLine::Corner>{{0, day.mean_c}, {a_day, day.mean_c}}
                          : corners_of(day.points),
                      lag);
    LaggedLine load(corners_of(day.load), day.load_lag.seconds());
    const auto temperature = [&](double second) {
        double sum = course.at(second) + load.at(second) - reference_c;
        if (day.points.empty() && day.swing_k != 0)
            sum += swing * exact::cos(two_pi / a_day * (second - warmest));
        return sum;
    };

    for (std::vector<double>& integral : integrals_) {
        integral.reserve(seconds + 1);
        integral.push_back(0);
    }
    double begin = temperature(0);
    least_ = greatest_ = begin;
    for (std::int64_t s = 0; s < seconds; ++s) {
        const double middle = temperature(static_cast<double>(s) + 0.5);
        const double end = temperature(static_cast<double>(s) + 1);
        double a = begin;
        double b = middle;
        double c = end;
        for (std::vector<double>& integral : integrals_) {
            integral.push_back(integral.back() + (a + 4 * b + c) / 6);
            a *= begin;
            b *= middle;
            c *= end;
        }
        least_ = std::min({least_, middle, end});
        greatest_ = std::max({greatest_, middle, end});
        steepest_ = std::max({steepest_, 2 * std::abs(middle - begin), 2 * std::abs(end - middle)});
        begin = end;
    }
    if (!(least_ + reference_c >= -150 && greatest_ + reference_c <= 250))
        refuse_day("from " + std::to_string(least_ + reference_c) + " to " +
                   std::to_string(greatest_ + reference_c) + " degC, must be within -150 .. 250");
}

double TemperatureDay::at(std::int64_t second) const {
    const auto at = static_cast<std::size_t>(second);
    return integrals_[0][at + 1] - integrals_[0][at];
}

TemperaturePhase::TemperaturePhase(std::shared_ptr<const TemperatureDay> day,
                                   const std::array<double, 3>& ppb, std::int64_t begin)
    : day_(std::move(day)), begin_(begin) {
    DRIFTSTORM_EXPECT(begin >= 0 && begin < TemperatureDay::seconds);
    const double furthest = std::max(std::abs(day_->least()), std::abs(day_->greatest()));
    double off = 0;
    double power = 1;
    for (std::size_t n = 0; n < ppb.size(); ++n) {
        scale_[n] = ppb[n] * (1e-9 * q64_per_second);
        steepest_ += static_cast<double>(n + 1) * std::abs(scale_[n]) * power * day_->steepest();
        power *= furthest;
        off += std::abs(ppb[n]) * 1e-9 * power;
    }
    if (!(off <= 0.05))
        throw std::invalid_argument("TemperaturePhase: temperature moves the frequency by up to " +
                                    std::to_string(off * 1e6) + " ppm, must be at most 50000");
    range_ = 2 * off * q64_per_second;
    a_day_ = rounded(within_day(TemperatureDay::seconds));
    at_begin_ = within_day(begin_);
}

double TemperaturePhase::within_day(std::int64_t second) const {
    return scale_[0] * day_->integral(1, second) + scale_[1] * day_->integral(2, second) +
           scale_[2] * day_->integral(3, second);
}

Q64 TemperaturePhase::phase(std::int64_t second) const {
    const std::int64_t since_midnight = begin_ + second;
    return Q64{since_midnight / TemperatureDay::seconds} * a_day_ +
           rounded(within_day(since_midnight % TemperatureDay::seconds) - at_begin_);
}

double TemperaturePhase::furthest_from_line(std::int64_t length) const {
    if (silent()) return 0;
    // What runs at rates within a range r is at most r h / 4 from its chord.
    const double h = static_cast<double>(length);
    return 0.25 * h * std::min(range_, 1.01 * steepest_ * h) + 0x1p20;
}

}  // namespace driftstorm
