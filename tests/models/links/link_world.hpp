#pragma once

#include "models/links/links.hpp"
#include "models/links/packet.hpp"
#include "sim/core/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm::testing {

/// Puts packets into links at given times, and changes links at given times.
class Feeder {
  public:
    static constexpr std::string_view name = "feeder";
    static constexpr int version = 1;
    struct Feed {
        static constexpr std::string_view name = "feed";
        static constexpr Phase phase = Phase::network;
        using Payload = Packet;
    };
    struct Act {
        static constexpr std::string_view name = "act";
        static constexpr Phase phase = Phase::physics;
        std::uint32_t which = 0;
        static constexpr auto fields() {
            return FieldList{Field<Act, std::uint32_t>{"which", &Act::which, "", ""}};
        }
    };
    using Messages = std::tuple<Feed, Act>;

    explicit Feeder(Links& links) : links_(links) {}
    /// Link fed by entity i is link i.
    void on(const Feed&, const Packet& packet, Index link, Context& context) {
        links_.enqueue(context, link, packet);
    }
    void on(const Act& act, Index, Context& context) { actions[act.which](context); }
    std::vector<std::function<void(Context&)>> actions;

  private:
    Links& links_;
};

/// Links, each with a feeder of its own, and what came out of them.
struct LinkWorld {
    struct Out {
        Time at;
        Index link;
        Duration delay;
        Packet packet;
    };

    explicit LinkWorld(const std::vector<Links::Params>& params, std::uint64_t seed = 7,
                       const std::vector<CapacityTrace>& traces = {})
        : kernel({seed, 1, true}), feeder(links) {
        kernel.add_model(0, links);
        kernel.add_model(0, feeder);
        for (std::size_t i = 0; i < params.size(); ++i) {
            const std::uint64_t identity = identity_of("links." + std::to_string(i));
            if (traces.empty())
                links.add(params[i], identity);
            else
                links.add(params[i], identity, traces[i]);
            kernel.add_entity<Links>(0, identity);
        }
        for (std::size_t i = 0; i < params.size(); ++i) {
            feeders.push_back(
                kernel.add_entity<Feeder>(0, identity_of("feeder." + std::to_string(i))));
        }
        links.exit = [this](Context& context, Index link, Duration delay, const Packet& packet) {
            out.push_back({context.now(), link, delay, packet});
        };
        links.on_drop = [this](Context&, const Packet& packet, DropReason reason) {
            lost[packet.subject] = reason;
        };
    }

    void feed(Index link, Time at, std::uint64_t subject, std::uint32_t bytes,
              EntityId device = no_entity) {
        Packet packet;
        packet.subject = subject;
        packet.bytes = bytes;
        packet.device = device;
        packet.ledger = Ledger(at, Cause::client_store);
        kernel.as(feeders[link].id).send(at - kernel.now(), feeders[link], Feeder::Feed{}, packet);
    }
    void act(Time at, std::function<void(Context&)> action) {
        feeder.actions.push_back(std::move(action));
        const auto which = static_cast<std::uint32_t>(feeder.actions.size() - 1);
        kernel.as(feeders[0].id).send(at - kernel.now(), feeders[0], Feeder::Act{which});
    }

    Links links;
    Kernel kernel;
    Feeder feeder;
    std::vector<Address<Feeder>> feeders;
    std::vector<Out> out;
    std::map<std::uint64_t, DropReason> lost;
};

inline Links::Params link_params(std::int64_t rate, Duration propagation = Duration{}) {
    Links::Params params;
    params.rate = rate;
    params.propagation = propagation;
    return params;
}

}  // namespace driftstorm::testing
