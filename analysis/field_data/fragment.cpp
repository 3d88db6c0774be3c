#include "analysis/field_data/fragment.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string_view>

namespace driftstorm::field_data {

namespace {

struct Unit {
    std::string_view word;
    double size;
};

/// A number with the digits that matter beside a neighbour `resolution` away, never with an
/// exponent, which units do not take.
std::string digits(double value, double resolution) {
    const double needed = resolution > 0 ? -std::floor(std::log10(resolution)) + 1 : 6;
    const int places = static_cast<int>(std::fmin(std::fmax(needed, 0), 12));
    return fmt::format("{:.{}f}", value, places);
}

/// "20.03 ms" in the greatest unit that the value reaches.
std::string in_unit(double value, double resolution, const std::array<Unit, 3>& units) {
    const double size = std::fmax(std::abs(value), resolution);
    Unit chosen = units.back();
    for (const Unit& unit : units)
        if (size >= unit.size) {
            chosen = unit;
            break;
        }
    return digits(value / chosen.size, resolution / chosen.size) + " " + std::string(chosen.word);
}

double width(const Fitted& fitted) { return (fitted.high - fitted.low) / 4; }

std::string time_text(double seconds, double resolution) {
    return in_unit(seconds, resolution, {{{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}}});
}
std::string frequency_text(double fraction, double resolution) {
    return in_unit(fraction, resolution, {{{"ppm", 1e-6}, {"ppb", 1e-9}, {"ppb", 1e-9}}});
}

using Text = std::string (*)(double, double);
std::string interval_text(const Fitted& fitted, Text text) {
    return "95 %: " + text(fitted.low, width(fitted)) + " to " + text(fitted.high, width(fitted));
}

std::string date_text(double since_1970) {
    const auto whole = static_cast<std::int64_t>(std::floor(since_1970));
    const std::int64_t day = whole / 86400;
    const std::int64_t second = whole % 86400;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       second / 3600, second / 60 % 60, second % 60);
}

/// Random-walk FM as the change of frequency in 1 s, sqrt(2 pi^2 h_2).
Fitted wander_of(const Fitted& random_walk_fm) {
    const auto root = [](double h) { return std::sqrt(2 * h) * std::numbers::pi; };
    return {root(random_walk_fm.value), root(random_walk_fm.low), root(random_walk_fm.high)};
}

std::string coefficient_line(std::string_view name, const Fitted& fitted) {
    return fmt::format("# {:<28} {:.3g} (95 %: {:.3g} to {:.3g})\n", name, fitted.value, fitted.low,
                       fitted.high);
}

std::string head(const FieldLog& log, const FieldFit& fit, const FragmentWords& words) {
    std::string text = fmt::format(
        "# Made by driftstorm import from {}.\n"
        "# {} exchanges with {} in {:.2f} h from {} UTC on.\n",
        words.origin, fit.exchanges, log.sources.front(), fit.span / 3600, date_text(fit.start));
    for (const std::string& remark : log.remarks) text += "# Left out: " + remark + ".\n";
    if (fit.clock.outliers > 0)
        text += fmt::format("# Left out: {} exchanges that no queue explains (beyond 6 sigma).\n",
                            fit.clock.outliers);
    if (log.steering == Steering::unknown)
        text +=
            "# Nothing tells how the clock was steered: frequency and noise are those of the "
            "clock as it was.\n";
    text +=
        "# How asymmetric the path is cannot be known from its ends: where one way is longer than "
        "the other by d,\n# offset is wrong by d / 2. Intervals are for equal least delays.\n#\n";
    return text;
}

std::string noise_comment(const FieldFit& fit) {
    std::string text =
        "# Oscillator, S_y(f) = h0 + h_1 / f + h_2 / f^2 (maximum likelihood, Jones and Tryon "
        "1987):\n";
    text += coefficient_line("h0 (white FM) [1/Hz]", fit.clock.white_fm);
    text += fit.clock.has_flicker
                ? coefficient_line("h_1 (flicker FM)", fit.clock.flicker_fm)
                : "# h_1 (flicker FM)             none wanted (Akaike's criterion)\n";
    text += coefficient_line("h_2 (random-walk FM) [Hz]", fit.clock.random_walk_fm);
    text += fmt::format(
        "# Errors of offsets: {} standard deviation ({}), closest to a {} law; {} "
        "without queues.\n",
        time_text(fit.jitter.sd.value, width(fit.jitter.sd)),
        interval_text(fit.jitter.sd, time_text), fit.jitter.law,
        time_text(fit.clock.stamp_noise, fit.clock.stamp_noise / 100));
    if (fit.jitter.queue_slope.high > fit.jitter.queue_slope.low)
        text += fmt::format(
            "# Of a longer round trip {:.2f} (95 %: {:.2f} to {:.2f}) is the way there.\n",
            0.5 + fit.jitter.queue_slope.value, 0.5 + fit.jitter.queue_slope.low,
            0.5 + fit.jitter.queue_slope.high);
    text += "#\n# Allan deviation as read (95 %) and as fitted, errors of offsets included:\n";
    for (const AllanCheck& line : fit.allan)
        text += fmt::format("#   {:>9.0f} s  {:.3e} ({:.2e} to {:.2e})  {:.3e}  {}\n", line.tau,
                            line.data, line.low, line.high, line.fitted, line.noise);
    return text;
}

std::string law_text(const DelayFit& delay) {
    const LawFit& law = delay.laws.front();
    const std::string mean = time_text(delay.mean.value, width(delay.mean));
    const std::string shape = digits(law.shape, law.shape / 100);
    switch (law.law) {
        case DelayLaw::exponential:
            return fmt::format("{{ exponential: {{ mean: {} }} }}", mean);
        case DelayLaw::gamma:
            return fmt::format("{{ gamma: {{ mean: {}, shape: {} }} }}", mean, shape);
        case DelayLaw::weibull: {
            const double scale = law.mean / std::tgamma(1 + 1 / law.shape);
            return fmt::format("{{ weibull: {{ scale: {}, shape: {} }} }}",
                               time_text(scale, width(delay.mean)), shape);
        }
        case DelayLaw::lognormal:
            break;
    }
    const double median = law.mean * std::exp(-law.shape * law.shape / 2);
    return fmt::format("{{ lognormal: {{ median: {}, sigma: {} }} }}",
                       time_text(median, width(delay.mean)), shape);
}

Fitted half(const Fitted& fitted) { return {fitted.value / 2, fitted.low / 2, fitted.high / 2}; }

std::string path_text(const FieldLog& log, const FieldFit& fit, const FragmentWords& words) {
    if (!fit.delay) return "# No delays in these logs: no path.\n";
    const DelayFit& delay = *fit.delay;
    const Fitted propagation = half(delay.least);
    std::string text = "network:\n  paths:\n";
    text += fmt::format(
        "    # Round trips: twice the propagation and a time in queues each way; {:.0f} "
        "of them count as independent.\n",
        delay.independent);
    text += fmt::format("    # propagation {}\n", interval_text(propagation, time_text));
    text += fmt::format("    # mean time in queues {} ({})\n",
                        time_text(delay.mean.value, width(delay.mean)),
                        interval_text(delay.mean, time_text));
    for (const LawFit& law : delay.laws)
        text += fmt::format("    #   {:<12} Akaike {:+.1f} to the best\n", name_of(law.law),
                            law.akaike - delay.laws.front().akaike);
    if (log.filtered)
        text +=
            "    # ntpd tells only of the shortest of its last eight exchanges: the path's own "
            "queues are longer.\n";
    if (fit.loss)
        text += fmt::format("    # loss each way 95 %: {:.3f} % to {:.3f} %\n", 100 * fit.loss->low,
                            100 * fit.loss->high);
    text += fmt::format("    - from: {}\n      to: {}\n      delay:\n        propagation: {}\n",
                        words.from, words.to,
                        time_text(std::fmax(propagation.value, 1e-9), width(propagation)));
    if (delay.mean.value > 0) text += "        extra: " + law_text(delay) + "\n";
    if (fit.loss) text += fmt::format("      loss: {:.3f} %\n", 100 * fit.loss->value);
    return text;
}

/// A log's word as a JSON string.
std::string in_quotes(std::string_view word) {
    std::string text = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') text += '\\';
        text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return text + "\"";
}

std::string json_fitted(std::string_view name, const Fitted& fitted) {
    return fmt::format("\"{}\": [{}, {}, {}]", name, fitted.value, fitted.low, fitted.high);
}

}  // namespace

