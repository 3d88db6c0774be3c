#include "validation/time_gates.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace driftstorm::validation {

namespace {

using Kind = GateRow::Kind;

double pooled_cv(const Spread& a, const Spread& b) {
    const auto freedom = [](const Spread& x) { return std::max(0, x.n - 1); };
    const auto square = [](const Spread& x) {
        return x.mean == 0 ? 0 : (x.sd / x.mean) * (x.sd / x.mean);
    };
    const int total = freedom(a) + freedom(b);
    if (total == 0) return 0;
    return std::sqrt((freedom(a) * square(a) + freedom(b) * square(b)) / total);
}

double error_of_ratio(const Spread& a, const Spread& b) {
    if (a.n == 0 || b.n == 0) return 0;
    return pooled_cv(a, b) * std::sqrt(1.0 / a.n + 1.0 / b.n);
}

bool starts_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool ends_with(const std::string& text, const std::string& suffix) {
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

/// Whether the name is of a window that every size of error is gated in.
bool calm(const std::string& name) {
    return ends_with(name, "_all") || ends_with(name, "_pre") || ends_with(name, "_late");
}

Kind kind_of(const TimeCell& cell, const std::string& name) {
    if (starts_with(name, "off_mean_")) {
        const bool settled = cell.group == "G" && name == "off_mean_all";
        const bool followed =
            cell.group == "J" && name == "off_mean_late" && cell.program != "chrony";
        return settled || followed ? Kind::bias : Kind::printed;
    }
    if ((starts_with(name, "off_rms_") || starts_with(name, "off_abs_")) && calm(name))
        return Kind::close;
    if (name == "adev256" || name == "adev4096") return Kind::close;
    if (starts_with(name, "off_max_") && calm(name)) return Kind::loose;
    if (name == "off_rms_post" || name == "off_max_post") return Kind::loose;
    if (starts_with(name, "freq_rms_") && calm(name)) return Kind::loose;
    if (starts_with(name, "reconv_")) return Kind::loose;
    if (name == "polls") return Kind::polls;
    if (name == "steps") return Kind::steps;
    return Kind::printed;
}

Spread reference_of(const TimeCell& cell, const std::string& name) {
    Spread spread;
    spread.mean = cell.figure(name + "_mean").value_or(0);
    spread.sd = cell.figure(name + "_sd").value_or(0);
    spread.n = static_cast<int>(cell.figure(name + "_n").value_or(cell.seeds));
    spread.median = cell.figure(name + "_median").value_or(spread.mean);
    return spread;
}

void judge_ratio(GateRow& row, double gate, double utmost) {
    row.gate = std::max(gate, 3 * row.error);
    row.utmost = std::max(utmost, 5 * row.error);
    row.passed = std::abs(row.ratio) <= row.gate;
    row.beyond = std::abs(row.ratio) > row.utmost;
}

void judge_size(GateRow& row) {
    if (!(row.reference.mean > 0) || !(row.simulated.mean > 0)) {
        row.passed = row.reference.mean == row.simulated.mean;
        row.beyond = !row.passed;
        return;
    }
    row.ratio = std::log(row.simulated.mean / row.reference.mean);
    row.error = error_of_ratio(row.reference, row.simulated);
    if (row.kind == Kind::close) {
        judge_ratio(row, 0.15, 0.30);
    } else if (starts_with(row.statistic, "freq_rms_")) {
        judge_ratio(row, std::log(1.5), 0.50);
    } else {
        judge_ratio(row, 0.25, 0.50);
    }
}

void judge_polls(GateRow& row, bool fixed_poll) {
    if (row.reference.mean > 0 && row.simulated.mean > 0) {
        row.ratio = std::log(row.simulated.mean / row.reference.mean);
        row.error = error_of_ratio(row.reference, row.simulated);
        judge_ratio(row, fixed_poll ? 0.01 : 0.1, 0.30);
        return;
    }
    row.passed = row.reference.mean == row.simulated.mean;
    row.beyond = !row.passed;
}

/// Medians; where the error did not leave the band at once in every second run of both, or where
/// fewer than half of either's runs came back, there is no ratio.
void judge_return(GateRow& row, int runs_reference, int runs_simulated) {
    const bool back = 2 * row.reference.n >= runs_reference && row.reference.n > 0;
    const bool simulated_back = 2 * row.simulated.n >= runs_simulated && row.simulated.n > 0;
    if (!back && !simulated_back) return;
    if (back != simulated_back) {
        // Half of the runs more or less may be luck: 1 / 2 +- 3 sqrt(1 / 4 n).
        const double share = static_cast<double>(row.reference.n) / runs_reference;
        const double other = static_cast<double>(row.simulated.n) / runs_simulated;
        row.passed =
            std::abs(share - other) <= 1.5 * std::sqrt(1.0 / runs_reference + 1.0 / runs_simulated);
        return;
    }
    if (row.reference.median <= 0 || row.simulated.median <= 0) {
        if (row.reference.median == row.simulated.median) return;
        row.kind = Kind::printed;  // judged by off_max_post: the band is not left in most runs
        return;
    }
    row.ratio = std::log(row.simulated.median / row.reference.median);
    row.error = error_of_ratio(row.reference, row.simulated);
    judge_ratio(row, 0.25, 0.50);
}

void judge_bias(GateRow& row) {
    const double size = std::abs(row.reference.mean);
    const auto square = [](const Spread& x) { return x.n == 0 ? 0 : x.sd * x.sd / x.n; };
    const double error = std::sqrt(square(row.reference) + square(row.simulated));
    row.ratio = size == 0 ? 0 : (row.simulated.mean - row.reference.mean) / size;
    row.error = size == 0 ? 0 : error / size;
    judge_ratio(row, 0.02, 0.30);
}

void judge_steps(const TimeCell& cell, GateRow& row) {
    const auto runs = cell.runs.find("steps");
    if (runs == cell.runs.end() || runs->second.empty()) {
        row.kind = Kind::printed;
        return;
    }
    const auto [low, high] = std::minmax_element(runs->second.begin(), runs->second.end());
    row.passed = row.simulated.median >= *low && row.simulated.median <= *high;
}

/// Eight blocks of equal time from 600 s on without what an event disturbs: the ratios of their
/// root mean squares over time and runs. The worst but one is the row's ratio.
GateRow series_row(const TimeCell& cell, const CellRuns& runs) {
    GateRow row;
    row.cell = cell.name;
    row.statistic = "series";
    row.kind = Kind::series;
    row.reference.n = cell.seeds;
    row.simulated.n = static_cast<int>(runs.series.size());
    const double from = cell.event.value_or(cell.duration);
    const double to = from + cell.event_length + 0.15 * cell.duration;
    const auto error = [&](const char* window) {
        const std::string name = std::string("off_rms_") + window;
        std::vector<double> values;
        for (const auto& figures : runs.figures)
            if (const auto found = figures.find(name); found != figures.end())
                values.push_back(found->second);
        return error_of_ratio(reference_of(cell, name), spread_of(values)) * std::sqrt(8.0);
    };
    int near = 0;
    int counted = 0;
    std::vector<double> excess;
    for (int block = 0; block < 8; ++block) {
        const double begin = 600 + (cell.duration - 600) * block / 8;
        const double end = 600 + (cell.duration - 600) * (block + 1) / 8;
        double reference = 0;
        double simulated = 0;
        int samples = 0;
        for (std::size_t i = 0; i < cell.series.size(); ++i) {
            const auto& [time, rms] = cell.series[i];
            if (time < begin || time >= end || (time >= from && time < to)) continue;
            double squares = 0;
            for (const std::vector<double>& run : runs.series) squares += run[i] * run[i];
            reference += rms * rms;
            simulated += squares / static_cast<double>(runs.series.size());
            ++samples;
        }
        if (samples == 0 || !(reference > 0)) continue;
        ++counted;
        const double ratio = std::log(simulated / reference) / 2;
        const char* window = !cell.event ? "all" : begin < *cell.event ? "pre" : "late";
        const double gate = std::max(std::log(1.3), 3 * error(window));
        near += std::abs(ratio) <= gate ? 1 : 0;
        excess.push_back(std::abs(ratio) / gate);
        row.gate = std::max(row.gate, gate);
    }
    std::sort(excess.begin(), excess.end());
    // Told as a multiple of the gate of the block.
    if (excess.size() > 1) row.ratio = excess[excess.size() - 2] * row.gate;
    row.passed = near >= counted - 1;
    return row;
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
    std::vector<double> finite;
    for (const double value : values)
        if (std::isfinite(value)) finite.push_back(value);
    Spread spread;
    spread.n = static_cast<int>(finite.size());
    if (finite.empty()) return spread;
    for (const double value : finite) spread.mean += value / spread.n;
    double squares = 0;
    for (const double value : finite) squares += (value - spread.mean) * (value - spread.mean);
    spread.sd = spread.n > 1 ? std::sqrt(squares / (spread.n - 1)) : 0;
    std::sort(finite.begin(), finite.end());
    spread.median = (finite[(finite.size() - 1) / 2] + finite[finite.size() / 2]) / 2;
    return spread;
}

std::vector<GateRow> gate_rows(const TimeCell& cell, const CellRuns& runs) {
    std::set<std::string> names;
    for (const auto& figures : runs.figures)
        for (const auto& figure : figures) names.insert(figure.first);
    std::vector<GateRow> rows;
    const int count = static_cast<int>(runs.figures.size());
    for (const std::string& name : names) {
        const bool returns = starts_with(name, "reconv_") || starts_with(name, "conv_");
        if (!cell.figure(name + "_mean") && !(returns && cell.figure(name + "_n"))) continue;
        GateRow row;
        row.cell = cell.name;
        row.statistic = name;
        row.kind = kind_of(cell, name);
        row.reference = reference_of(cell, name);
        std::vector<double> values;
        for (const auto& figures : runs.figures)
            if (const auto found = figures.find(name); found != figures.end())
                values.push_back(found->second);
        row.simulated = spread_of(values);
        if (row.kind == Kind::bias) {
            judge_bias(row);
        } else if (row.kind == Kind::steps) {
            judge_steps(cell, row);
        } else if (row.kind == Kind::polls) {
            judge_polls(row, cell.fixed_poll);
        } else if (starts_with(name, "reconv_")) {
            judge_return(row, cell.seeds, count);
        } else if (row.kind != Kind::printed) {
            judge_size(row);
        } else if (row.reference.mean > 0 && row.simulated.mean > 0) {
            row.ratio = std::log(row.simulated.mean / row.reference.mean);
        }
        rows.push_back(row);
    }
    if (!cell.series.empty() && !runs.series.empty()) rows.push_back(series_row(cell, runs));
    return rows;
}

ProgramVerdict judge_program(const std::string& program,
                             const std::vector<std::vector<GateRow>>& cells) {
    ProgramVerdict verdict;
    verdict.program = program;
    std::vector<double> ratios;
    int near = 0;
    for (const std::vector<GateRow>& rows : cells) {
        bool passed = true;
        for (const GateRow& row : rows) {
            if (row.kind == Kind::printed) continue;
            ++verdict.rows;
            verdict.rows_passed += row.passed ? 1 : 0;
            verdict.rows_beyond += row.beyond ? 1 : 0;
            passed = passed && row.passed;
            if (row.statistic != "off_rms_all" && row.statistic != "off_rms_pre") continue;
            ratios.push_back(std::abs(row.ratio));
            near += std::abs(row.ratio) <= std::max(0.12, 2 * row.error) ? 1 : 0;
            if (std::abs(row.ratio) < verdict.worst_ratio) continue;
            verdict.worst_ratio = std::abs(row.ratio);
            verdict.worst_cell = row.cell;
        }
        ++verdict.cells;
        verdict.cells_passed += passed ? 1 : 0;
    }
    verdict.median_ratio = spread_of(ratios).median;
    if (!ratios.empty()) verdict.share_near = near / static_cast<double>(ratios.size());
    verdict.passed = verdict.rows > 0 && verdict.rows_passed >= 0.98 * verdict.rows &&
                     verdict.rows_beyond == 0 &&
                     verdict.share_near >= (verdict.cells < 20 ? 0.8 : 0.9) &&
                     verdict.median_ratio <= (program == "timesyncd" ? 0.08 : 0.05);
    return verdict;
}

}  // namespace driftstorm::validation
