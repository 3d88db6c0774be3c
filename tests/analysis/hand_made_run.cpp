#include "tests/analysis/hand_made_run.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <algorithm>

namespace driftstorm::hand_made {

namespace {
constexpr std::uint32_t first_id = 100;  // ids are no rows

EntityId id(std::uint32_t number) { return EntityId{first_id + number}; }
}  // namespace

EntityDirectory directory() {
    EntityDirectory made;
    const auto add = [&](const char* kind, std::vector<std::string> names) {
        EntityKind& one = made.kinds.emplace_back();
        one.name = kind;
        one.names = std::move(names);
    };
    std::vector<std::string> devices;
    for (std::uint32_t i = 0; i < device_count; ++i)
        devices.push_back("riders[" + std::to_string(i) + "]");
    add("device", devices);
    add("cell", {"A", "B", "C"});
    add("server", {"relays[0]", "relays[1]", "shop"});
    add("population", {"riders", "customers"});
    add("conversation", {"riders.conversations[0]"});
    add("fault", {"relay 1 down", "link cut"});

    made.places.resize(first_id);
    const auto place = [&](std::int16_t kind, std::uint32_t row) {
        made.places.push_back({kind, static_cast<std::int32_t>(row)});
    };
    for (std::uint32_t i = 0; i < device_count; ++i) {
        place(0, i);
        place(0, i);
    }
    for (std::uint32_t i = 0; i < 3; ++i) place(1, i);
    for (std::uint32_t i = 0; i < 3; ++i) place(2, i);
    place(3, 1);
    place(4, 0);
    for (std::uint32_t i = 0; i < 2; ++i) place(5, i);
    return made;
}

EntityId device(std::uint32_t number, bool as_radio) { return id(2 * number + (as_radio ? 1 : 0)); }
EntityId cell(std::uint32_t number) { return id(2 * device_count + number); }
EntityId relay(std::uint32_t node) { return id(2 * device_count + 3 + node); }
EntityId shop() { return id(2 * device_count + 5); }
EntityId customers() { return id(2 * device_count + 6); }
EntityId conversation() { return id(2 * device_count + 7); }
EntityId fault(std::uint32_t number) { return id(2 * device_count + 8 + number); }

void Script::play(TableSink& sink) const {
    std::vector<std::size_t> order(entries_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
        return entries_[a].at < entries_[b].at;
    });
    for (const std::size_t i : order) entries_[i].give(sink);
}

CopyRow shown_copy(const MessageRow& message, std::uint32_t to, const Blame& blame) {
    CopyRow copy;
    copy.message_sender = message.sender;
    copy.message_count = message.count;
    copy.device = device(to);
    copy.blame = blame;
    copy.end = message.composed;
    for (const Duration spent : blame.values) copy.end = copy.end + spent;
    copy.visible = copy.end;
    copy.delivered = copy.end - blame[Cause::ordering_hold];
    copy.outcome = Outcome::visible;
    return copy;
}

namespace {

/// The run of random_run(), a draw for each question.
class RandomRun {
  public:
    explicit RandomRun(std::uint64_t seed) : seed_(seed) {}

    Script make() {
        script_.add(at_s(240), FaultRow{fault(0), FaultKind::node_down, Edge::begins, relay(1)});
        script_.add(at_s(300), FaultRow{fault(0), FaultKind::node_down, Edge::ends, relay(1)});
        for (std::uint32_t i = 0; i < 2000; ++i) message(i);
        for (std::uint32_t i = 0; i < 300; ++i) radio_event(i);
        for (std::uint32_t node = 0; node < 2; ++node) queue(node);
        for (std::uint32_t i = 0; i < 1500; ++i) customer(i);
        return std::move(script_);
    }

  private:
    double uniform(std::uint64_t what, std::uint64_t number) const {
        return draw_uniform(seed_, "test.hand_made", what, number);
    }
    std::uint32_t below(std::uint32_t n, std::uint64_t what, std::uint64_t number) const {
        return static_cast<std::uint32_t>(uniform(what, number) * n);
    }
    Time any_time(std::uint64_t what, std::uint64_t number) const {
        return at_s(uniform(what, number) * 590);
    }

