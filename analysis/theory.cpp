#include "analysis/theory.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/tail_probability.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

/// Facts by name; a missing one makes the whole formula undefined.
class Facts {
  public:
    explicit Facts(const std::map<std::string, double>& facts) : facts_(facts) {}

    double operator()(const std::string& name) {
        const auto found = facts_.find(name);
        complete_ = complete_ && found != facts_.end();
        return found != facts_.end() ? found->second : 1.0;
    }
    double or_else(const std::string& name, double value) const {
        const auto found = facts_.find(name);
        return found != facts_.end() ? found->second : value;
    }
    bool complete() const { return complete_; }

  private:
    const std::map<std::string, double>& facts_;
    bool complete_ = true;
};

/// Share of customers who wait in M/M/c at a load of `offered` erlang (Erlang C), by the stable
/// recursion of Erlang B.
double erlang_c(double offered, double workers) {
    double blocked = 1.0;
    for (double k = 1; k <= workers; ++k) blocked = offered * blocked / (k + offered * blocked);
    const double rho = offered / workers;
    return blocked / (1.0 - rho * (1.0 - blocked));
}

std::optional<double> station_metric(std::string_view name, Facts& fact) {
    const double lambda = fact("arrival_rate");
    const double service = fact("service_mean");
    const double workers = fact.or_else("workers", 1.0);
    const double offered = lambda * service;
    const double rho = offered / workers;
    if (name == "utilisation") return rho;
    const auto is_one = [](double scv) { return std::abs(scv - 1.0) < 1e-9; };
    const double service_scv = fact.or_else("service_scv", 1.0);
    const bool plain = fact.or_else("plain_queue", 1.0) != 0.0;
    if (rho >= 1 || !plain || (workers > 1 && !is_one(service_scv))) return std::nullopt;
    const double waits = erlang_c(offered, workers);    // of one worker: rho, whatever the law
    const double by_service = (1.0 + service_scv) / 2;  // Pollaczek, Khinchine; 1 in M/M/c
    const double wait = waits * service / (workers * (1.0 - rho)) * by_service;
    if (name == "wait_mean") return wait;
    if (name == "wait_share_zero") return 1.0 - waits;
    if (name == "sojourn_mean") return wait + service;
    if (name == "queue_mean") return lambda * wait;
    if (name == "customers_mean") return lambda * (wait + service);
    return std::nullopt;
}

std::optional<double> outage_metric(std::string_view name, Facts& fact) {
    const double lambda = fact("arrival_rate");
    const double outage = fact("outage");
    const double retries = fact.or_else("retries", 0.0);
    // A budget beyond the retries is never used up.
    const double extra = std::min(retries, fact.or_else("budget", retries));
    if (name == "bad_state_load") return (1.0 + extra) * lambda;
    if (name == "peak_backlog") return lambda * outage;
    if (name == "mean_delay") return outage / 2;
    const double mu = fact.or_else("workers", 1.0) / fact("service_mean");
    if (name == "drain") {
        if (lambda >= mu) return std::numeric_limits<double>::infinity();
        return lambda * outage / (mu - lambda);
    }
    if (name != "recovery") return std::nullopt;
    const double timeout = fact("timeout");
    double held = 0;         // attempts that wait for the end of the outage
    if (extra == retries) {  // the sum of outage - k timeout over all k <= retries that began in it
        const double last = timeout > 0 ? std::min(retries, std::floor(outage / timeout)) : retries;
        held = (last + 1) * (outage - timeout * last / 2);
    } else {
        held = outage * (1.0 + extra);
    }
    const double backlog = lambda * held - mu * timeout;
    if (backlog <= 0) return 0.0;  // done within the timeout: nobody asks again
    const double spare = mu - (1.0 + extra) * lambda;
    if (spare <= 0) return std::numeric_limits<double>::infinity();
    return backlog / spare;
}

std::optional<double> reply_inversion(Facts& fact) {
    const double skew = fact("skew_sd");
    const double gap = fact("reply_gap_mean");
    if (skew <= 0) return 0.0;
    const double ratio = skew / gap;
    if (ratio > 30)  // exp overflows near 37; the product tends to 1 / (ratio sqrt(2 pi))
        return 0.5 - (1.0 - 1.0 / (ratio * ratio)) / (ratio * 2.5066282746310002);
    return 0.5 - exact::exp(ratio * ratio / 2) * normal_split(ratio).above;
}

std::optional<double> reconnect_metric(std::string_view name, Facts& fact) {
    const double clients = fact("reconnecting");
    const double spread = fact("reconnect_spread");
    const double mu = fact.or_else("workers", 1.0) / fact("service_mean");
    if (name == "reconnect_peak") return std::max(0.0, clients - mu * spread);
    return std::max(spread, clients / mu);
}

}  // namespace

std::optional<double> theory_metric(std::string_view name,
                                    const std::map<std::string, double>& facts) {
    Facts fact(facts);
    std::optional<double> value;
    if (name == "reply_inversion")
        value = reply_inversion(fact);
    else if (name == "reconnect_peak" || name == "reconnect_finish")
        value = reconnect_metric(name, fact);
    else if (name == "bad_state_load" || name == "peak_backlog" || name == "mean_delay" ||
             name == "drain" || name == "recovery")
        value = outage_metric(name, fact);
    else
        value = station_metric(name, fact);
    return fact.complete() ? value : std::nullopt;
}

}  // namespace driftstorm
