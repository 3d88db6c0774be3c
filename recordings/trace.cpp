#include "recordings/trace.hpp"

#include "scenarios/world.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/observer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <string_view>

namespace driftstorm {

namespace {

constexpr std::size_t longest_chain = 8;
constexpr std::size_t draws_kept = std::size_t{1} << 16;
constexpr std::int64_t slices = 256;  ///< of a window: what is traced at a time
constexpr std::array<std::string_view, 4> phase_words{"physics", "network", "protocol", "sample"};

/// A draw as it is made: purposes live as long as the program.
struct MadeDraw {
    std::string_view purpose;
    std::uint64_t subject;
    std::uint64_t number;
};

/// A delivered event, as little of it as tells later what led to another one. Written for every
/// event of a run, one behind another: looking up senders as the run goes would cost more than a
/// tenth of it.
struct Delivered {
    Time at;
    std::uint64_t tie;         ///< of its key: who sent it
    std::uint64_t before;      ///< number of the one delivered to the same entity before, + 1
    std::uint64_t first_draw;  ///< that its handler made; up to that of the next event
    std::uint32_t sent_before;
    std::uint32_t type;  ///< of `Log::types`

    EventKey key() const { return {at, tie}; }
};

/// The last so many delivered events.
class Log {
  public:
    struct Type {
        std::string_view message;
        std::string_view model;
    };

    explicit Log(std::size_t entities) : last_(entities, 0) {}

    void add(const ObservedEvent& event, std::uint64_t first_draw) {
        std::uint64_t& last = last_[static_cast<std::size_t>(event.target)];
        const std::size_t chunk = written_ / chunk_size % most_chunks;
        if (chunk == chunks_.size()) chunks_.emplace_back(chunk_size);
        chunks_[chunk][written_ % chunk_size] = {event.key.at, event.key.tie,     last,
                                                 first_draw,   event.sent_before, type_of(event)};
        last = ++written_;
    }
    std::uint64_t size() const { return written_; }
    const Delivered& operator[](std::uint64_t number) const {
        return chunks_[number / chunk_size % most_chunks][number % chunk_size];
    }
    const Type& type(const Delivered& event) const { return types_[event.type]; }

    /// The number of the event whose handler sent an event: the last one delivered to its source
    /// before as much was sent. nullopt: nobody's, or no more known.
    std::optional<std::uint64_t> sender_of(const EventKey& key) const {
        if (key.source() == no_entity) return std::nullopt;
        std::uint64_t next = last_[static_cast<std::size_t>(key.source())];
        while (next != 0 && next - 1 + chunk_size * most_chunks > written_) {
            const Delivered& candidate = (*this)[next - 1];
            if (candidate.sent_before <= key.count()) return next - 1;
            next = candidate.before;
        }
        return std::nullopt;
    }

  private:
    static constexpr std::size_t chunk_size = std::size_t{1} << 14;
    static constexpr std::size_t most_chunks = std::size_t{1} << 8;  ///< 4 million events

    std::uint32_t type_of(const ObservedEvent& event) {
        const auto same = [&event](const Type& type) {
            return type.message.data() == event.message.data() &&
                   type.model.data() == event.model.data();
        };
        std::uint32_t& guess =
            guesses_[(std::bit_cast<std::uintptr_t>(event.message.data()) >> 3) % guesses_.size()];
        if (guess < types_.size() && same(types_[guess])) return guess;
        const auto found = std::find_if(types_.begin(), types_.end(), same);
        guess = static_cast<std::uint32_t>(found - types_.begin());
        if (found == types_.end()) types_.push_back({event.message, event.model});
        return guess;
    }

    std::vector<std::uint64_t> last_;  ///< by entity: number of its last event, + 1
    std::vector<std::vector<Delivered>> chunks_;
    std::uint64_t written_ = 0;
    std::vector<Type> types_;
    std::array<std::uint32_t, 256> guesses_{};
};

}  // namespace

/// The run, and who is told of its events, draws and rows.
struct TracedRun::Parts final : public RunObserver, public DrawObserver, public TableSink {
    Parts(const Scenario& scenario, const Options& given)
        : options(given), world(with_draws(scenario)) {
        world->kernel().observe(this);
        world->kernel().add_sink(*this);
        log = std::make_unique<Log>(world->kernel().entity_count());
        options.until = Duration{std::min(options.until.ns, scenario.duration.ns)};
        const Following following(*this);
        world->start();
        for (std::uint64_t i = 0; i < draws_made && i < draws_kept; ++i)
            at_start.push_back(made[i]);
        std::stable_sort(at_start.begin(), at_start.end(), by_subject);
        wants_fields = false;
        if (options.from.ns > 0)
            world->run_until(Time{std::min(options.from.ns - 1, options.until.ns)});
        close_running();
        tracing = wants_fields = true;
    }