std::string scenario_fragment(const FieldLog& log, const FieldFit& fit,
                              const FragmentWords& words) {
    const Fitted& frequency = fit.clock.frequency;
    const Fitted& offset = fit.clock.offset;
    const Fitted wander = wander_of(fit.clock.random_walk_fm);
    std::string text = head(log, fit, words) + noise_comment(fit);
    text += fmt::format("\nclocks:\n  {}:\n", words.clock);
    text += fmt::format("    frequency_error: {}  # {}\n",
                        frequency_text(frequency.value, width(frequency)),
                        interval_text(frequency, frequency_text));
    text += fmt::format("    initial_offset: {}  # {}\n", time_text(offset.value, width(offset)),
                        interval_text(offset, time_text));
    const auto ppb = [](double w) { return w > 0 ? digits(w * 1e9, w * 1e7) : std::string("0"); };
    text += fmt::format("    wander:\n      random_walk: {} ppb/sqrt(s)  # 95 %: {} to {}\n",
                        ppb(wander.value), ppb(wander.low), ppb(wander.high));
    // What cannot be told from nothing is left out.
    if (fit.clock.white_fm.low > 0)
        text += fmt::format("      white: {:.3g}\n", fit.clock.white_fm.value);
    if (fit.clock.flicker_fm.low > 0)
        text += fmt::format("      flicker: {:.3g}\n", fit.clock.flicker_fm.value);
    text += "\n" + path_text(log, fit, words);
    return text;
}

std::string fit_json(const FieldLog& log, const FieldFit& fit) {
    std::string text = fmt::format(
        "{{\"source\": {}, \"start\": {}, \"span_s\": {}, \"exchanges\": {}, \"outliers\": {}, "
        "\"steering_known\": {},\n ",
        in_quotes(log.sources.front()), fit.start, fit.span, fit.exchanges, fit.clock.outliers,
        log.steering == Steering::logged);
    text += json_fitted("offset_s", fit.clock.offset) + ",\n ";
    text += json_fitted("frequency", fit.clock.frequency) + ",\n ";
    text += json_fitted("h0", fit.clock.white_fm) + ",\n ";
    text += json_fitted("h_1", fit.clock.flicker_fm) + ",\n ";
    text += json_fitted("h_2", fit.clock.random_walk_fm) + ",\n ";
    text += json_fitted("jitter_s", fit.jitter.sd);
    if (fit.delay) {
        text += ",\n " + json_fitted("propagation_s", half(fit.delay->least));
        text += ",\n " + json_fitted("queue_mean_s", fit.delay->mean);
        text += fmt::format(",\n \"queue_law\": \"{}\", \"queue_shape\": {}",
                            name_of(fit.delay->laws.front().law), fit.delay->laws.front().shape);
    }
    if (fit.loss) text += ",\n " + json_fitted("loss", *fit.loss);
    return text + "}\n";
}

}  // namespace driftstorm::field_data
