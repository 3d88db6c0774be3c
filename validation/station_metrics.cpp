#include "validation/station_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

namespace driftstorm::validation {

namespace {

constexpr std::size_t first_seeds = 20;
constexpr std::size_t fresh_seeds = 80;
constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t first_fresh_seed = 1001;
// Below these a run says too little, above that it takes hours.
constexpr double fewest_relaxations = 20;
constexpr double fewest_customers = 1e5;
constexpr double most_customers = 3e7;

/// "wq_p95" -> 0.95, "w_p999" -> 0.999, "wp99.9" -> 0.999 of a metric that begins with `name`.
std::optional<double> quantile_of(const std::string& metric, std::string_view name) {
    if (metric.rfind(name, 0) != 0) return std::nullopt;
    std::string rest = metric.substr(name.size());
    if (!rest.empty() && rest[0] == '_') rest = rest.substr(1);
    if (rest == "median") return 0.5;
    if (rest.size() < 2 || rest[0] != 'p') return std::nullopt;
    char* end = nullptr;
    double percent = std::strtod(rest.c_str() + 1, &end);
    if (*end != 0) return std::nullopt;
    while (percent >= 100) percent /= 10;
    return percent / 100;
}

/// A metric's name in one spelling: lower case without blanks, "L_q" as "lq", "p95(wq)" as
/// "wq_p95", "sd(w)" as "w_sd", and without a remark at its end: "W(CTMC)" as "w".
std::string plain_name(const std::string& written) {
    std::string m = squeezed(written);
    for (const std::string_view split : {"w_q", "l_q", "n_q"})
        if (const std::size_t at = m.find(split); at != std::string::npos) m.erase(at + 1, 1);
    const std::size_t open = m.find('(');
    if (open == std::string::npos || open == 0 || m.back() != ')') return m;
    const std::string before = m.substr(0, open);
    const std::string inside = m.substr(open + 1, m.size() - open - 2);
    const bool quantile = before.size() > 1 && before[0] == 'p' &&
                          before.find_first_not_of("0123456789.", 1) == std::string::npos;
    if (quantile || one_of(before, {"median", "sd", "std", "var"})) return inside + "_" + before;
    const bool names_it = before.ends_with('p') || one_of(before, {"b", "c", "e"});
    return names_it ? m : before;
}

/// A threshold of a distribution, and on which side of it the metric looks.
struct Threshold {
    double t_s = 0;
    bool above = true;
};

/// "p(wq>2s)" with name wq -> above 2; "p(wq<=2s)" -> not above 2.
std::optional<Threshold> threshold_of(const std::string& metric,
                                      std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        for (const std::string_view sign : {">=", ">", "<=", "<"}) {
            const std::string head = "p(" + std::string(name) + std::string(sign);
            if (metric.rfind(head, 0) != 0) continue;
            std::string_view rest = std::string_view(metric).substr(head.size());
            if (rest.starts_with("t=")) rest.remove_prefix(2);
            const std::optional<Quantity> quantity = read_quantity(rest);
            if (!quantity || !(quantity->value >= 0)) continue;
            const double t_s = in_seconds(*quantity);
            // What is counted is "longer than": at or above t is above the number before it.
            const bool with_t = sign == ">=" || sign == "<";
            return Threshold{with_t ? std::nextafter(t_s, -1.0) : t_s, sign[0] == '>'};
        }
    }
    return std::nullopt;
}

double ended(const StationSums& s) { return s.of_class[0].ended + s.of_class[1].ended; }
double waited(const StationSums& s) { return s.of_class[0].waited_s + s.of_class[1].waited_s; }
double stayed(const StationSums& s) { return s.of_class[0].stayed_s + s.of_class[1].stayed_s; }

/// P(N = n) and the like; of the customers who wait, with as many as `workers` in service before
/// anyone does.
std::optional<StationMetric> state_metric(const std::string& m, double workers) {
    for (const std::string_view name : {"p(nq", "p(lq", "p(queue", "p(q", "p(n", "p(l", "p(x"}) {
        if (m.rfind(name, 0) != 0) continue;
        std::string rest = m.substr(name.size());
        std::string sign;
        while (!rest.empty() && (rest[0] == '>' || rest[0] == '=' || rest[0] == '<')) {
            sign += rest[0];
            rest = rest.substr(1);
        }
        char* end = nullptr;
        const double n = std::strtod(rest.c_str(), &end);
        if (sign.empty() || end == rest.c_str() || std::string_view(end) != ")" || n < 0)
            return std::nullopt;
        const double served = name.find('q') == std::string_view::npos ? 0 : workers;
        return [sign, n, served](const StationSums& s) {
            double sum = 0;
            for (std::size_t i = 0; i < s.state_s.size(); ++i) {
                const double state = std::max(0.0, static_cast<double>(i) - served);
                const bool in = sign == "=" || sign == "==" ? state == n
                                : sign == ">"               ? state > n
                                : sign == ">="              ? state >= n
                                : sign == "<"               ? state < n
                                                            : state <= n;
                if (in) sum += s.state_s[i];
            }
            return sum / s.window_s;
        };
    }
    return std::nullopt;
}

/// What a retrial queue means by names that it shares with other stations: whoever is in the orbit
/// waits. Their waits are not known one by one.
std::optional<StationMetric> retrial_metric(const std::string& m) {
    if (one_of(m, {"e[orbit]", "orbit", "orbit_mean", "l_orbit", "lorbit", "n_orbit", "e[n_orbit]",
                   "lq", "e[lq]", "e[nq]", "queue_mean"}))
        return [](const StationSums& s) { return s.orbit_s / s.window_s; };
    if (one_of(m, {"l", "l_mean", "mean_l", "e[n]", "e[l]", "n_mean", "l_system"}))
        return [](const StationSums& s) { return (s.orbit_s + s.system_s) / s.window_s; };
    if (one_of(m, {"w", "w_mean", "w_sojourn_mean", "w_sojourn", "e[w]", "e[t]"}))
        return [](const StationSums& s) { return s.request_s / s.requests; };
    if (one_of(m, {"wq", "wq_mean", "e[wq]", "mean_wait", "wait_mean"}))
        return [](const StationSums& s) { return s.request_s / s.requests - stayed(s) / ended(s); };
    if (one_of(m, {"p_wait", "p(wait)", "p(wq>0)", "p_delay", "p(delay)"}))
        return [](const StationSums& s) { return s.first_refused / s.first_attempts; };
    if (one_of(m, {"p(wq=0)", "p_nowait", "p(nowait)"}))
        return [](const StationSums& s) { return 1 - s.first_refused / s.first_attempts; };
    if (one_of(m, {"p(idle)", "p_idle"}))
        return [](const StationSums& s) { return 1 - s.busy_s / s.window_s; };
    return std::nullopt;
}

/// What a station means by a name, whether or not its customers come again.
std::optional<StationMetric> common_metric(const std::string& m, double workers) {
    if (one_of(m, {"p(busy)", "p_busy", "pbusy"}))
        return [](const StationSums& s) { return s.busy_s / s.window_s; };
    if (one_of(m,
               {"utilisation", "utilization", "rho", "server_utilisation", "server_utilization"}))
        return [workers](const StationSums& s) { return s.in_service_s / s.window_s / workers; };
    if (one_of(m, {"mean_busy", "e[busy]", "busy_mean", "carried_load", "carried",
                   "e[busy_servers]", "mean_busy_servers"}))
        return [](const StationSums& s) { return s.in_service_s / s.window_s; };
    if (one_of(m, {"throughput", "x", "lambda_eff", "departure_rate"}))
        return [](const StationSums& s) { return s.served / s.window_s; };
    if (one_of(m, {"availability", "p(up)", "p_up"}))
        return [](const StationSums& s) { return s.up_s / s.window_s; };
    if (one_of(m, {"p(down)", "p_down"}))
        return [](const StationSums& s) { return 1 - s.up_s / s.window_s; };
    if (one_of(m, {"erlangb_block", "p_block", "p(block)", "erlangb", "b", "b(c,a)", "p_loss",
                   "p(loss)", "blocking", "p_blocking"}))
        return [](const StationSums& s) { return s.first_refused / s.first_attempts; };
    return std::nullopt;
}

std::optional<StationMetric> class_metric(const std::string& m) {
    const std::string head = m.substr(0, m.find('_'));
    if (head.size() < 2 || (head.back() != '1' && head.back() != '2')) return std::nullopt;
    const std::size_t c = head.back() == '1' ? 0 : 1;
    const std::string name = head.substr(0, head.size() - 1);
    if (name == "wq")
        return [c](const StationSums& s) { return s.of_class[c].waited_s / s.of_class[c].ended; };
    if (name == "w" || name == "t")
        return [c](const StationSums& s) { return s.of_class[c].stayed_s / s.of_class[c].ended; };
    // Customer-seconds per second: each stay counted at its end instead of while it lasts.
    if (name == "lq")
        return [c](const StationSums& s) { return s.of_class[c].waited_s / s.window_s; };
    if (name == "l")
        return [c](const StationSums& s) { return s.of_class[c].stayed_s / s.window_s; };
    return std::nullopt;
}

}  // namespace