    /// Draws are told to whoever is followed just now: only while this run goes on.
    struct Following {
        explicit Following(Parts& parts) : before(draw_observer) { draw_observer = &parts; }
        ~Following() { draw_observer = before; }
        Following(const Following&) = delete;
        Following& operator=(const Following&) = delete;
        DrawObserver* before;
    };
    std::unique_ptr<World> with_draws(const Scenario& scenario) {
        const Following following(*this);
        World::Options world_options;
        world_options.seed = options.seed;
        return std::make_unique<World>(scenario, world_options);
    }

    void draw(std::string_view purpose, std::uint64_t subject, std::uint64_t number) override {
        made[draws_made++ % draws_kept] = {purpose, subject, number};
    }

    void event(const ObservedEvent& event) override {
        close_running();
        log->add(event, draws_made);
        first_draw = draws_made;
        running = event.target;
        if (tracing) trace(event);
    }

    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override {
        if (!tracing) return;
        if (traced.empty() || running == no_entity) {  // before the first event or after the last
            TraceEvent outside;
            outside.at = stamp.at();
            outside.phase = "sample";
            outside.message = finished ? "end of the run" : "start of the run";
            outside.target = outside.source = name_of(stamp.self, "");
            outside.target_identity = outside.source_identity =
                world->kernel().identity_of(stamp.self);
            traced.push_back(std::move(outside));
        }
        TraceRow row{std::string(type.component), std::string(type.table), {}};
        for (const Column& column : type.columns) {
            const std::uint64_t bits = column.kind == ColumnKind::float64
                                           ? std::bit_cast<std::uint64_t>(real_of(column, bytes))
                                           : static_cast<std::uint64_t>(integer_of(column, bytes));
            row.fields.push_back({column.name, value_text(column.kind, bits, column.words)});
        }
        traced.back().rows.push_back(std::move(row));
    }

    static bool by_subject(const MadeDraw& a, const MadeDraw& b) { return a.subject < b.subject; }
    /// What sent an event before the run: the draws for whoever sent it and for whom it is.
    TraceCause start_of(EntityId from, EntityId target) const {
        TraceCause start{Time{}, "start of the run", "", name_of(from, ""), {}};
        const std::uint64_t source = world->kernel().identity_of(from);
        const std::uint64_t to = world->kernel().identity_of(target);
        for (const std::uint64_t subject : {source, to}) {
            if (subject == to && source == to && !start.draws.empty()) break;
            const auto range = std::equal_range(at_start.begin(), at_start.end(),
                                                MadeDraw{{}, subject, 0}, by_subject);
            for (auto one = range.first; one != range.second; ++one)
                start.draws.push_back({std::string(one->purpose), one->subject, one->number});
        }
        return start;
    }

    /// Draws made since the running event began are its own.
    void close_running() {
        if (running == no_entity) return;
        if (tracing && !traced.empty())
            traced.back().draws = draws_of(first_draw, draws_made - first_draw);
        running = no_entity;
    }
    std::vector<TraceDraw> draws_of(std::uint64_t first, std::uint64_t count) const {
        std::vector<TraceDraw> draws;
        for (std::uint64_t i = first; i < first + count; ++i) {
            if (i + draws_kept < draws_made) continue;  // written over since
            const MadeDraw& one = made[i % draws_kept];
            draws.push_back({std::string(one.purpose), one.subject, one.number});
        }
        return draws;
    }

    std::string name_of(EntityId entity, std::string_view model) const {
        if (entity == no_entity) return "none";
        if (world->directory().place_of(entity).kind >= 0) return world->entity_name(entity);
        const std::string identity = hex(world->kernel().identity_of(entity)).substr(0, 8);
        return model.empty() ? "#" + identity : std::string(model) + " #" + identity;
    }
    std::string value_text(ColumnKind kind, std::uint64_t bits,
                           std::span<const std::string_view> words) const {
        switch (kind) {
            case ColumnKind::time:
            case ColumnKind::duration:
            case ColumnKind::reading:
                return exact_time(Time{static_cast<std::int64_t>(bits)});
            case ColumnKind::float64:
                return fmt::format("{}", std::bit_cast<double>(bits));
            case ColumnKind::entity:
                return name_of(static_cast<EntityId>(bits), "");
            case ColumnKind::word:
                if (bits < words.size()) return std::string(words[bits]);
                break;
            case ColumnKind::int64:
            case ColumnKind::int32:
                return std::to_string(static_cast<std::int64_t>(bits));
            case ColumnKind::uint64:
            case ColumnKind::uint32:
            case ColumnKind::uint16:
            case ColumnKind::uint8:
                break;
        }
        return std::to_string(bits);
    }
    std::vector<TraceCause> chain_of(const TraceOrigin& origin) const {
        std::vector<TraceCause> chain;
        EventKey key = origin.key;
        while (chain.size() < longest_chain) {
            const std::optional<std::uint64_t> sender = log->sender_of(key);
            if (!sender) break;
            const Delivered& event = (*log)[*sender];
            const Log::Type& type = log->type(event);
            const std::uint64_t end =
                *sender + 1 < log->size() ? (*log)[*sender + 1].first_draw : draws_made;
            chain.push_back({event.at, std::string(type.message), std::string(type.model),
                             name_of(key.source(), type.model),
                             draws_of(event.first_draw, end - event.first_draw)});
            key = event.key();
        }
        if (chain.empty()) chain.push_back(start_of(origin.key.source(), origin.target));
        return chain;
    }
    void trace(const ObservedEvent& event) {
        TraceEvent& one = traced.emplace_back();
        one.at = event.key.at;
        one.phase = phase_words[static_cast<std::size_t>(event.key.phase())];
        one.message = event.message;
        one.model = event.model;
        one.origin = {event.key, event.target};
        one.target = name_of(event.target, event.model);
        const std::optional<std::uint64_t> sender = log->sender_of(event.key);
        one.source = name_of(event.key.source(), sender ? log->type((*log)[*sender]).model : "");
        one.target_identity = world->kernel().identity_of(event.target);
        one.source_identity = world->kernel().identity_of(event.key.source());
        one.count = event.key.count();
        for (const ObservedField& field : event.fields)
            one.fields.push_back(
                {std::string(field.name), value_text(field.kind, field.bits, field.words)});
        if (event.payload != 0) one.fields.push_back({"payload", hex(event.payload)});
    }

