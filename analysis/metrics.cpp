#include "analysis/metrics.hpp"

#include "analysis/event_counts.hpp"
#include "analysis/message_metrics.hpp"
#include "analysis/metric_paths.hpp"
#include "analysis/queue_metrics.hpp"
#include "analysis/row_columns.hpp"
#include "analysis/station_metrics.hpp"
#include "analysis/theory.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

namespace driftstorm {

namespace {

using Handler = std::function<void(const RowStamp& stamp, const std::byte* row)>;

constexpr std::string_view outcome_words[]{"served",    "failed",  "refused",
                                           "abandoned", "expired", "lost"};

ServiceOutcome outcome_of(std::string_view word) {
    for (std::size_t i = 0; i < std::size(outcome_words); ++i)
        if (outcome_words[i] == word) return static_cast<ServiceOutcome>(i);
    return ServiceOutcome::failed;
}

/// "relays" of "relays[1]".
std::string group_name(const std::string& member) { return member.substr(0, member.find('[')); }

/// The number in "relays[1]"; 0 without brackets.
std::size_t member_number(const std::string& member) {
    const std::size_t open = member.find('[');
    std::size_t number = 0;
    if (open != std::string::npos)
        for (std::size_t i = open + 1; i < member.size() && member[i] != ']'; ++i)
            number = 10 * number + static_cast<std::size_t>(member[i] - '0');
    return number;
}

const std::set<std::string, std::less<>>& plain_paths() {
    static const std::set<std::string, std::less<>> paths = [] {
        std::set<std::string, std::less<>> found;
        for (const MetricPattern& pattern : metric_patterns())
            if (!pattern.path.starts_with('<')) found.insert(pattern.path);
        return found;
    }();
    return paths;
}

/// The metric of each word of a column: "drops.loss" ...
std::vector<std::string> metrics_of_words(const NamedColumn& column, const std::string& prefix) {
    std::vector<std::string> names;
    for (const std::string_view word : column.column().words)
        names.push_back(prefix + "." + std::string(word));
    return names;
}

}  // namespace

struct Metrics::Parts {
    /// Of sampled clocks.
    struct Offsets {
        double sum = 0;  ///< [s]
        double squares = 0;
        double most = 0;
        std::uint64_t count = 0;
        Time at{-1};  ///< of the samples that low and high are of
        double low = 0;
        double high = 0;
        double spread = 0;

        void add(Time when, double offset) {
            ++count;
            sum += offset;
            squares += offset * offset;
            most = std::max(most, std::abs(offset));
            low = at == when ? std::min(low, offset) : offset;
            high = at == when ? std::max(high, offset) : offset;
            at = when;
            spread = std::max(spread, high - low);
        }
        std::optional<double> value(std::string_view what) const {
            if (count == 0) return std::nullopt;
            const auto n = static_cast<double>(count);
            if (what == "rms") return std::sqrt(squares / n);
            if (what == "mean") return sum / n;
            return what == "max" ? most : spread;
        }
    };
    struct PerWindow {
        MetricWindow asked;  ///< as in the options
        MetricWindow span;   ///< the part after the warm-up
        MessageMetrics messages = {};
        EventCounts events = {};
        Offsets offsets = {};
        std::vector<Offsets> offsets_of = {};  ///< by population
    };
    struct Station {
        QueueMetrics levels;
        std::vector<StationMetrics> customers;  ///< by window
        std::size_t nodes = 0;
        bool is_station = false;
    };
    struct Clients {
        ClientMetrics requests;
        QueueMetrics open;
        bool used = false;
    };

    Parts(MetricsOptions given, const EntityDirectory& entities);

    std::size_t window_of(const std::optional<MetricWindow>& asked) const;
    Handler handler_of(const RowType& type);
    Handler messages(const RowType& type);
    Handler copies(const RowType& type);
    Handler retries(const RowType& type);
    Handler resyncs(const RowType& type);
    Handler connections(const RowType& type);
    Handler handovers(const RowType& type);
    Handler faults(const RowType& type);
    Handler words(const RowType& type, std::string_view column, const std::string& prefix,
                  const std::string& total);
    Handler adjustments(const RowType& type);
    Handler offsets(const RowType& type);
    Handler levels(const RowType& type, std::string_view entity, std::string_view waiting,
                   std::string_view busy);
    Handler services(const RowType& type);
    Handler client_levels(const RowType& type);
    Handler attempts(const RowType& type);
    Handler requests(const RowType& type);

