#include "models/clocks/device_clocks.hpp"
#include "models/timesync/ntp.hpp"
#include "sim/core/kernel.hpp"
#include "validation/families.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace driftstorm::validation {

namespace {

using namespace literals;

constexpr std::uint64_t trials_per_run = 40'000;  // a run holds a clock or two for each trial
constexpr std::uint64_t runs = 10;
constexpr double least_drift_span_s = 1e6;  // a reading's nanosecond is nothing beside the drift

std::vector<Verdict> none(const std::vector<Truth>& rows, const std::string& why) {
    return std::vector<Verdict>(rows.size(), not_expressible(why));
}

ClockParams with_offsets(double mean_s, double sd_s) {
    ClockParams params;
    params.initial_offset = Distribution(law::Normal{mean_s, sd_s});
    return params;
}

/// Pairs of devices: the first writes at a time of its own, the second answers after a gap; both
/// stamp with their wall clocks, and a reader sorts by the stamps. The network is perfect.
class Pairs {
  public:
    struct Write {
        static constexpr std::string_view name = "pairs.write";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Reply {
        Reading to{};  ///< stamp of the message it answers
        static constexpr std::string_view name = "pairs.reply";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{
                Field<Reply, Reading>{"to", &Reply::to, "s", "stamp of the message it answers"}};
        }
    };
    static constexpr std::string_view name = "pairs";
    static constexpr int version = 1;
    using Messages = std::tuple<Write, Reply>;

    Pairs(const DeviceClocks& clocks, const Distribution& gap) : clocks_(clocks), gap_(gap) {}

    void on(const Write&, Index pair, Context& context) {
        const Reading stamp = clocks_.read(2 * pair, ClockKind::wall, context.now());
        const Duration gap =
            sample_duration(gap_, context.block("pairs.gap", context.identity(), 0));
        context.remind(*this, pair, gap, Reply{stamp});
    }
    void on(const Reply& message, Index pair, Context& context) {
        if (clocks_.read(2 * pair + 1, ClockKind::wall, context.now()) < message.to) ++inverted_;
    }
    std::uint64_t inverted() const { return inverted_; }

  private:
    const DeviceClocks& clocks_;
    Distribution gap_;
    std::uint64_t inverted_ = 0;
};

/// A server that accepts a message only if the time in its identifier is no more than `ahead` in
/// the future and no more than `behind` in the past. Source: MTProto, "Service messages about
/// messages", error codes 16 and 17.
class Gate {
  public:
    struct Submit {
        std::uint32_t device = 0;
        static constexpr std::string_view name = "gate.submit";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{
                Field<Submit, std::uint32_t>{"device", &Submit::device, "", "whose message"}};
        }
    };
    struct Receive {
        Reading stamp{};
        static constexpr std::string_view name = "gate.receive";
        static constexpr Phase phase = Phase::protocol;
        static constexpr auto fields() {
            return FieldList{
                Field<Receive, Reading>{"stamp", &Receive::stamp, "s", "time in the identifier"}};
        }
    };
    static constexpr std::string_view name = "gate";
    static constexpr int version = 1;
    using Messages = std::tuple<Submit, Receive>;

    Gate(const DeviceClocks& clocks, Duration ahead, Duration behind)
        : clocks_(clocks), ahead_(ahead), behind_(behind) {}

    void on(const Submit& message, Index gate, Context& context) {
        context.remind(*this, gate, {},
                       Receive{clocks_.read(message.device, ClockKind::wall, context.now())});
    }
    void on(const Receive& message, Index, Context& context) {
        const Reading server{context.now().ns};  // a server whose clock is true
        if (message.stamp > server + ahead_) ++too_high_;
        if (message.stamp < server - behind_) ++too_low_;
    }
    std::uint64_t too_high() const { return too_high_; }
    std::uint64_t too_low() const { return too_low_; }

  private:
    const DeviceClocks& clocks_;
    Duration ahead_;
    Duration behind_;
    std::uint64_t too_high_ = 0;
    std::uint64_t too_low_ = 0;
};

