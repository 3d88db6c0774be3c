#pragma once

#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class FaultKind : std::uint8_t {
    node_down,        ///< a server node crashes; restarts with a cold cache
    link_down,        ///< a link or router of the network fails; routes follow after reconvergence
    cell_degrade,     ///< a cell or access point has other rates
    cell_down,        ///< a cell or access point is off
    packet_loss,      ///< a cell, access point or path loses packets
    capacity_factor,  ///< a cell's or access point's rates are multiplied
    clock_step,       ///< a server's clock is off by an amount
    app_restart,      ///< apps are closed and started again, perhaps without their caches
    suspend,          ///< devices sleep
    reboot,           ///< devices are shut down and start anew
    battery_pull,     ///< devices lose their power and start anew
    user_sets_clock   ///< people put their devices' clocks forward or back
};
template <>
inline constexpr std::array<std::string_view, 12> enum_words<FaultKind>{
    "node_down",  "link_down",   "cell_degrade", "cell_down", "packet_loss",  "capacity_factor",
    "clock_step", "app_restart", "suspend",      "reboot",    "battery_pull", "user_sets_clock"};

/// What a second fault of a kind does to a target that is already hit.
enum class FaultOverlap : std::uint8_t {
    one,     ///< nothing: the target is hit from the first one's begin to the last one's end
    newest,  ///< its settings hold; after its end those of the newest that still holds
    sum      ///< both act, each for itself
};
constexpr FaultOverlap overlap_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::cell_degrade:
        case FaultKind::packet_loss:
        case FaultKind::capacity_factor:
            return FaultOverlap::newest;
        case FaultKind::node_down:
        case FaultKind::link_down:
        case FaultKind::cell_down:
            return FaultOverlap::one;
        default:
            return FaultOverlap::sum;
    }
}

enum class FaultEdge : std::uint8_t { begins, ends };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<FaultEdge>{"begins", "ends"};

/// Ground truth of what breaks; recorded once, by the region that holds the target.
struct FaultRow {
    static constexpr std::string_view table = "events/fault";
    static constexpr std::string_view component = "faults";
    EntityId fault = no_entity;
    FaultKind kind = FaultKind::node_down;
    FaultEdge edge = FaultEdge::begins;
    EntityId target = no_entity;
    static constexpr auto fields() {
        return FieldList{
            Field<FaultRow, EntityId>{"fault", &FaultRow::fault, "", "entry of the timeline"},
            Field<FaultRow, FaultKind>{"kind", &FaultRow::kind, "", "what breaks"},
            Field<FaultRow, FaultEdge>{"edge", &FaultRow::edge, "", "begins or ends"},
            Field<FaultRow, EntityId>{"target", &FaultRow::target, "", "first entity it hits"}};
    }
};

/// The timeline. Every region holds a replica and gets its own messages at the same instants, so
/// that a region knows of a fault elsewhere without a message faster than its paths; what a replica
/// does to its region is wired by the builder.
class Faults {
  public:
    static constexpr std::string_view name = "faults";
    static constexpr int version = 2;

    /// One fault on one target.
    struct Plan {
        EntityId entity = no_entity;  ///< the entry of the timeline
        EntityId target_entity = no_entity;
        FaultKind kind = FaultKind::node_down;
        std::uint32_t target = 0;   ///< number of the target among those of its kind
        std::uint32_t setting = 0;  ///< number of its settings, for the builder
        std::uint32_t owner = 0;    ///< number of the region that records it
        Time begin{};
        Duration length{};  ///< 0 for what has no end (app_restart, user_sets_clock)
    };
    /// Begins or ends what a plan does to its target. Of settings of which the newest holds it is
    /// told to begin again what holds after an end, and to end only the last.
    /// @param region  whose replica acts
    using Act =
        std::function<void(Context&, std::uint32_t region, const Plan& plan, FaultEdge edge)>;

    struct Begin {
        static constexpr std::string_view name = "fault.begin";
        static constexpr Phase phase = Phase::physics;
        EntityId fault = no_entity;
        EntityId target = no_entity;
        LocalNumber plan;
        static constexpr auto fields() {
            return FieldList{
                Field<Begin, EntityId>{"fault", &Begin::fault, "", "entry of the timeline"},
                Field<Begin, EntityId>{"target", &Begin::target, "", "what it hits"},
                Field<Begin, LocalNumber>{"plan", &Begin::plan, "", "its number"}};
        }
    };
    struct End {
        static constexpr std::string_view name = "fault.end";
        static constexpr Phase phase = Phase::physics;
        EntityId fault = no_entity;
        EntityId target = no_entity;
        LocalNumber plan;
        static constexpr auto fields() {
            return FieldList{
                Field<End, EntityId>{"fault", &End::fault, "", "entry of the timeline"},
                Field<End, EntityId>{"target", &End::target, "", "what it hits"},
                Field<End, LocalNumber>{"plan", &End::plan, "", "its number"}};
        }
    };
    using Messages = std::tuple<Begin, End>;

    /// @param regions  numbers of the regions of this partition, by Index
    Faults(std::vector<Plan> plans, std::vector<std::uint32_t> regions, Act act);

    /// Plans the timeline: to be called once per region before the run, in its context.
    void start(Context& context, Index region);
    void on(const Begin& begin, Index region, Context& context);
    void on(const End& end, Index region, Context& context);

    /// The newest plan of that kind that holds now on that target, as a region knows it, and of
    /// whose settings `counts(setting)` is true; nullptr: none.
    template <class F>
    const Plan* newest(Index region, FaultKind kind, std::uint32_t target, F&& counts) const {
        const Plan* found = nullptr;
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            const Plan& plan = plans_[i];
            if (active_[region][i] != 0 && plan.kind == kind && plan.target == target &&
                (found == nullptr || plan.begin >= found->begin) && counts(plan.setting))
                found = &plan;
        }
        return found;
    }
    /// The fault of that kind now on that target, as a region knows it; no_entity: none. Of several
    /// the one whose settings hold, or the first of the timeline.
    EntityId active(Index region, FaultKind kind, std::uint32_t target) const;
    /// Whether a plan's fault holds now, as a region knows it.
    bool holds(Index region, std::size_t plan) const { return active_[region][plan] != 0; }
    const std::vector<Plan>& plans() const { return plans_; }

    auto state() { return std::tie(active_); }

  private:
    bool shared(Index region, std::uint32_t plan) const;
    void record(Context& context, Index region, const Plan& plan, FaultEdge edge) const;

    std::vector<Plan> plans_;
    std::vector<std::uint32_t> regions_;
    Act act_;
    std::vector<std::vector<std::uint8_t>> active_;  ///< by region, plan
};

}  // namespace driftstorm
