#include "analysis/metric_paths.hpp"

#include "analysis/run_series.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>

namespace driftstorm {

namespace {

constexpr std::array<std::string_view, 4> object_words{"<relays>", "<station>", "<clients>",
                                                       "<devices>"};

struct Words {
    std::string_view word;
    std::string_view help;
};

void add_delays(std::vector<MetricPattern>& all, const std::string& prefix, const std::string& of) {
    all.push_back({prefix + ".mean", "s", "mean of " + of});
    for (const char* q : {"50", "90", "95", "99"})
        all.push_back(
            {prefix + ".p" + q, "s", std::string(q) + " % of " + of + " are at most this"});
    all.push_back({prefix + ".max", "s", "longest of " + of});
}

void add_words(std::vector<MetricPattern>& all, const std::string& prefix, const std::string& of,
               std::initializer_list<const char*> words) {
    for (const char* word : words) all.push_back({prefix + "." + word, "", of + ": " + word});
}

void add_messages(std::vector<MetricPattern>& all) {
    for (const auto& [word, help] : std::initializer_list<Words>{
             {"composed", "messages written"},
             {"copies", "copies, one for each receiving device"},
             {"delivered", "copies made visible"},
             {"undelivered_at_end", "copies not visible when the run ended: pending or lost"},
             {"lost", "copies given up, refused for good or expired"},
             {"pending", "copies still under way when the run ended"},
             {"late", "copies visible only after more than 10 s"},
             {"sequence_inversions", "copies inserted above something already shown"},
             {"retries", "further attempts, and presses of 'send' again"},
             {"presses_again", "presses of 'send' again"},
             {"replies", "messages that answer another"}})
        all.push_back({"messages." + std::string(word), "", std::string(help)});
    all.push_back({"messages.delivered_share", "%", "delivered of all copies"});
    all.push_back({"messages.reply_inversion_share", "%",
                   "replies whose stamp sorts before that of what they answer"});
    add_delays(all, "messages.delivery_delay",
               "the times from composed to visible, of delivered copies");
    for (const std::string_view cause : cause_words) {
        const std::string prefix = "messages.blame." + std::string(cause);
        all.push_back({prefix + ".total", "s", "time all copies spent in this cause"});
        all.push_back({prefix + ".mean", "s", "the same, per copy"});
        all.push_back({prefix + ".share", "%", "the same, of the time in all causes"});
    }
    all.push_back({"messages.network_share", "%",
                   "of all delay: radio_handover, network_outage, link_queue"});
    all.push_back({"messages.infrastructure_share", "%", "of all delay: server_backlog"});
    all.push_back({"messages.server_outage_share", "%",
                   "of all delay: network_outage of copies whose root fault is a server that was "
                   "down; part of network_share"});
    all.push_back({"messages.user_share", "%", "of all delay: user"});
    all.push_back({"messages.application_share", "%",
                   "of all delay: every other cause, service and propagation too"});
}

void add_objects(std::vector<MetricPattern>& all) {
    const std::string relays(object_words[0]), station(object_words[1]), clients(object_words[2]);
    for (const std::string& of : {relays, station}) {
        const std::string who = of == relays ? "jobs" : "customers";
        all.push_back({of + ".queue_depth.max", "", "most " + who + " that waited at a node"});
        all.push_back(
            {of + ".queue_depth.mean", "", who + " that wait, by time, mean over the nodes"});
        all.push_back({of + ".queue_depth.at_end", "",
                       who + " that wait at the window's end, over all nodes"});
        all.push_back(
            {of + ".customers.max", "", "most " + who + " waiting or in service at a node"});
        all.push_back({of + ".customers.mean", "",
                       who + " waiting or in service, by time (L), mean over the nodes"});
        all.push_back({of + ".busy.mean", "", "workers at work, by time, mean over the nodes"});
        all.push_back({of + ".arrivals", "", who + " that came in"});
        all.push_back({of + ".drain", "s",
                       "from the end of the last fault until nobody waits; 0 when none happens"});
    }
    add_delays(all, station + ".wait", "the waits of those who got served");
    all.push_back({station + ".wait.share_zero", "%", "served without a wait"});
    add_delays(all, station + ".sojourn", "the times from arrival to the end of service");
    all.push_back({station + ".served", "", "services completed with success"});
    all.push_back({station + ".blocked_share", "%", "refused or lost, of all who came"});
    all.push_back(
        {station + ".abandoned_share", "%", "left for lack of patience, of all who came"});
    all.push_back({clients + ".intents", "", "requests made"});
    all.push_back({clients + ".attempts", "", "attempts sent"});
    all.push_back({clients + ".amplification", "", "attempts per request"});
    all.push_back(
        {clients + ".success_share", "%", "requests that succeeded, of those that ended"});
    all.push_back({clients + ".recovery", "s",
                   "from the end of the last fault to the first second u with 99 % success of "
                   "requests made in u to u + "
                   "10 s; infinite: never, up to 30 s before the end; 0 if no fault happens"});
    all.push_back({clients + ".open.max", "", "most requests under way"});
    all.push_back({clients + ".open.mean", "", "requests under way, by time"});
    add_delays(all, clients + ".delay", "the times from request to success");
}

void add_events(std::vector<MetricPattern>& all) {
    const std::string devices(object_words[3]);
    all.push_back({"resyncs.count", "", "resyncs begun by devices"});
    all.push_back({"resyncs.repeats", "", "times that they asked again for want of an answer"});
    all.push_back({"resyncs.requests", "", "requests they made, repeated ones too"});
    add_words(all, "resyncs", "resyncs by reason",
              {"gap", "skew_reject", "clock_step", "network_change", "reconnect", "epoch",
               "periodic", "cache_clear"});
    all.push_back({"handovers.count", "", "changes from one cell or access point to another"});
    all.push_back({"handovers.per_device_min", "", "the same per device and minute"});
    add_words(all, "handovers", "changes of attachment by kind",
              {"initial", "handover", "join", "leave", "reattach", "found", "lost", "rejected"});
    add_delays(all, "handovers.interruption",
               "the times without data at changes between cells or access points");
    all.push_back({"connections.made", "", "connections made"});
    all.push_back({"connections.failures", "", "attempts to connect that failed"});
    all.push_back({"clocks.steps", "", "clocks stepped, by whomever"});
    all.push_back({"clocks.slews", "", "clocks slewed"});
    all.push_back({"clocks.syncs", "", "attempts to learn the time"});
    add_words(all, "clocks.sync", "attempts to learn the time by outcome",
              {"stepped", "slewed", "kept", "ignored", "timed_out"});
    for (const std::string& of : {std::string("clocks.offset"), devices + ".clock_offset"}) {
        const std::string whose =
            of.starts_with('<') ? "of its sampled clocks: " : "of all sampled clocks: ";
        all.push_back({of + ".rms", "s", whose + "root mean square offset"});
        all.push_back({of + ".mean", "s", whose + "mean offset"});
        all.push_back({of + ".max", "s", whose + "greatest size of an offset"});
        all.push_back({of + ".spread", "s", whose + "greatest difference between two at once"});
    }
    all.push_back({"time_requests.lost", "", "requests that time servers did not answer"});
    add_words(all, "time_requests", "the same by reason",
              {"queue_full", "node_down", "rate_limited"});
    all.push_back({"drops.count", "", "packets lost"});
    add_words(all, "drops", "packets lost by reason",
              {"buffer_full", "loss", "burst_loss", "link_down", "no_network", "old_address",
               "blackhole", "unreachable"});
    all.push_back({"server_drops.count", "", "packets dropped by relay nodes"});
    add_words(all, "server_drops", "packets dropped by relay nodes, by reason",
              {"node_down", "queue_full", "no_session", "crash"});
    for (const std::string kind : {"retry", "resync"}) {
        const std::string x =
            kind == "retry" ? "intents and retries" : "intents and requests for resync";
        const std::string of = "storms." + kind;
        all.push_back(
            {of + ".count", "", "storms: " + x + " at 1.5 times the baseline or more for 3 s"});
        all.push_back({of + ".beyond_chance", "",
                       "of these, the storms that chance alone does not give at this load"});
        all.push_back(
            {of + ".peak_to_baseline", "", "most " + x + " in one second, over the baseline"});
        all.push_back({of + ".peak", "", "most " + x + " in one second"});
        all.push_back({of + ".baseline", "",
                       "median of " + x + " a second in the 120 s before the first fault"});
        all.push_back({of + ".onset", "s", "start of the strongest storm"});
        all.push_back({of + ".duration", "s", "length of the strongest storm; 0: none"});
        all.push_back({of + ".extra_work", "", x + " beyond the baseline, in storms"});
    }
}

void add_theory(std::vector<MetricPattern>& all) {
    const auto add = [&](const char* name, const char* unit, const char* help) {
        all.push_back({"theory." + std::string(name), unit, help});
    };
    add("utilisation", "%", "load per worker");
    add("wait_mean", "s", "M/M/c, M/G/1: mean wait");
    add("wait_share_zero", "%", "M/M/c, M/G/1: share of customers who do not wait");
    add("sojourn_mean", "s", "M/M/c, M/G/1: mean time from arrival to the end of service");
    add("queue_mean", "", "M/M/c, M/G/1: customers who wait");
    add("customers_mean", "", "M/M/c, M/G/1: customers present");
    add("bad_state_load", "", "attempts a second when every attempt times out");
    add("peak_backlog", "", "outage without retries: load times its length");
    add("drain", "s", "outage without retries: time to work off the backlog");
    add("mean_delay", "s", "outage without retries: mean delay of those affected");
    add("recovery", "s",
        "outage with immediate retries: time to recover; infinite when the bad state holds itself");
    add("reply_inversion", "%", "replies stamped before what they answer, by clocks alone");
    add("reconnect_peak", "", "clients that reconnect: longest queue");
    add("reconnect_finish", "s", "clients that reconnect: until the last is served");
}

/// What follows the object in a pattern of objects: ".queue_depth.max"; empty for other patterns.
std::string_view after_object(std::string_view pattern) {
    if (!pattern.starts_with('<')) return {};
    return pattern.substr(pattern.find('>') + 1);
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t corner = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            corner = above;
        }
    }
    return row.back();
}