/// A client and a server that both have true clocks, and a path with different delays there and
/// back.
class TimeExchange {
  public:
    struct Request {
        static constexpr std::string_view name = "exchange.request";
        static constexpr Phase phase = Phase::network;
        Reading originate{};
        static constexpr auto fields() {
            return FieldList{Field<Request, Reading>{"originate", &Request::originate, "s", "T1"}};
        }
    };
    struct Respond {
        static constexpr std::string_view name = "exchange.respond";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Reply {
        static constexpr std::string_view name = "exchange.reply";
        static constexpr Phase phase = Phase::network;
    };
    static constexpr std::string_view name = "exchange";
    static constexpr int version = 1;
    using Messages = std::tuple<Request, Respond, Reply>;

    TimeExchange(const DeviceClocks& clocks, Duration there, Duration back)
        : clocks_(clocks), there_(there), back_(back) {}

    void open(Index exchange, Context& context) {
        context.remind(*this, exchange, there_,
                       Request{clocks_.read(0, ClockKind::wall, context.now())});
    }
    void on(const Request& message, Index exchange, Context& context) {
        body_.originate = message.originate;
        body_.receive = clocks_.read(1, ClockKind::wall, context.now());
        context.remind(*this, exchange, 1_ms, Respond{});
    }
    void on(const Respond&, Index exchange, Context& context) {
        body_.transmit = clocks_.read(1, ClockKind::wall, context.now());
        context.remind(*this, exchange, back_, Reply{});
    }
    void on(const Reply&, Index, Context& context) {
        arrival_ = clocks_.read(0, ClockKind::wall, context.now());
    }

    double offset_s() const {
        return static_cast<double>(ntp_offset(body_, arrival_)) * 0x1p-64 * 1e-9;
    }
    double round_trip_s() const { return ntp_delay(body_, arrival_).seconds(); }

  private:
    const DeviceClocks& clocks_;
    Duration there_;
    Duration back_;
    NtpBody body_;
    Reading arrival_;
};

/// Adds a device's clock, and its entity.
void add_clock(Kernel& kernel, DeviceClocks& clocks, const ClockParams& params,
               std::uint64_t number) {
    const std::uint64_t identity = identity_of(identity_of("populations.devices"), number);
    clocks.add(params, identity, kernel.add_entity<DeviceClocks>(0, identity).id);
}

/// Seconds of the unit with which a metric ends ("drift_s_per_day" -> per: 86400).
double unit_seconds(const std::string& unit) {
    const std::optional<Quantity> one = read_quantity("1 " + unit);
    if (unit == "week") return 7 * 86400.0;
    if (unit == "year") return 365.25 * 86400.0;
    if (unit == "hour") return 3600;
    if (unit == "minute") return 60;
    return one ? in_seconds(*one) : 1;
}

}  // namespace

std::vector<Verdict> judge_clock_skew(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    std::optional<double> ppb = params.first_of({"ppb"});
    if (const std::optional<double> ppm = params.first_of({"ppm", "skew_ppm", "skew"}))
        ppb = *ppm * 1000;
    if (!ppb || !params.unread().empty()) return none(rows, "ppm not given, or more than it");
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        // drift_UNIT_per_SPAN
        const std::string m = squeezed(row.metric);
        const std::size_t per = m.find("_per_");
        if (m.rfind("drift_", 0) != 0 || per == std::string::npos) {
            verdicts.push_back(not_expressible("metric not understood"));
            continue;
        }
        const double unit_s = unit_seconds(m.substr(per + 5));
        const double spans = std::ceil(std::max(1.0, least_drift_span_s / unit_s));
        const double span_s = spans * unit_s;
        DeviceClocks clocks(1);
        Kernel kernel({.seed = 1, .partitions = 1, .digest = false});
        kernel.add_model(0, clocks);
        ClockParams skewed;
        skewed.frequency_error = Distribution::constant(*ppb);
        add_clock(kernel, clocks, skewed, 0);
        const Time end{static_cast<std::int64_t>(span_s * 1e9)};
        const Reading begin = clocks.read(0, ClockKind::wall, kernel.now());
        kernel.run_until(end);
        const Duration shown = clocks.read(0, ClockKind::wall, kernel.now()) - begin;
        const double drift_s = (shown - (end - Time{})).seconds();
        verdicts.push_back(
            judge_exact(row.reference, drift_s / spans / unit_seconds(m.substr(6, per - 6))));
    }
    return verdicts;
}