std::optional<StationMetric> station_metric(const std::string& written, const StationSpec& spec,
                                            StationWants& wants) {
    const std::string m = plain_name(written);
    const double workers = spec.station.workers;
    for (const std::string_view ending : {"_sd", "_std"})
        if (m.ends_with(ending)) {
            const std::optional<StationMetric> variance =
                station_metric(m.substr(0, m.size() - ending.size()) + "_var", spec, wants);
            if (!variance) return std::nullopt;
            return [of = *variance](const StationSums& s) { return std::sqrt(of(s)); };
        }
    if (std::optional<StationMetric> common = common_metric(m, workers)) return common;
    if (spec.orbit_wait) return retrial_metric(m);

    if (one_of(m, {"l", "l_mean", "mean_l", "e[n]", "e[l]", "n_mean", "l_system"}))
        return [](const StationSums& s) { return s.system_s / s.window_s; };
    if (one_of(m, {"lq", "lq_mean", "e[lq]", "e[nq]", "queue_mean"}))
        return [](const StationSums& s) { return s.waiting_s / s.window_s; };
    if (one_of(m, {"n_var", "l_var"}))
        return [](const StationSums& s) {
            const double mean = s.system_s / s.window_s;
            return s.system_square_s / s.window_s - mean * mean;
        };
    if (one_of(m, {"p(idle)", "p0", "p_0", "p_idle", "p(empty)"}))
        return [](const StationSums& s) { return s.state_s[0] / s.window_s; };
    if (one_of(m, {"abandon_rate", "abandonment_rate"}))
        return [](const StationSums& s) { return s.abandoned / s.window_s; };
    if (one_of(m, {"loss_rate", "lost_rate", "block_rate", "blocking_rate"}))
        return [](const StationSums& s) { return s.refused / s.window_s; };

    if (spec.station.discipline == Discipline::priority)
        if (std::optional<StationMetric> of_class = class_metric(m)) return of_class;
    if (one_of(m, {"wq", "wq_mean", "e[wq]", "mean_wait", "wait_mean"}))
        return [](const StationSums& s) { return waited(s) / ended(s); };
    if (one_of(m, {"w", "w_mean", "w_sojourn_mean", "w_sojourn", "e[w]", "e[t]", "sojourn_mean",
                   "mean_sojourn", "response_mean", "r"}))
        return [](const StationSums& s) { return stayed(s) / ended(s); };
    if (m == "wq_var")
        return [](const StationSums& s) {
            const double mean = waited(s) / ended(s);
            return (s.of_class[0].waited_square + s.of_class[1].waited_square) / ended(s) -
                   mean * mean;
        };
    if (one_of(m, {"w_var", "w_sojourn_var"}))
        return [](const StationSums& s) {
            const double mean = stayed(s) / ended(s);
            return (s.of_class[0].stayed_square + s.of_class[1].stayed_square) / ended(s) -
                   mean * mean;
        };
    if (one_of(m, {"e[wq|wq>0]", "wq_conditional", "wq_delayed_mean"}))
        return [](const StationSums& s) { return waited(s) / s.had_to_wait; };
    if (one_of(m, {"erlangc_p(wait)", "p_wait", "p(wait)", "erlangc", "c(c,a)", "p(wq>0)",
                   "p_delay", "p(delay)"}))
        return [](const StationSums& s) { return s.had_to_wait / ended(s); };
    if (one_of(m, {"p(wq=0)", "p(w=0)", "p_nowait", "p(nowait)"}))
        return [](const StationSums& s) { return 1 - s.had_to_wait / ended(s); };
    if (one_of(m, {"p_abandon", "p(abandon)", "p(ab)", "p_ab", "p_renege", "abandonment"}))
        return [](const StationSums& s) { return s.abandoned / (s.refused + ended(s)); };
    if (one_of(m, {"p_served", "p(served)"}))
        return [](const StationSums& s) { return s.served / (s.refused + ended(s)); };

    for (const std::string_view name : {"w_sojourn", "wsojourn", "sojourn", "w", "t"})
        if (const std::optional<double> p = quantile_of(m, name)) {
            wants.stay_quantiles = true;
            return [q = *p](const StationSums& s) { return s.stays.quantile(q); };
        }
    for (const std::string_view name : {"wq", "wait"})
        if (const std::optional<double> p = quantile_of(m, name)) {
            wants.wait_quantiles = true;
            return [q = *p](const StationSums& s) { return s.waits.quantile(q); };
        }
    if (const std::optional<Threshold> threshold = threshold_of(m, {"wq", "wait"})) {
        wants.wait_thresholds_s.push_back(threshold->t_s);
        return [i = wants.wait_thresholds_s.size() - 1,
                above = threshold->above](const StationSums& s) {
            const double share = s.wait_above[i] / ended(s);
            return above ? share : 1 - share;
        };
    }
    if (const std::optional<Threshold> threshold =
            threshold_of(m, {"w", "t", "w_sojourn", "sojourn"})) {
        wants.stay_thresholds_s.push_back(threshold->t_s);
        return [i = wants.stay_thresholds_s.size() - 1,
                above = threshold->above](const StationSums& s) {
            const double share = s.stay_above[i] / ended(s);
            return above ? share : 1 - share;
        };
    }
    // While a station is down its customers wait with idle workers.
    if (spec.station.up_time && m.find('q') != std::string::npos) return std::nullopt;
    return state_metric(m, workers);
}