/// The digits of "relays[1]" for an object "relays"; "" for the object itself; nothing for others.
std::optional<std::string_view> member_of(std::string_view name, std::string_view object) {
    if (!name.starts_with(object)) return std::nullopt;
    name.remove_prefix(object.size());
    if (name.empty()) return name;
    if (name.size() <= 2 || name.front() != '[' || name.back() != ']') return std::nullopt;
    name = name.substr(1, name.size() - 2);
    const bool number =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number ? std::optional(name) : std::nullopt;
}

bool is_below(std::string_view digits, std::uint64_t count) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && number < count;
}

}  // namespace

const std::vector<MetricPattern>& metric_patterns() {
    static const std::vector<MetricPattern> patterns = [] {
        std::vector<MetricPattern> all;
        add_messages(all);
        add_objects(all);
        add_events(all);
        add_theory(all);
        return all;
    }();
    return patterns;
}

std::string without_section(std::string_view path) {
    for (const std::string_view section : {"servers", "populations"}) {
        if (!path.starts_with(section)) continue;
        const std::string_view rest = path.substr(section.size());
        if (rest.starts_with('.')) return std::string(rest.substr(1));
        // servers[a.b].wait.mean: the brackets only keep the name together; a number would be a
        // member
        const std::size_t close = rest.find(']');
        if (!rest.starts_with('[') || close == std::string_view::npos) continue;
        return std::string(rest.substr(1, close - 1)) + std::string(rest.substr(close + 1));
    }
    return std::string(path);
}