std::vector<Verdict> judge_inversion(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    std::optional<double> sd_s;
    std::optional<double> gap_s;
    if (const std::optional<StatedLaw> skew = params.stated_law("n")) {
        if (skew->mean != 0) return none(rows, "a mean skew: whose clock is ahead is not said");
        sd_s = skew->scale;
    }
    if (const std::optional<StatedLaw> gap = params.stated_law("exp")) gap_s = gap->scale;
    if (!sd_s) sd_s = params.seconds_of({"s", "sigma", "sd"});
    if (!gap_s) gap_s = params.seconds_of({"m", "mean", "gap"});
    if (!sd_s || !gap_s || !(*sd_s > 0) || !(*gap_s > 0))
        return none(rows, "skew or gap not given");
    if (!params.unread().empty())
        return none(rows, "parameter not understood: " + params.unread().front());
    std::uint64_t inverted = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        DeviceClocks clocks(seed);
        Pairs pairs(clocks, Distribution(law::Exponential{*gap_s}));
        Kernel kernel({.seed = seed, .partitions = 1, .digest = false});
        kernel.add_model(0, clocks);
        kernel.add_model(0, pairs);
        // The difference of two independent offsets has the variance that the row gives.
        const ClockParams offsets = with_offsets(0, *sd_s / std::sqrt(2.0));
        for (std::uint64_t i = 0; i < trials_per_run; ++i) {
            add_clock(kernel, clocks, offsets, 2 * i);
            add_clock(kernel, clocks, offsets, 2 * i + 1);
            const Address<Pairs> pair =
                kernel.add_entity<Pairs>(0, identity_of(identity_of("populations.pairs"), i));
            kernel.as(pair.id).send(Duration{static_cast<std::int64_t>(i) * 1'000'000}, pair,
                                    Pairs::Write{});
        }
        kernel.run_until(
            Time{static_cast<std::int64_t>((trials_per_run * 1e-3 + 100 * *gap_s) * 1e9)});
        inverted += pairs.inverted();
    }
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        if (m == "p(inversion)" || m == "p_inversion") {
            verdicts.push_back(judge_binomial(row.reference, inverted, runs * trials_per_run));
        } else if (m == "p(inorder)" || m == "p_in_order") {
            verdicts.push_back(judge_binomial(row.reference, runs * trials_per_run - inverted,
                                              runs * trials_per_run));
        } else {
            verdicts.push_back(not_expressible("metric not understood"));
        }
    }
    return verdicts;
}