    /// Runs on until something is traced or the window is over.
    void run_on() {
        const Following following(*this);
        const Time last{std::min(options.to.ns - 1, options.until.ns)};
        const std::int64_t step =
            std::max<std::int64_t>(1'000'000, (options.to.ns - options.from.ns) / slices);
        // The event that ran last may still get draws or rows only while it runs: once run_until()
        // is back, all that is traced is complete.
        while (traced.empty() && world->kernel().now() < last) {
            world->run_until(Time{std::min(last.ns, world->kernel().now().ns + step)});
            close_running();
        }
        const bool at_end = world->kernel().now().ns >= options.until.ns;
        if (traced.empty() && at_end && options.to.ns > options.until.ns && !finished) {
            finished = true;
            world->finish();
            close_running();
        }
    }

    Options options;
    std::vector<MadeDraw> made = std::vector<MadeDraw>(draws_kept);
    std::uint64_t draws_made = 0;
    std::vector<MadeDraw> at_start;  ///< before the first event, by subject
    std::unique_ptr<Log> log;
    std::uint64_t first_draw = 0;  ///< of the running event's handler
    EntityId running = no_entity;
    bool tracing = false;
    bool finished = false;
    std::deque<TraceEvent> traced;
    std::unique_ptr<World> world;  ///< last: it is built under the draws' observer
};

TracedRun::TracedRun(const Scenario& scenario, const Options& options)
    : parts_(std::make_unique<Parts>(scenario, options)) {}
TracedRun::~TracedRun() = default;

std::optional<TraceEvent> TracedRun::next() {
    std::optional<TraceEvent> event = next_without_chain();
    if (event) resolve(*event);
    return event;
}

void TracedRun::resolve(TraceEvent& event) const {
    if (event.origin.target == no_entity) return;  // no event, or resolved already
    event.chain = parts_->chain_of(event.origin);
    event.origin = {};
}

std::optional<TraceEvent> TracedRun::next_without_chain() {
    if (parts_->traced.empty()) parts_->run_on();
    if (parts_->traced.empty()) return std::nullopt;
    std::optional<TraceEvent> event(std::move(parts_->traced.front()));
    parts_->traced.pop_front();
    return event;
}

Ladder TracedRun::finish_window() {
    Parts& parts = *parts_;
    parts.close_running();
    parts.tracing = parts.wants_fields = false;
    const Time last{std::min(parts.options.to.ns - 1, parts.options.until.ns)};
    if (parts.world->kernel().now() < last) parts.world->run_until(last);
    if (parts.options.to.ns > parts.options.until.ns && !parts.finished) {
        parts.finished = true;
        parts.world->finish();
    }
    return ladder_of(parts.world->kernel().ladder());
}

std::uint64_t TracedRun::events() const { return parts_->world->kernel().delivered(); }

bool TraceEvent::same_event(const TraceEvent& other) const {
    return at == other.at && same_sending(other) && target_identity == other.target_identity &&
           phase == other.phase && message == other.message && fields == other.fields;
}

std::string exact_time(Time at) {
    const bool negative = at.ns < 0;
    const std::uint64_t ns =
        negative ? 0 - static_cast<std::uint64_t>(at.ns) : static_cast<std::uint64_t>(at.ns);
    std::string digits = fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
    return (negative ? "-" : "") + digits + " s";
}

std::string text_of(const TraceDraw& draw) {
    return fmt::format("{}, subject {}, number {}", draw.purpose, hex(draw.subject), draw.number);
}

std::string line_of(const TraceEvent& event) {
    std::string text = exact_time(event.at) + "  " + event.message + " -> " + event.target;
    std::string fields;
    for (const TraceField& field : event.fields)
        fields += (fields.empty() ? "" : ", ") + field.name + " = " + field.value;
    if (!fields.empty()) text += " (" + fields + ")";
    if (event.source != event.target) text += "  from " + event.source;
    return text;
}

}  // namespace driftstorm