std::optional<std::string> unit_of(std::string_view path) {
    const std::string name = without_section(path);
    for (const MetricPattern& pattern : metric_patterns()) {
        const std::string_view tail = after_object(pattern.path);
        if (tail.empty() ? name == pattern.path : name.size() > tail.size() && name.ends_with(tail))
            return pattern.unit;
    }
    return std::nullopt;
}

std::optional<std::string> metric_complaint(std::string_view path, const MetricObjects& objects) {
    const std::string name = without_section(path);
    std::string nearest;
    std::size_t least = std::max<std::size_t>(name.size() / 3, 2) + 1;
    const auto consider = [&](const std::string& known) {
        // What the name begins is nearer than what only looks alike.
        const bool begins = name.size() >= 3 && known.starts_with(name);
        const std::size_t far = begins ? 1 : distance(name, known);
        if (far < least) {
            least = far;
            nearest = known;
        }
    };
    for (const MetricPattern& pattern : metric_patterns()) {
        const std::string_view tail = after_object(pattern.path);
        if (tail.empty()) {
            if (name == pattern.path) return std::nullopt;
            consider(pattern.path);
            continue;
        }
        const std::string_view word =
            std::string_view(pattern.path).substr(0, pattern.path.size() - tail.size());
        const std::vector<std::string>& known = word == object_words[0]   ? objects.relays
                                                : word == object_words[1] ? objects.stations
                                                : word == object_words[2] ? objects.clients
                                                                          : objects.devices;
        for (const std::string& object : known) {
            consider(object + std::string(tail));
            if (!name.ends_with(tail)) continue;
            const auto member =
                member_of(std::string_view(name).substr(0, name.size() - tail.size()), object);
            if (!member) continue;
            if (member->empty()) return std::nullopt;
            const auto nodes = objects.nodes.find(object);
            if (nodes == objects.nodes.end())
                return "there is no metric '" + std::string(path) + "': '" + object +
                       "' is measured as a whole";
            if (is_below(*member, nodes->second)) return std::nullopt;
            return "there is no metric '" + std::string(path) + "': '" + object + "' has " +
                   std::to_string(nodes->second) + (nodes->second == 1 ? " node" : " nodes") +
                   ", numbered from 0";
        }
    }
    return "there is no metric '" + std::string(path) + "'" +
           (nearest.empty() ? "; 'driftstorm list metrics' shows them"
                            : "; did you mean '" + nearest + "'?");
}

}  // namespace driftstorm