std::vector<Verdict> judge_window(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    std::optional<StatedLaw> offset = params.stated_law("n");
    if (const auto sd_s = params.seconds_of({"sigma", "s", "sd"}); !offset && sd_s)
        offset = StatedLaw{0, *sd_s};
    if (!offset || !(offset->scale > 0))
        return none(rows, "distribution of the clock's offset not given");
    if (!params.unread().empty())
        return none(rows, "parameter not understood: " + params.unread().front());
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        // P(reject 17: ahead>30s): words before the code, and the code before the limit, which may
        // have its digits.
        const std::string m = squeezed(row.metric);
        const std::size_t sign = m.find('>');
        const std::string code = m.substr(0, std::min(m.find(':'), sign));
        const bool said = m.find("ahead") != std::string::npos ||  //
                          m.find("behind") != std::string::npos;
        const bool any = one_of(m, {"p(reject)", "p_reject", "p(accept)", "p_accept"});
        const bool high = any || (said ? m.find("ahead") : code.find("17")) != std::string::npos;
        const bool low = any || (said ? m.find("behind") : code.find("16")) != std::string::npos;
        if ((high == low && !any) || m.rfind("p", 0) != 0) {
            verdicts.push_back(not_expressible("metric not understood"));
            continue;
        }
        const std::optional<Quantity> limit =
            sign == std::string::npos ? std::nullopt : read_quantity(m.substr(sign + 1));
        const double limit_s = limit ? in_seconds(*limit) : high ? 30 : 300;
        const Duration window{std::llround(limit_s * 1e9)};
        std::uint64_t rejected = 0;
        for (std::uint64_t seed = 1; seed <= runs; ++seed) {
            DeviceClocks clocks(seed);
            Gate gate(clocks, high && !any ? window : 30_s, low && !any ? window : 300_s);
            Kernel kernel({.seed = seed, .partitions = 1, .digest = false});
            kernel.add_model(0, clocks);
            kernel.add_model(0, gate);
            const Address<Gate> server = kernel.add_entity<Gate>(0, identity_of("servers.gate"));
            for (std::uint64_t i = 0; i < trials_per_run; ++i) {
                add_clock(kernel, clocks, with_offsets(offset->mean, offset->scale), i);
                kernel.as(server.id).send(Duration{static_cast<std::int64_t>(i) * 1'000'000},
                                          server, Gate::Submit{static_cast<std::uint32_t>(i)});
            }
            kernel.run_until(Time{static_cast<std::int64_t>(trials_per_run) * 1'000'000});
            rejected += (high ? gate.too_high() : 0) + (low ? gate.too_low() : 0);
        }
        const bool accepted = any && m.find("accept") != std::string::npos;
        verdicts.push_back(judge_binomial(row.reference,
                                          accepted ? runs * trials_per_run - rejected : rejected,
                                          runs * trials_per_run));
    }
    return verdicts;
}

std::vector<Verdict> judge_ntp(const std::vector<Truth>& rows) {
    const Parameters params(rows.front().params);
    const std::optional<double> there_s = params.seconds_of({"fwd", "forward", "d_fwd", "there"});
    const std::optional<double> back_s = params.seconds_of({"back", "backward", "d_back", "rev"});
    if (!there_s || !back_s || *there_s < 0 || *back_s < 0 || !params.unread().empty())
        return none(rows, "delays not given, or more than them");
    DeviceClocks clocks(1);
    TimeExchange exchange(clocks, Duration{std::llround(*there_s * 1e9)},
                          Duration{std::llround(*back_s * 1e9)});
    Kernel kernel({.seed = 1, .partitions = 1, .digest = false});
    kernel.add_model(0, clocks);
    kernel.add_model(0, exchange);
    add_clock(kernel, clocks, {}, 0);
    add_clock(kernel, clocks, {}, 1);
    const Address<TimeExchange> pair =
        kernel.add_entity<TimeExchange>(0, identity_of("servers.exchange"));
    exchange.open(0, kernel.as(pair.id));
    kernel.run_until(Time{static_cast<std::int64_t>((*there_s + *back_s + 1) * 1e9)});
    std::vector<Verdict> verdicts;
    for (const Truth& row : rows) {
        const std::string m = squeezed(row.metric);
        const std::size_t underscore = m.rfind('_');
        const double unit_s =
            underscore == std::string::npos ? 1 : unit_seconds(m.substr(underscore + 1));
        if (m.rfind("offset", 0) == 0) {
            verdicts.push_back(judge_exact(row.reference, exchange.offset_s() / unit_s));
        } else if (m.rfind("rtt", 0) == 0 || m.rfind("delay", 0) == 0 ||
                   m.rfind("round_trip", 0) == 0) {
            verdicts.push_back(judge_exact(row.reference, exchange.round_trip_s() / unit_s));
        } else {
            verdicts.push_back(not_expressible("metric not understood"));
        }
    }
    return verdicts;
}

}  // namespace driftstorm::validation
