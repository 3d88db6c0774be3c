#pragma once

#include "models/links/capacity.hpp"
#include "models/links/gilbert_elliott.hpp"
#include "models/links/packet.hpp"
#include "models/links/packet_drop.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// Links that send one packet after the other, in order of arrival: rate, propagation, extra delay,
/// loss and a finite buffer. A cell's uplink and downlink are two such links, shared by its
/// devices.
///
/// A packet waits (link_queue), is sent at the link's rate and propagates
/// (service_and_propagation). What is left of a packet when the rate changes goes on at the new
/// rate, exactly: work is counted in bit times 1e-9. Loss strikes after sending: a lost packet has
/// used the link. Extra delay may reorder packets after the link.
class Links {
  public:
    static constexpr std::string_view name = "links";
    static constexpr int version = 1;

    struct Params {
        std::int64_t rate = 10'000'000;
        Duration propagation{1'000'000};
        Distribution extra;
        double loss = 0;
        GilbertElliott::Params bursts;
        std::uint32_t buffer_packets = 0;
        std::uint64_t buffer_bytes = 0;

        static constexpr auto fields() {
            return FieldList{
                Field<Params, std::int64_t>{"rate", &Params::rate, "bit/s", "sending rate", 0,
                                            1e13},
                Field<Params, Duration>{"propagation", &Params::propagation, "s",
                                        "constant part of the delay after sending", 0, 100},
                Field<Params, Distribution>{"extra", &Params::extra, "s",
                                            "further delay of each packet", 0},
                Field<Params, double>{"loss", &Params::loss, "%", "independent loss", 0, 1},
                Field<Params, GilbertElliott::Params>{"bursts", &Params::bursts, "",
                                                      "loss in bursts"},
                Field<Params, std::uint32_t>{"buffer_packets", &Params::buffer_packets, "",
                                             "packets that may wait; 0: any number"},
                Field<Params, std::uint64_t>{"buffer_bytes", &Params::buffer_bytes, "B",
                                             "bytes that may wait; 0: any number"}};
        }
    };

    /// The packet being sent has left the link.
    struct Departs {
        static constexpr std::string_view name = "links.departs";
        static constexpr Phase phase = Phase::network;
        Generation generation{};
        static constexpr auto fields() {
            return FieldList{
                Field<Departs, Generation>{"generation", &Departs::generation, "", ""}};
        }
    };
    using Messages = std::tuple<Departs>;

    /// The way out: `link` has sent `packet`, which reaches the far end after `delay`.
    using Exit =
        std::function<void(Context& context, Index link, Duration delay, const Packet& packet)>;
    Exit exit;
    DropDoor on_drop;  ///< may be empty

    /// Adds a link; call Kernel::add_entity<Links> for it in the same order.
    /// @param identity  hash of its declared name: what its packets' draws use
    Index add(const Params& params, std::uint64_t identity);
    /// The same with a rate that follows a trace; Params::rate is not used.
    Index add(const Params& params, std::uint64_t identity, CapacityTrace trace);

    /// Takes a packet at its near end: sends it, lets it wait, or drops it when the buffer is full
    /// or the link is down. Called from any handler of the same partition.
    void enqueue(Context& context, Index link, Packet packet);
    /// Takes the packets of `device` off the link, in order, for a device that leaves a cell. The
    /// one being sent is among them: what was sent of it is wasted, and it is to be sent again
    /// whole.
    std::vector<Packet> withdraw(Context& context, Index link, EntityId device);

    /// Faults. Each acts from now on, also on the packet being sent.
    void set_rate(Context& context, Index link, std::int64_t bit_s);
    void restore_rate(Context& context, Index link);
    void set_factor(Context& context, Index link, double factor);
    void set_loss(Index link, double loss) { conditions_[link].loss = loss; }
    void restore_loss(Index link) { conditions_[link].loss = params_[link].loss; }
    /// Down: what waits, is being sent or arrives is dropped. What already propagates arrives.
    void set_up(Context& context, Index link, bool up);

    Index count() const { return static_cast<Index>(params_.size()); }
    const Params& params(Index link) const { return params_[link]; }
    std::uint64_t identity(Index link) const { return identity_[link]; }
    std::uint32_t waiting(Index link) const { return wires_[link].queue.size; }
    std::uint64_t waiting_bytes(Index link) const { return wires_[link].waiting_bytes; }
    bool sending(Index link) const { return wires_[link].sending != no_slot; }
    bool up(Index link) const { return conditions_[link].up != 0; }
    std::int64_t rate(Index link, Time at) const;
    std::uint64_t accepted(Index link) const { return wires_[link].accepted; }
    std::uint64_t delivered(Index link) const { return wires_[link].delivered; }
    std::uint64_t dropped(Index link) const { return wires_[link].dropped; }

    void on(const Departs&, Index link, Context& context);
    bool stale(const Departs& message, Index link) const {
        return message.generation != wires_[link].generation;
    }
    const auto& hot() const { return wires_; }

    auto state() { return std::tie(wires_, conditions_, held_); }

  private:
    struct Held {
        Packet packet;
        Slot next = no_slot;
    };
    struct Wire {
        SlotList queue;
        Slot sending = no_slot;
        Generation generation{};
        Work left = 0;  ///< of the packet being sent, as of `since`
        Time since{};
        std::uint64_t waiting_bytes = 0;
        std::uint64_t accepted = 0;
        std::uint64_t delivered = 0;
        std::uint64_t dropped = 0;
    };
    struct Condition {
        Capacity::Setting capacity{};
        double loss = 0;
        std::uint8_t up = 1;
    };

    void begin_next(Context& context, Index link);
    void plan_departure(Context& context, Index link);
    template <class Change>
    void change_rate(Context& context, Index link, Change change);
    void drop(Context& context, Index link, const Packet& packet, DropReason reason);
    void append(Index link, const Packet& packet);
    Packet take_first(Index link);

    std::vector<Params> params_;
    std::vector<Capacity> capacity_;
    std::vector<GilbertElliott> bursts_;
    std::vector<std::uint64_t> identity_;
    std::vector<Wire> wires_;
    std::vector<Condition> conditions_;
    Pool<Held> held_;
};

}  // namespace driftstorm