    /// Row of an entity in its group of /entities; -1: no place.
    std::int32_t row_of(EntityId entity) const {
        return entity == no_entity ? -1 : directory.place_of(entity).row;
    }
    std::string name_of(EntityId entity) const {
        const EntityDirectory::Place at = directory.place_of(entity);
        if (at.kind < 0) return {};
        return directory.kinds[static_cast<std::size_t>(at.kind)]
            .names[static_cast<std::size_t>(at.row)];
    }
    Station* station_of(EntityId entity, std::size_t& node);
    Clients* clients_of(EntityId entity);
    void count(Time at, const std::string& metric, std::uint64_t number = 1) {
        for (PerWindow& window : windows)
            if (window.span.holds(at)) window.events.add(metric, number);
    }

    std::optional<double> value(std::string_view path, std::size_t window) const;
    std::optional<double> object_value(std::string_view path, std::size_t window) const;
    /// No fault happens: there is nothing to work off or to recover from. (With one that has not
    /// ended yet the time is not known.)
    bool undisturbed() const {
        const auto planned = options.facts.find("faults");
        return planned != options.facts.end() && planned->second == 0;
    }
    std::optional<double> offset_value(std::string_view path, std::size_t window) const;

    MetricsOptions options;
    const EntityDirectory& directory;
    std::vector<PerWindow> windows;
    std::vector<MetricWindow> spans;
    std::map<std::string, Station, std::less<>> stations;  ///< relay groups and stations, by name
    std::map<std::string, Clients, std::less<>> clients;
    std::vector<std::string> populations;    ///< of devices
    std::vector<std::size_t> population_of;  ///< a device, by its row
    StormDetector storms;
    RunSeries series;
    std::vector<std::pair<const RowType*, Handler>> handlers;
    std::size_t last_handler = 0;
    std::size_t devices = 0;
    bool any_messages = false;
    std::set<std::int32_t> servers_down;  ///< rows of faults that took a server down
    bool any_requests = false;
    Time reached{};
};

Metrics::Parts::Parts(MetricsOptions given, const EntityDirectory& entities)
    : options(std::move(given)), directory(entities) {
    const auto add = [this](MetricWindow asked) {
        const MetricWindow span{std::max(asked.from, options.warmup), asked.to};
        windows.push_back({asked, span});
        spans.push_back(span);
    };
    add({options.warmup, options.end});
    for (const MetricWindow& window : options.windows)
        if (window_of(window) == windows.size()) add(window);
    if (const std::int16_t kind = directory.kind("device"); kind >= 0) {
        const auto& names = directory.kinds[static_cast<std::size_t>(kind)].names;
        devices = names.size();
        for (const std::string& name : names) {
            const std::string group = group_name(name);
            const auto known = std::find(populations.begin(), populations.end(), group);
            population_of.push_back(static_cast<std::size_t>(known - populations.begin()));
            if (known == populations.end()) populations.push_back(group);
        }
        for (PerWindow& window : windows) window.offsets_of.resize(populations.size());
    }
    if (const std::int16_t kind = directory.kind("server"); kind >= 0) {
        std::map<std::string, std::size_t> nodes;
        for (const std::string& name : directory.kinds[static_cast<std::size_t>(kind)].names) {
            std::size_t& number = nodes[group_name(name)];
            number = std::max(number, member_number(name) + 1);
        }
        for (const auto& [name, number] : nodes)
            stations.emplace(name, Station{QueueMetrics(number, spans),
                                           std::vector<StationMetrics>(spans.size()), number});
    }
    if (const std::int16_t kind = directory.kind("population"); kind >= 0)
        for (const std::string& name : directory.kinds[static_cast<std::size_t>(kind)].names)
            clients.emplace(name, Clients{ClientMetrics(spans), QueueMetrics(1, spans)});
}

/// windows.size(): none such.
std::size_t Metrics::Parts::window_of(const std::optional<MetricWindow>& asked) const {
    if (!asked) return 0;
    std::size_t i = 0;
    while (i < windows.size() && windows[i].asked != *asked) ++i;
    return i;
}

Metrics::Parts::Station* Metrics::Parts::station_of(EntityId entity, std::size_t& node) {
    const std::string name = name_of(entity);
    const auto found = stations.find(group_name(name));
    node = member_number(name);
    return found != stations.end() ? &found->second : nullptr;
}

Metrics::Parts::Clients* Metrics::Parts::clients_of(EntityId entity) {
    const auto found = clients.find(name_of(entity));
    if (found == clients.end()) return nullptr;
    found->second.used = true;
    return &found->second;
}

// ---- one handler a table
// -------------------------------------------------------------------------

Handler Metrics::Parts::messages(const RowType& type) {
    return [this, composed = NamedColumn(type, "t_composed"), copies = NamedColumn(type, "copies"),
            reply = NamedColumn(type, "reply_to_sender"),
            inverted = NamedColumn(type, "reply_inverted")](const RowStamp&, const std::byte* row) {
        const Time at = composed.time(row);
        any_messages = true;
        storms.intent(at);
        series.intent(at, copies.integer(row));
        for (PerWindow& window : windows)
            if (window.span.holds(at))
                window.messages.composed(row_of(reply.entity(row)) >= 0, inverted.flag(row));
    };
}

Handler Metrics::Parts::copies(const RowType& type) {
    return [this, end = NamedColumn(type, "t_end"), delivered = NamedColumn(type, "t_delivered"),
            visible = NamedColumn(type, "t_visible"), outcome = NamedColumn(type, "outcome"),
            depth = NamedColumn(type, "late_insert_depth"), root = NamedColumn(type, "root_fault"),
            blame = BlameColumns(type)](const RowStamp&, const std::byte* row) {
        CopyFacts copy;
        copy.end = end.time(row);
        copy.delivered = delivered.time(row);
        copy.visible = visible.time(row);
        copy.blame = blame.read(row);
        copy.composed = copy.end;
        for (const std::int64_t ns : copy.blame) copy.composed = copy.composed - Duration{ns};
        copy.inserted_late = depth.integer(row) > 0;
        copy.server_down = servers_down.count(row_of(root.entity(row))) > 0;
        const std::string_view word = outcome.word(row);
        if (word == "visible") copy.outcome = CopyEnd::visible;
        if (word.starts_with("lost")) copy.outcome = CopyEnd::lost;
        if (copy.delivered == no_time) copy.delivered = copy.visible;

        if (copy.delivered != no_time) {
            series.delivered(copy.delivered);
            // One that is still held when the run ends is never shown.
            series.held(copy.delivered, copy.visible != no_time
                                            ? copy.visible
                                            : copy.end + Duration{1'000'000'000});
        } else if (copy.outcome == CopyEnd::lost) {
            series.gone(copy.end);
        }
        if (copy.inserted_late) series.inserted_late(copy.end);
        series.blamed(copy.composed, copy.blame);
        for (PerWindow& window : windows)
            if (window.span.holds(copy.composed)) window.messages.ended(copy);
    };
}

Handler Metrics::Parts::retries(const RowType& type) {
    return [this, pressed = NamedColumn(type, "pressed"), fault = NamedColumn(type, "root_fault")](
               const RowStamp& stamp, const std::byte* row) {
        storms.retry(stamp.at(), row_of(fault.entity(row)));
        series.retry(stamp.at());
        for (PerWindow& window : windows)
            if (window.span.holds(stamp.at())) window.messages.retried(pressed.flag(row));
    };
}

Handler Metrics::Parts::resyncs(const RowType& type) {
    const NamedColumn reason(type, "reason");
    return [this, reason, names = metrics_of_words(reason, "resyncs"),
            requested = NamedColumn(type, "requests"), again = type.column("again"),
            fault = NamedColumn(type, "root_fault")](const RowStamp& stamp, const std::byte* row) {
        const std::uint32_t requests = requested.count(row);
        storms.resync(stamp.at(), requests, row_of(fault.entity(row)));
        series.resync(stamp.at(), requests);
        count(stamp.at(), "resyncs.requests", requests);
        // Files of before told no repeats apart.
        if (again != nullptr && integer_of(*again, row) != 0)
            return count(stamp.at(), "resyncs.repeats");
        count(stamp.at(), "resyncs.count");
        if (const auto word = static_cast<std::size_t>(reason.integer(row)); word < names.size())
            count(stamp.at(), names[word]);
    };
}

Handler Metrics::Parts::connections(const RowType& type) {
    return [this, state = NamedColumn(type, "state"), failures = NamedColumn(type, "failures")](
               const RowStamp& stamp, const std::byte* row) {
        if (state.is(row, "connected")) count(stamp.at(), "connections.made");
        if (state.is(row, "waiting") && failures.integer(row) > 0)
            count(stamp.at(), "connections.failures");
    };
}

Handler Metrics::Parts::handovers(const RowType& type) {
    const NamedColumn kind(type, "kind");
    return [this, kind, names = metrics_of_words(kind, "handovers"),
            from = NamedColumn(type, "from"), to = NamedColumn(type, "to"),
            interruption = NamedColumn(type, "interruption")](const RowStamp& stamp,
                                                              const std::byte* row) {
        if (const auto word = static_cast<std::size_t>(kind.integer(row)); word < names.size())
            count(stamp.at(), names[word]);
        const EntityId before = from.entity(row);
        const EntityId after = to.entity(row);
        if (row_of(before) < 0 || row_of(after) < 0 || before == after || kind.is(row, "rejected"))
            return;
        series.handover(stamp.at());
        for (PerWindow& window : windows) {
            if (!window.span.holds(stamp.at())) continue;
            window.events.add("handovers.count");
            window.events.interrupted(interruption.integer(row));
        }
    };
}

Handler Metrics::Parts::faults(const RowType& type) {
    return [this, fault = NamedColumn(type, "fault"), kind = NamedColumn(type, "kind"),
            edge = NamedColumn(type, "edge")](const RowStamp& stamp, const std::byte* row) {
        const bool begins = edge.is(row, "begins");
        if (kind.is(row, "node_down")) servers_down.insert(row_of(fault.entity(row)));
        storms.fault(stamp.at(), row_of(fault.entity(row)), begins);
        if (begins) return;
        for (auto& [name, station] : stations) station.levels.fault_ended(stamp.at());
    };
}

/// Counts rows by the word of a column.
Handler Metrics::Parts::words(const RowType& type, std::string_view column,
                              const std::string& prefix, const std::string& total) {
    const NamedColumn word(type, column);
    return [this, word, total, names = metrics_of_words(word, prefix)](const RowStamp& stamp,
                                                                       const std::byte* row) {
        count(stamp.at(), total);
        if (const auto value = static_cast<std::size_t>(word.integer(row)); value < names.size())
            count(stamp.at(), names[value]);
    };
}

Handler Metrics::Parts::adjustments(const RowType& type) {
    return [this, kind = NamedColumn(type, "kind")](const RowStamp& stamp, const std::byte* row) {
        if (kind.is(row, "step") || kind.is(row, "user")) count(stamp.at(), "clocks.steps");
        if (kind.is(row, "slew")) count(stamp.at(), "clocks.slews");
    };
}

Handler Metrics::Parts::offsets(const RowType& type) {
    const Column* steered = type.column("steered");
    return [this, at = steered->offset, who = NamedColumn(type, "device")](const RowStamp& stamp,
                                                                           const std::byte* row) {
        double offset_ns = 0;
        std::memcpy(&offset_ns, row + at, sizeof offset_ns);
        const auto device = static_cast<std::size_t>(row_of(who.entity(row)));
        for (PerWindow& window : windows) {
            if (!window.span.holds(stamp.at())) continue;
            window.offsets.add(stamp.at(), offset_ns * 1e-9);
            if (device < population_of.size())
                window.offsets_of[population_of[device]].add(stamp.at(), offset_ns * 1e-9);
        }
    };
}

Handler Metrics::Parts::levels(const RowType& type, std::string_view entity,
                               std::string_view waiting, std::string_view busy) {
    return [this, who = NamedColumn(type, entity), waits = NamedColumn(type, waiting),
            works = NamedColumn(type, busy)](const RowStamp& stamp, const std::byte* row) {
        std::size_t node = 0;
        if (Station* station = station_of(who.entity(row), node))
            station->levels.level(node, stamp.at(), waits.count(row), works.count(row));
    };
}

Handler Metrics::Parts::services(const RowType& type) {
    return [this, who = NamedColumn(type, "station"), outcome = NamedColumn(type, "outcome"),
            waited = NamedColumn(type, "waited"),
            stayed = NamedColumn(type, "stayed")](const RowStamp& stamp, const std::byte* row) {
        std::size_t node = 0;
        Station* station = station_of(who.entity(row), node);
        if (station == nullptr) return;
        station->is_station = true;
        for (std::size_t w = 0; w < spans.size(); ++w)
            if (spans[w].holds(stamp.at()))
                station->customers[w].ended(outcome_of(outcome.word(row)), waited.duration(row),
                                            stayed.duration(row));
    };
}

Handler Metrics::Parts::client_levels(const RowType& type) {
    return [this, who = NamedColumn(type, "clients"), open = NamedColumn(type, "open")](
               const RowStamp& stamp, const std::byte* row) {
        if (Clients* group = clients_of(who.entity(row)))
            group->open.level(0, stamp.at(), open.count(row), 0);
    };
}

Handler Metrics::Parts::attempts(const RowType& type) {
    return [this, who = NamedColumn(type, "clients"), attempt = NamedColumn(type, "attempt")](
               const RowStamp& stamp, const std::byte* row) {
        const bool first = attempt.integer(row) == 0;
        any_requests = true;
        if (first) {
            storms.intent(stamp.at());
            series.intent(stamp.at(), 1);
        } else {
            storms.retry(stamp.at());
            series.retry(stamp.at());
        }
        if (Clients* group = clients_of(who.entity(row)))
            group->requests.attempt(stamp.at(), first);
    };
}

Handler Metrics::Parts::requests(const RowType& type) {
    return [this, who = NamedColumn(type, "clients"), created = NamedColumn(type, "created"),
            outcome = NamedColumn(type, "outcome")](const RowStamp& stamp, const std::byte* row) {
        const bool success = outcome.is(row, "served");
        if (success)
            series.delivered(stamp.at());
        else
            series.gone(stamp.at());
        if (Clients* group = clients_of(who.entity(row)))
            group->requests.ended(created.time(row), stamp.at(), success);
    };
}

Handler Metrics::Parts::handler_of(const RowType& type) {
    const std::string_view table = type.table;
    if (table == "messages") return messages(type);
    if (table == "copies") return copies(type);
    if (table == "events/retry") return retries(type);
    if (table == "events/resync") return resyncs(type);
    if (table == "events/connection") return connections(type);
    if (table == "events/handover") return handovers(type);
    if (table == "events/fault") return faults(type);
    if (table == "events/drop") return words(type, "reason", "drops", "drops.count");
    if (table == "events/server_drop")
        return words(type, "reason", "server_drops", "server_drops.count");
    if (table == "clocks/sync") return words(type, "outcome", "clocks.sync", "clocks.syncs");
    if (table == "clocks/adjust") return adjustments(type);
    if (table == "clocks/offset") return offsets(type);
    if (table == "clocks/request_lost")
        return words(type, "reason", "time_requests", "time_requests.lost");
    if (table == "servers/queue") return levels(type, "server", "depth", "busy");
    if (table == "changes/station") return levels(type, "station", "waiting", "in_service");
    if (table == "events/service") return services(type);
    if (table == "changes/clients") return client_levels(type);
    if (table == "events/attempt") return attempts(type);
    if (table == "events/request") return requests(type);
    return {};
}

// ---- values
// --------------------------------------------------------------------------------------

/// "<population>.clock_offset.<what>".
std::optional<double> Metrics::Parts::offset_value(std::string_view path,
                                                   std::size_t window) const {
    constexpr std::string_view between = ".clock_offset.";
    const std::size_t at = path.rfind(between);
    if (at == std::string_view::npos) return std::nullopt;
    const auto found = std::find(populations.begin(), populations.end(), path.substr(0, at));
    if (found == populations.end()) return std::nullopt;
    return windows[window].offsets_of[static_cast<std::size_t>(found - populations.begin())].value(
        path.substr(at + between.size()));
}

/// Metrics of relay groups, stations and clients: "<name>.<what>", "<name>[1].<what>".
std::optional<double> Metrics::Parts::object_value(std::string_view path,
                                                   std::size_t window) const {
    if (const auto offset = offset_value(path, window)) return offset;
    for (const auto& [name, station] : stations) {
        if (!path.starts_with(name)) continue;
        std::string_view what = path.substr(name.size());
        std::optional<std::size_t> node;
        if (what.starts_with('[')) {
            const std::string member(path.substr(0, path.find(']') + 1));
            node = member_number(member);
            what = path.substr(member.size());
        }
        if (!what.starts_with('.') || (node && *node >= station.nodes)) continue;
        what.remove_prefix(1);
        if (what == "drain" && undisturbed()) return 0.0;
        if (const auto level = station.levels.value(what, window, node)) return level;
        return station.customers[window].value(what);
    }
    for (const auto& [name, group] : clients) {
        if (!path.starts_with(name + ".")) continue;
        const std::string_view what = path.substr(name.size() + 1);
        if (what == "recovery" && undisturbed()) return 0.0;
        if (what == "recovery") return group.requests.recovery(storms.last_fault_end(), reached);
        if (what == "open.max") return group.open.value("queue_depth.max", window, {});
        if (what == "open.mean") return group.open.value("queue_depth.mean", window, {});
        return group.requests.value(what, window);
    }
    return std::nullopt;
}

std::optional<double> Metrics::Parts::value(std::string_view path, std::size_t window) const {
    const auto after = [&](std::string_view prefix) { return path.substr(prefix.size()); };
    const PerWindow& of = windows[window];
    if (plain_paths().count(path) == 0) return object_value(path, window);
    if (path.starts_with("messages.")) return of.messages.value(after("messages."));
    if (path.starts_with("clocks.offset.")) return of.offsets.value(after("clocks.offset."));
    if (path.starts_with("theory.")) return theory_metric(after("theory."), options.facts);
    const MetricWindow seen{of.span.from, std::min(of.span.to, reached)};
    if (path.starts_with("storms.retry."))
        return storms.value(StormKind::retry, after("storms.retry."), seen);
    if (path.starts_with("storms.resync."))
        return storms.value(StormKind::resync, after("storms.resync."), seen);
    if (path == "handovers.per_device_min") {
        const double device_minutes =
            static_cast<double>(devices) * (seen.to - seen.from).seconds() / 60;
        if (device_minutes <= 0) return std::nullopt;
        return *of.events.value("handovers.count") / device_minutes;
    }
    return of.events.value(path);
}

// ---- the public face
// -----------------------------------------------------------------------------

Metrics::Metrics(MetricsOptions options, const EntityDirectory& directory)
    : parts_(std::make_unique<Parts>(std::move(options), directory)) {}

Metrics::~Metrics() = default;

bool Metrics::wants(const RowType& type) const {
    static const std::set<std::string_view> tables{
        "messages",          "copies",          "events/retry",       "events/resync",
        "events/connection", "events/handover", "events/fault",       "events/drop",
        "clocks/sync",       "clocks/adjust",   "events/server_drop", "servers/queue",
        "changes/station",   "events/service",  "events/attempt",     "changes/clients",
        "events/request",    "clocks/offset",   "clocks/request_lost"};
    return tables.count(type.table) == 1;
}

void Metrics::row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) {
    auto& handlers = parts_->handlers;
    std::size_t& i = parts_->last_handler;
    if (i >= handlers.size() || handlers[i].first != &type) {
        for (i = 0; i < handlers.size() && handlers[i].first != &type;) ++i;
        if (i == handlers.size()) handlers.emplace_back(&type, parts_->handler_of(type));
    }
    if (handlers[i].second) handlers[i].second(stamp, bytes);
}

void Metrics::finish(Time end) {
    Parts& parts = *parts_;
    parts.reached = end;
    for (auto& [name, station] : parts.stations) station.levels.finish(end);
    for (auto& [name, group] : parts.clients) group.open.finish(end);
    parts.storms.finish(parts.options.warmup, end);
    parts.series.finish(end);
}

std::optional<double> Metrics::value(std::string_view path,
                                     std::optional<MetricWindow> window) const {
    const std::size_t number = parts_->window_of(window);
    if (number == parts_->windows.size()) return std::nullopt;
    const std::optional<double> found = parts_->value(without_section(path), number);
    if (!found || std::isnan(*found)) return std::nullopt;
    return found;
}

std::optional<double> Metrics::not_until(std::string_view path) const {
    const std::string name = without_section(path);
    for (const auto& [group_name, group] : parts_->clients)
        if (name == group_name + ".recovery")
            return group.requests.no_recovery_until(parts_->storms.last_fault_end(),
                                                    parts_->reached);
    return std::nullopt;
}

std::optional<Time> Metrics::first_at(std::string_view path, double limit, bool beyond,
                                      std::optional<MetricWindow> window) const {
    const std::size_t number = parts_->window_of(window);
    if (number == parts_->windows.size()) return std::nullopt;
    const Parts::PerWindow& of = parts_->windows[number];
    const std::string name = without_section(path);
    constexpr std::string_view messages = "messages.";
    constexpr std::string_view depth = ".queue_depth.max";
    if (name.starts_with(messages)) {
        // Counts know when they left 0, which is where limits on them stand.
        if (beyond ? limit >= 1 || limit < 0 : limit > 1 || limit <= 0) return std::nullopt;
        return of.messages.first(std::string_view(name).substr(messages.size()));
    }
    for (const StormKind kind : {StormKind::retry, StormKind::resync})
        if (name == "storms." + std::string(word(kind)) + ".peak_to_baseline")
            return parts_->storms.first_at(kind, limit, beyond, of.span);
    if (name.ends_with(depth)) {
        const auto found = parts_->stations.find(name.substr(0, name.size() - depth.size()));
        if (found != parts_->stations.end())
            return found->second.levels.first_at(limit, beyond, of.span);
    }
    return std::nullopt;
}

std::vector<std::pair<std::string, double>> Metrics::all() const {
    std::vector<std::pair<std::string, double>> found;
    const auto add = [&](const std::string& path) {
        if (const auto number = value(path)) found.emplace_back(path, *number);
    };
    for (const MetricPattern& pattern : metric_patterns()) {
        const std::string tail = pattern.path.substr(pattern.path.find('>') + 1);
        if (pattern.path.starts_with("<relays>") || pattern.path.starts_with("<station>")) {
            const bool of_station = pattern.path.starts_with("<station>");
            for (const auto& [name, station] : parts_->stations)
                if (station.levels.used() && station.is_station == of_station) add(name + tail);
        } else if (pattern.path.starts_with("<clients>")) {
            for (const auto& [name, group] : parts_->clients)
                if (group.used) add(name + tail);
        } else if (pattern.path.starts_with("<devices>")) {
            for (const std::string& name : parts_->populations) add(name + tail);
        } else if (!pattern.path.starts_with("messages.") || parts_->any_messages) {
            add(pattern.path);
        }
    }
    return found;
}

std::vector<MemoryGroup> Metrics::groups() const {
    std::vector<std::string> names, units;
    std::vector<double> values;
    for (const auto& [name, number] : all()) {
        names.push_back(name);
        values.push_back(number);
        units.push_back(unit_of(name).value_or(""));
    }
    std::vector<MemoryGroup> made;
    made.push_back({.path = "/metrics",
                    .attributes = {{"from_ns", parts_->windows.front().span.from.ns},
                                   {"to_ns", parts_->reached.ns}},
                    .dimensions = {{"metric", "", "path of the metric", names}},
                    .columns = {{"value", "1", "after the warm-up; shares as fractions", values},
                                {"unit", "", "of the value", units}}});
    for (MemoryGroup& group : parts_->series.groups()) made.push_back(std::move(group));
    made.push_back(parts_->storms.group(parts_->directory));
    return made;
}

const StormDetector& Metrics::storms() const { return parts_->storms; }
const RunSeries& Metrics::series() const { return parts_->series; }
Time Metrics::end() const { return parts_->reached; }
Time Metrics::warmup() const { return parts_->options.warmup; }
MetricWindow Metrics::whole() const { return parts_->windows.front().asked; }

}  // namespace driftstorm