    void message(std::uint32_t i) {
        MessageRow message;
        const std::uint32_t sender = i % device_count;
        message.sender = device(sender);
        message.count = i / device_count;
        message.conversation = conversation();
        message.size = 100 + i;
        message.copies = 1 + below(3, 1, i);
        message.composed = any_time(2, i);
        message.local_composed = {message.composed.ns +
                                  static_cast<std::int64_t>(1e9 * (uniform(3, i) - 0.5))};
        if (below(2, 4, i) == 0) message.reply_to_sender = device((sender + 1) % device_count);
        message.reply_inverted = below(5, 5, i) == 0;
        script_.add(message.composed, message);
        for (std::uint32_t k = 0; k < message.copies; ++k) copy(message, i * 8 + k);
        if (below(4, 6, i) == 0) {
            const bool faulty = message.composed >= at_s(240) && message.composed < at_s(310);
            RetryRow retry{device(sender, true), message.count, 1, below(2, 7, i) == 0,
                           faulty ? fault(0) : no_entity};
            script_.add(message.composed + Duration{500'000'000}, retry);
        }
        if (message.composed >= at_s(300) && message.composed < at_s(310))
            for (int n = 0; n < 20; ++n)
                script_.add(message.composed, ResyncRow{device(sender), Reason::gap, 2, fault(0)});
    }

    void copy(const MessageRow& message, std::uint32_t i) {
        Blame blame;
        for (std::size_t cause = 0; cause < blame.values.size(); ++cause)
            blame.values[cause] = {
                static_cast<std::int64_t>(-2e8 * exact::log(uniform(10 + cause, i)))};
        if (below(20, 30, i) == 0) blame[Cause::network_outage] = {25'000'000'000};
        CopyRow copy = shown_copy(message, (i + 3) % device_count, blame);
        copy.sent = message.composed;
        copy.attempts = 1 + below(3, 31, i);
        copy.late_insert_depth = below(30, 32, i) == 0 ? 2 : 0;
        if (copy.end > random_run_end) {
            blame[Cause::network_outage] = random_run_end - message.composed;
            for (const Cause cause : {Cause::user, Cause::client_store}) blame[cause] = {};
            copy.blame = {};
            copy.blame[Cause::network_outage] = random_run_end - message.composed;
            copy.end = random_run_end;
            copy.visible = copy.delivered = no_time;
            copy.outcome = Outcome::pending;
        } else if (below(50, 33, i) == 0) {
            copy.visible = copy.delivered = no_time;
            copy.outcome = Outcome::lost_attempts;
            copy.root_fault = fault(0);
        }
        script_.add(copy.end, copy);
    }

    void radio_event(std::uint32_t i) {
        const EntityId who = device(i % device_count, true);
        const bool first = i < device_count;
        script_.add(first ? Time{} : any_time(40, i),
                    HandoverRow{who,
                                first ? no_entity : cell(i % 3),
                                cell((i + 1) % 3),
                                first ? AttachKind::initial : AttachKind::handover,
                                {static_cast<std::int64_t>(1e8 * uniform(41, i))}});
        script_.add(any_time(42, i),
                    DropRow{below(2, 43, i) == 0 ? DropReason::buffer_full : DropReason::loss,
                            Direction::up, who});
        script_.add(any_time(44, i), ConnectionRow{device(i % device_count),
                                                   static_cast<Connection>(below(4, 45, i)),
                                                   relay(i % 2), below(2, 46, i)});
    }

    void queue(std::uint32_t node) {
        std::uint32_t depth = 0;
        for (std::uint32_t i = 0; i < 2000; ++i) {
            const Time at = at_s((i + 0.3 + 0.1 * node) * 0.29);
            depth = below(2, 50 + node, i) == 0 ? depth + 1 : depth - std::min(depth, 1u);
            script_.add(at, QueueRow{relay(node), depth, depth > 0 ? 1u : 0u});
        }
    }

    void customer(std::uint32_t i) {
        const Time made = at_s(0.39 * i + 0.01);
        const Duration waited{static_cast<std::int64_t>(1e9 * uniform(60, i)) *
                              (below(3, 61, i) == 0 ? 0 : 1)};
        const Duration stayed = waited + Duration{100'000'000};
        const auto outcome = below(10, 62, i) == 0 ? Service::refused : Service::served;
        script_.add(made, AttemptSent{made, customers(), 0});
        if (below(6, 63, i) == 0)
            script_.add(made + waited, AttemptSent{made + waited, customers(), 1});
        script_.add(made, ClientLevel{made, customers(), 1 + below(4, 64, i)});
        script_.add(made, StationLevel{made, shop(), below(5, 65, i), 1});
        script_.add(made + stayed, ServiceEnd{made + stayed, shop(), outcome, waited, stayed});
        script_.add(made + stayed, RequestEnd{made + stayed, customers(), made, outcome});
    }

    std::uint64_t seed_;
    Script script_;
};

}  // namespace

Script random_run(std::uint64_t seed) { return RandomRun(seed).make(); }

}  // namespace driftstorm::hand_made
