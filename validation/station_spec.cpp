#include "validation/station_spec.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <vector>

namespace driftstorm::validation {

namespace {

bool contains(const std::string& text, std::string_view word) {
    return text.find(word) != std::string::npos;
}

/// Kendall's fields of "m/m/1/k ..." and what stands behind them.
struct Notation {
    std::vector<std::string> fields;  ///< arrivals, service, servers, room, population
    std::string impatience;           ///< "m" or "d" of a trailing +M or +D
};

std::optional<Notation> read_notation(const std::string& model) {
    std::string lower;
    for (std::size_t i = 0; i < model.size() && model[i] != '('; ++i) {
        const auto c = static_cast<unsigned char>(model[i]);
        if (std::isspace(c) == 0) {
            lower += static_cast<char>(std::tolower(c));
            continue;
        }
        // A blank ends the notation, unless a slash is next to it: "M / M / 1".
        const std::size_t next = model.find_first_not_of(" \t", i);
        if (lower.empty() || lower.back() == '/') continue;
        if (next == std::string::npos || model[next] != '/') break;
    }
    if (lower == "erlang-a" || lower == "erlanga") lower = "m/m/c+m";
    if (lower == "erlang-b" || lower == "erlangb") lower = "m/m/c/c";
    if (lower == "erlang-c" || lower == "erlangc") lower = "m/m/c";
    Notation notation;
    if (const std::size_t plus = lower.find('+'); plus != std::string::npos) {
        notation.impatience = lower.substr(plus + 1);
        lower.resize(plus);
    }
    std::string field;
    for (const char c : lower) {
        if (c == '/') {
            notation.fields.push_back(field);
            field.clear();
        } else {
            field += c;
        }
    }
    notation.fields.push_back(field);
    if (notation.fields.size() < 3 || notation.fields.size() > 5) return std::nullopt;
    return notation;
}

/// Law of mean `mean` s and squared coefficient of variation `scv`; `hint` may name the family.
Distribution law_of(double mean, double scv, const std::string& hint) {
    const std::string word = squeezed(hint);
    if (scv > 0 && (contains(word, "lognormal") || contains(word, "log-normal"))) {
        const double sigma = std::sqrt(std::log1p(scv));
        return Distribution(
            law::Lognormal{mean * std::exp(-sigma * sigma / 2), std::nullopt, sigma});
    }
    if ((contains(word, "uniform") || contains(word, "u(")) && scv <= 1.0 / 3 + 1e-3) {
        const double half = mean * std::sqrt(3 * scv);
        return Distribution(law::Uniform{std::max(0.0, mean - half), mean + half});
    }
    if (scv <= 0) return Distribution::constant(mean);
    if (contains(word, "gamma") || scv < 1)
        return Distribution(law::Gamma{mean, 1 / scv});  // Erlang k: shape k
    if (scv > 1) return Distribution(law::Hyperexponential{mean, scv, {}, {}});
    return Distribution(law::Exponential{mean});
}

struct Law {
    Distribution law;
    double scv = 1;
    std::string reason;
};

/// Law of the letter M, D, U, Ek, H2 or G of Kendall's notation; G, and k, by the given scv.
Law law_of_letter(const std::string& letter, double mean, std::optional<double> scv,
                  const std::string& hint) {
    const double own = letter == "d" ? 0 : letter == "u" ? 1.0 / 3 : 1;
    if (letter.size() == 1 && letter != "g" && scv && std::abs(*scv - own) > 1e-4)
        return {{}, 0, "law " + letter + " has another SCV"};
    if (letter == "m") return {law_of(mean, 1, ""), 1, ""};
    if (letter == "d") return {law_of(mean, 0, ""), 0, ""};
    if (letter == "u") return {law_of(mean, 1.0 / 3, "uniform"), 1.0 / 3, ""};
    if (letter.size() >= 2 && letter[0] == 'e' && letter != "ek" && letter != "e_k") {
        const double k = std::strtod(letter.c_str() + (letter[1] == '_' ? 2 : 1), nullptr);
        if (k >= 1) return {law_of(mean, 1 / k, ""), 1 / k, ""};
    }
    if (letter == "g" || letter == "gi" || letter == "h2" || letter == "h_2" || letter == "ek" ||
        letter == "e_k") {
        if (scv && *scv >= 0) return {law_of(mean, *scv, hint), *scv, ""};
        if (contains(squeezed(hint), "deterministic")) return {law_of(mean, 0, ""), 0, ""};
        return {{}, 0, "law " + letter + " without its SCV"};
    }
    return {{}, 0, "unknown law " + letter};
}

/// Squared coefficient of variation of the service, in whatever way it is given.
std::optional<double> service_scv(const Parameters& params, double service_s,
                                  const std::string& letter) {
    if (const auto scv = params.first_of({"scv", "cs2", "scvs", "c2", "cv2"})) return scv;
    if (const auto cv = params.first_of({"cv"})) return *cv * *cv;
    if (const auto square = params.first_of({"es2", "e[s^2]", "e[s2]"}))
        return *square / (service_s * service_s) - 1;
    if (letter == "ek" || letter == "e_k")
        if (const auto k = params.first_of({"k"}); k && *k >= 1) return 1 / *k;
    return std::nullopt;
}

constexpr double most_servers = 1e6;

bool is_whole(double number) { return number == std::floor(number); }

/// Time constant of a queue in which the load (in customers) diffuses between 0 and `room`: that of
/// the M/M/1, or of the M/M/1/K chain (both exact), made longer in proportion to the variances of
/// arrivals and services.
double relaxation(double lambda, double capacity, double room, double mean_scv) {
    const double edge = std::isinf(room) ? 1 : std::cos(std::numbers::pi / (room + 1));
    const double gap = lambda + capacity - 2 * std::sqrt(lambda * capacity) * edge;
    return std::max(1.0, mean_scv) / gap;
}

}  // namespace

SpecOrReason station_spec(const std::string& model, const Parameters& params) {
    const std::string words = squeezed(model);
    const std::optional<Notation> notation = read_notation(model);
    if (!notation) return {std::nullopt, "no model of that name"};
    for (const char* unknown : {"preemptiveresume", "processorsharing", "/ps", "vacation",
                                "polling", "constantretrial", "feedback", "tandem", "shortest"})
        if (contains(words, unknown) && !contains(words, "breakdown"))
            return {std::nullopt, std::string("not modelled: ") + unknown};
    if (contains(words, "preemptive") && !contains(words, "nonpreemptive") &&
        !contains(words, "non-preemptive"))
        return {std::nullopt, "not modelled: preemptive priority"};

    StationSpec spec;
    const std::vector<std::string>& fields = notation->fields;

    // Servers and room.
    double servers = std::strtod(fields[2].c_str(), nullptr);
    if (!(servers >= 1)) {
        servers = params.first_of({"c", "s", "m", "servers", "workers"}).value_or(0);
    } else if (params.first_of({"c", "servers", "workers"}).value_or(servers) != servers) {
        return {std::nullopt, "model and parameters differ in the number of servers"};
    }
    if (std::isinf(servers)) servers = most_servers;  // M/M/inf: more than ever have work
    if (!(servers >= 1) || servers > most_servers || !is_whole(servers))
        return {std::nullopt, "number of servers not given, or none"};
    double room = std::numeric_limits<double>::infinity();
    if (fields.size() >= 4 && !fields[3].empty() && fields[3] != "inf") {
        room = std::strtod(fields[3].c_str(), nullptr);
        if (!(room >= 1) && fields[3] == fields[2]) room = servers;
        if (!(room >= 1)) {
            room = params.first_of({"k", fields[3], "room", "capacity"}).value_or(0);
            if (contains(squeezed(params.remark("k")), "inqueue") ||
                contains(squeezed(params.remark("k")), "waiting"))
                room += servers;
        }
        if (!(room >= servers) || !is_whole(room))
            return {std::nullopt, "room of the station not given, or below the servers"};
    }
    spec.station.workers = static_cast<std::uint32_t>(servers);
    if (!std::isinf(room)) spec.station.queue_limit = static_cast<std::uint32_t>(room - servers);

    // Service.
    const std::optional<double> given_mu = params.first_of({"mu"});
    const std::optional<double> given_es =
        params.seconds_of({"es", "e[s]", "s_mean", "mean_service", "service"});
    // What is given by the load alone has the service as its unit of time.
    const bool by_load =
        params.has("rho") || params.has("a") || params.has("erlangs") || params.has("offered");
    if (!given_es && !given_mu && !by_load) return {std::nullopt, "service rate not given"};
    const double service_s = given_es ? *given_es : given_mu ? 1 / *given_mu : 1.0;
    if (!(service_s > 0) || std::isinf(service_s))
        return {std::nullopt, "service rate not positive"};
    const Law service =
        law_of_letter(fields[1], service_s, service_scv(params, service_s, fields[1]),
                      params.remark("scv") + params.remark("cv") + words);
    if (!service.reason.empty()) return {std::nullopt, service.reason};
    spec.station.service_time = service.law;
    const double capacity = servers / service_s;

    // Discipline.
    if (contains(words, "lifo") || contains(words, "lcfs"))
        spec.station.discipline = Discipline::lifo;

    // Batches.
    double batch = 1;
    std::string arrival_letter = fields[0];
    if (const std::size_t caret = arrival_letter.find_first_of("^["); caret != std::string::npos) {
        arrival_letter.resize(caret);
        const std::string letter =
            fields[0].substr(std::min(fields[0].find_first_not_of("^[", caret), fields[0].size()));
        std::optional<double> size = params.first_of({"d", "x", "b", "batch", "e[x]", "ex"});
        if (const double number = std::strtod(letter.c_str(), nullptr); !size && number >= 1)
            size = number;  // "M^[4]/M/1"
        if (!size || !(*size >= 1)) return {std::nullopt, "batch size not given"};
        batch = *size;
        const bool geometric = contains(words, "geometric");
        if (!geometric && !is_whole(batch))
            return {std::nullopt, "a batch of a fixed size is a whole number of customers"};
        spec.arrivals.batch =
            geometric ? Distribution(law::Geometric{batch}) : Distribution::constant(batch);
    }

    // Arrivals.
    double lambda = 0;  // customers per s
    const std::optional<double> members = params.first_of({"n", "members", "population"});
    if (fields.size() == 5 || contains(words, "finitepopulation")) {
        std::optional<double> population = members;
        if (fields.size() == 5 && std::strtod(fields[4].c_str(), nullptr) >= 1) {
            population = std::strtod(fields[4].c_str(), nullptr);  // "M/M/1//30"
            if (members.value_or(*population) != *population)
                return {std::nullopt, "model and parameters differ in the population"};
        }
        if (!population || !(*population >= 1) || *population > 1e6 || !is_whole(*population))
            return {std::nullopt, "population not given, or none"};
        std::optional<double> think = params.seconds_of({"think", "z", "think_time"});
        const std::optional<double> rate = params.first_of({"lambda", "alpha"});
        if (!think && rate) think = 1 / *rate;
        if (!think || !(*think > 0)) return {std::nullopt, "think time not given"};
        spec.members = static_cast<std::uint64_t>(*population);
        spec.think_time = Distribution(law::Exponential{*think});
        lambda = std::min(capacity, *population / (*think + service_s));
        spec.customers_per_s = lambda;
        spec.relaxation_s = 2 * *think + 4 * service_s;
    } else {
        const std::optional<double> l1 = params.first_of({"l1", "lambda1"});
        const std::optional<double> l2 = params.first_of({"l2", "lambda2"});
        const std::optional<double> given_lambda = params.first_of({"lambda", "l", "arrival_rate"});
        const std::optional<double> rho = params.first_of({"rho"});
        const std::optional<double> offered = params.first_of({"a", "erlangs", "offered"});
        if (l1 && l2)
            lambda = *l1 + *l2;
        else if (given_lambda)
            lambda = *given_lambda * batch;
        else if (rho)
            lambda = *rho * capacity;
        else if (offered)
            lambda = *offered / service_s;
        if (!(lambda > 0)) return {std::nullopt, "arrival rate not given"};
        if (contains(words, "priority") || contains(words, "hol")) {
            if (!l1 || !l2 || !(*l1 > 0) || !(*l2 > 0))
                return {std::nullopt, "priority needs l1 and l2"};
            spec.station.discipline = Discipline::priority;
            spec.arrivals.urgent_share = *l1 / lambda;
        }
        spec.arrivals.rate = lambda / batch;
        double arrival_scv = 1;
        if (arrival_letter != "m") {
            const Law gap = law_of_letter(arrival_letter, batch / lambda,
                                          params.first_of({"ca2", "scva"}), params.remark("ca2"));
            if (!gap.reason.empty()) return {std::nullopt, gap.reason};
            spec.arrivals.process = ArrivalProcess::renewal;
            spec.arrivals.gap = gap.law;
            arrival_scv = gap.scv;
        }
        spec.customers_per_s = lambda;
        const double free_room = room - servers + 1;
        const double batch_scv = contains(words, "geometric") ? 2 * batch : batch;
        spec.relaxation_s =
            relaxation(lambda, capacity, free_room, (arrival_scv * batch_scv + service.scv) / 2) +
            3 * service_s;
    }
    if (spec.station.discipline == Discipline::priority)
        spec.relaxation_s *= 4;  // the second class forgets later

    // Impatience.
    const std::optional<double> theta = params.first_of({"theta", "gamma"});
    const bool impatient =
        !notation->impatience.empty() || contains(words, "reneging") || contains(words, "erlang-a");
    if (impatient) {
        const std::optional<double> patience = params.seconds_of({"patience", "tau"});
        const double mean = patience ? *patience : theta ? 1 / *theta : 0;
        if (!(mean > 0)) return {std::nullopt, "patience not given"};
        if (notation->impatience == "d")
            spec.station.patience = Distribution::constant(mean);
        else if (notation->impatience == "m" || notation->impatience.empty())
            spec.station.patience = Distribution(law::Exponential{mean});
        else
            return {std::nullopt, "unknown law of patience"};
        spec.relaxation_s = 3 * (mean + service_s);
    }

    // Retrial.
    if (contains(words, "retrial")) {
        if (!theta || !(*theta > 0)) return {std::nullopt, "retrial rate not given"};
        if (std::isinf(room)) return {std::nullopt, "retrial needs a limited room"};
        spec.orbit_wait = Distribution(law::Exponential{1 / *theta});
        const double free = 1 - lambda / capacity;
        if (!(free > 0)) return {std::nullopt, "unstable: load >= capacity"};
        spec.relaxation_s = (4 / capacity + 4 / *theta) / (free * free);
    }

    // Breakdowns.
    double available = 1;
    if (contains(words, "outage") || contains(words, "breakdown")) {
        std::optional<double> fails = params.first_of({"xi", "alpha", "fail_rate"});
        std::optional<double> repairs = params.first_of({"eta", "beta", "repair_rate"});
        const std::optional<double> up = params.seconds_of({"up", "mtbf"});
        const std::optional<double> down = params.seconds_of({"down", "mttr"});
        if (up) fails = 1 / *up;
        if (down) repairs = 1 / *down;
        if (!fails || !repairs || !(*fails > 0) || !(*repairs > 0))
            return {std::nullopt, "rates of outage and repair not given"};
        spec.station.up_time = Distribution(law::Exponential{1 / *fails});
        spec.station.down_time = Distribution(law::Exponential{1 / *repairs});
        available = *repairs / (*fails + *repairs);
        // Of a diffusion with this drift and variance: 2 sigma^2 / delta^2.
        const double drift = available * capacity - lambda;
        const double variance =
            lambda + available * capacity +
            2 * capacity * capacity * available * (1 - available) / (*fails + *repairs);
        spec.relaxation_s = 2 * variance / (drift * drift) + 3 / (*fails + *repairs);
    }

    const bool lossy = !std::isinf(room) && !spec.orbit_wait;
    if (spec.members == 0 && !lossy && !impatient && lambda >= capacity * available)
        return {std::nullopt, "unstable: load >= capacity, so there is no stationary value"};
    const std::vector<std::string> unread = params.unread();
    if (!unread.empty()) return {std::nullopt, "parameter not understood: " + unread.front()};
    return {spec, ""};
}

}  // namespace driftstorm::validation