Estimate estimate(const StationMetric& metric, const std::vector<StationSums>& runs) {
    StationSums all;
    for (const StationSums& run : runs) all.add(run, 1);
    const auto n = static_cast<double>(runs.size());
    std::vector<double> without;
    double mean = 0;
    for (const StationSums& run : runs) {
        all.add(run, -1);
        without.push_back(metric(all));
        mean += without.back() / n;
        all.add(run, 1);
    }
    double squares = 0;
    for (const double value : without) squares += (value - mean) * (value - mean);
    return {metric(all), std::sqrt(squares * (n - 1) / n)};
}

namespace {

/// A probability so small that no run saw the event: judged by the chance of seeing none.
bool rare_and_unseen(const Estimate& estimate, double reference,
                     const std::vector<StationSums>& runs) {
    if (estimate.value != 0 || estimate.standard_error != 0 ||
        !(reference >= 0 && reference < 1e-3))
        return false;
    double customers = 0;
    for (const StationSums& run : runs) customers += ended(run) + run.refused;
    return std::exp(-customers * reference) > 0.001;
}

}  // namespace

std::vector<Verdict> judge_station(const std::vector<Truth>& given) {
    std::vector<Verdict> verdicts;
    const Parameters params(given.front().params);
    std::vector<Truth> rows = given;
    for (Truth& row : rows) {  // "P(Wq>t)" with t among the parameters
        const std::size_t at = row.metric.find("t)");
        if (at == std::string::npos || at == 0 ||
            std::string_view("<>=").find(row.metric[at - 1]) == std::string_view::npos)
            continue;
        if (const std::optional<double> t = params.seconds_of({"t"})) {
            char digits[32];
            std::snprintf(digits, sizeof digits, "%.17g", *t);
            row.metric.replace(at, 1, digits);
        }
    }
    const SpecOrReason made = station_spec(rows.front().model, params);
    if (!made.spec) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            verdicts.push_back(not_expressible(made.reason));
        return verdicts;
    }
    const RunLength length = run_length(*made.spec);
    const double window_s = length.end_s - length.warm_up_s;
    const double customers = length.end_s * made.spec->customers_per_s;
    if (window_s < fewest_relaxations * made.spec->relaxation_s || customers > most_customers ||
        window_s * made.spec->customers_per_s < fewest_customers)
        return std::vector<Verdict>(
            rows.size(),
            not_expressible("too near saturation, or too slow for the century of a run"));
    StationWants wants;
    std::vector<std::optional<StationMetric>> metrics;
    bool any = false;
    for (const Truth& row : rows) {
        metrics.push_back(std::isfinite(row.reference)
                              ? station_metric(row.metric, *made.spec, wants)
                              : std::nullopt);
        any = any || metrics.back().has_value();
    }
    std::vector<StationSums> runs;
    std::vector<StationSums> fresh;
    if (any) runs = run_stations(*made.spec, wants, first_seed, first_seeds);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!metrics[i]) {
            verdicts.push_back(not_expressible(
                std::isfinite(rows[i].reference) ? "metric not understood" : "no reference value"));
            continue;
        }
        Estimate found = estimate(*metrics[i], runs);
        std::string remark;
        bool passed =
            agrees(rows[i].reference, found) || rare_and_unseen(found, rows[i].reference, runs);
        if (!passed) {
            if (fresh.empty())
                fresh = run_stations(*made.spec, wants, first_fresh_seed, fresh_seeds);
            found = estimate(*metrics[i], fresh);
            remark = "80 fresh seeds";
            passed = agrees(rows[i].reference, found) ||
                     rare_and_unseen(found, rows[i].reference, fresh);
        }
        verdicts.push_back({passed ? Verdict::Kind::passed : Verdict::Kind::failed, found.value,
                            found.standard_error, remark});
    }
    return verdicts;
}

}  // namespace driftstorm::validation
