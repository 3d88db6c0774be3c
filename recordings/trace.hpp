#pragma once

#include "recordings/ladder.hpp"
#include "scenarios/scenario.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm {

/// A draw's coordinates; the seed is the run's.
struct TraceDraw {
    std::string purpose;
    std::uint64_t subject = 0;
    std::uint64_t number = 0;
    friend bool operator==(const TraceDraw&, const TraceDraw&) = default;
};

/// A member of a message or row: a time in s to the nanosecond, a real so that it reads back as the
/// same double.
struct TraceField {
    std::string name;
    std::string value;
    friend bool operator==(const TraceField&, const TraceField&) = default;
};

/// A result row that an event's handler recorded.
struct TraceRow {
    std::string component;
    std::string table;
    std::vector<TraceField> fields;
    friend bool operator==(const TraceRow&, const TraceRow&) = default;
};

/// An event that led to another one: whose handler sent it, or sent what led to that.
struct TraceCause {
    Time at{};
    std::string message;
    std::string model;
    std::string entity;
    std::vector<TraceDraw> draws;  ///< that its handler made, as far as still known
    friend bool operator==(const TraceCause&, const TraceCause&) = default;
};

/// What tells, while the run goes on, what led to an event.
struct TraceOrigin {
    EventKey key;
    EntityId target = no_entity;
};

/// One event of a run with all that came of it at once.
struct TraceEvent {
    Time at{};
    std::string phase;
    std::string
        message;         ///< "station.finish"; "end of the run" for what is recorded after the last
    std::string model;   ///< whose handler ran
    std::string target;  ///< name of the entity
    std::string source;
    std::uint64_t target_identity = 0;
    std::uint64_t source_identity = 0;
    std::uint32_t count = 0;  ///< the source's own number of the event
    std::vector<TraceField> fields;
    std::vector<TraceDraw> draws;   ///< that the handler made
    std::vector<TraceRow> rows;     ///< that it recorded
    std::vector<TraceCause> chain;  ///< what led to it, nearest first
    TraceOrigin origin;             ///< the same before resolve(); empty where there is a chain

    /// Whether both are the same event, as digests see it.
    bool same_event(const TraceEvent& other) const;
    /// Whether both were sent as the same one: the same number of the same source.
    bool same_sending(const TraceEvent& other) const {
        return source_identity == other.source_identity && count == other.count;
    }
};

/// A run's events within a window of time, one after another.
class TraceSource {
  public:
    virtual ~TraceSource() = default;
    /// nullopt after the last.
    virtual std::optional<TraceEvent> next() = 0;
    /// The same, perhaps without its chain: words for what led to every event cost more than the
    /// event, and are wanted of few.
    virtual std::optional<TraceEvent> next_without_chain() { return next(); }
    /// Puts the chain of such an event in place.
    virtual void resolve(TraceEvent& event) const { static_cast<void>(event); }
};

/// Runs a scenario and traces one window. Before it only who sent what is kept, of the last four
/// million events: a chain and the draws behind it reach back beyond the window.
class TracedRun final : public TraceSource {
  public:
    struct Options {
        std::uint64_t seed = 1;
        Duration until{};  ///< end of the run
        Time from{};       ///< window, half open; the end of the run is in the last one
        Time to{};
    };
    /// The scenario must outlive the run.
    TracedRun(const Scenario& scenario, const Options& options);
    ~TracedRun() override;

    std::optional<TraceEvent> next() override;
    std::optional<TraceEvent> next_without_chain() override;
    /// While the run goes on, as long as what led to it is still known.
    void resolve(TraceEvent& event) const override;

    /// Runs on to the window's end untraced; the ladder as far as the run went.
    Ladder finish_window();
    std::uint64_t events() const;  ///< delivered so far

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// A trace as lines of text, and back: what one build tells another.
void write_trace(std::ostream& out, const TraceEvent& event);
/// Takes the lines of the next event off a stream. @throws std::invalid_argument for other text
std::optional<TraceEvent> read_trace(std::istream& in);

/// For people: an event in one line, "12.304 s station.finish -> desk[0] (customer = 17)".
std::string line_of(const TraceEvent& event);
std::string text_of(const TraceDraw& draw);
/// "12.304 s", to the nanosecond.
std::string exact_time(Time at);

}  // namespace driftstorm
