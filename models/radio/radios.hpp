#pragma once

#include "models/links/links.hpp"
#include "models/links/packet.hpp"
#include "models/radio/cells.hpp"
#include "models/radio/handover_search.hpp"
#include "models/radio/mobility.hpp"
#include "models/radio/radio_trace.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// Why a device's attachment changed.
enum class AttachKind : std::uint8_t {
    initial,   ///< at the start of the run
    handover,  ///< event A3, or a handover of a trace
    join,      ///< to an access point, while another network served
    leave,     ///< an access point became too weak
    reattach,  ///< after the link had failed or the cell went down
    found,     ///< coverage again
    lost,      ///< no coverage any more
    rejected   ///< wanted, but the cell was full
};
template <>
inline constexpr std::array<std::string_view, 8> enum_words<AttachKind>{
    "initial", "handover", "join", "leave", "reattach", "found", "lost", "rejected"};

/// One change of a device's attachment.
struct HandoverRow {
    static constexpr std::string_view table = "events/handover";
    static constexpr std::string_view component = "network";

    EntityId device = no_entity;
    EntityId from = no_entity;
    EntityId to = no_entity;
    Technology technology = Technology::none;
    AttachKind kind = AttachKind::initial;
    Duration interruption{};
    std::uint32_t address = 0;

    static constexpr auto fields() {
        using R = HandoverRow;
        return FieldList{
            Field<R, EntityId>{"device", &R::device, "", "the device's radio"},
            Field<R, EntityId>{"from", &R::from, "", "cell or access point before; missing: none"},
            Field<R, EntityId>{"to", &R::to, "", "cell or access point after; missing: none"},
            Field<R, Technology>{"technology", &R::technology, "", "of the cell after"},
            Field<R, AttachKind>{"kind", &R::kind, "", "why"},
            Field<R, Duration>{"interruption", &R::interruption, "s", "no data passes for so long"},
            Field<R, std::uint32_t>{"address", &R::address, "",
                                    "number of the device's network address after"}};
    }
};

/// The radios of the devices of a region: where each is, what serves it, and whether its packets
/// pass.
///
/// Phones prefer Wi-Fi: they join an access point in the background (the old network serves on
/// until the association is done) and leave it only when it is too weak; then they have no network
/// until the cellular interface is up. Among cells of one technology they follow event A3; a
/// handover interrupts data. A network address lives as long as its access (Wi-Fi, or cellular)
/// does: handover between cells keeps it, also between LTE and NR (one core network; TS 23.401,
/// TS 37.340), if `cellular_keeps_address`. An idle cellular radio first needs promotion (RRC).
/// Handover of an idle device is treated like any other. Packets that wait in a cell's queues
/// follow the device to its next cell when the address is kept (forwarding over X2:
/// TS 36.300, 10.1.2.3; what waits on the uplink waits in the phone anyway), and are lost
/// otherwise.
class Radios {
  public:
    static constexpr std::string_view name = "radios";
    static constexpr int version = 1;

    struct Params {
        Duration measurement_period{200'000'000};
        double device_spread = 2;
        bool cellular_keeps_address = true;
        Duration reject_wait{10'000'000'000};

        static constexpr auto fields() {
            using P = Params;
            return FieldList{
                Field<P, Duration>{"measurement_period", &P::measurement_period, "s",
                                   "between two measurements of a device", 1e-3, 60,
                                   "TS 36.133, 8.1.2.2.1: 200 ms"},
                Field<P, double>{
                    "device_spread", &P::device_spread, "dB",
                    "standard deviation of what seat and hand do to the signal of each cell", 0,
                    20},
                Field<P, bool>{"cellular_keeps_address", &P::cellular_keeps_address, "",
                               "whether changes among LTE, NR and UMTS keep the address", 0, 1,
                               "TS 23.401, 5.5; TS 37.340"},
                Field<P, Duration>{"reject_wait", &P::reject_wait, "s",
                                   "after a full cell has refused a device, until it tries again",
                                   0.1, 3600,
                                   "TS 36.331: RRC connection reject, wait time 1 to 16 s"}};
        }
    };
    /// A device as declared. Its mobility and trace are numbers given by add_mobility and
    /// add_trace.
    struct Device {
        std::uint64_t identity = 0;
        Index mobility = no_index;
        Duration late{};  ///< drawn from the mobility's boarding_spread
        Interfaces interfaces{Technology::wifi, Technology::lte, Technology::none,
                              Technology::none};
        Index trace = no_index;   ///< replayed instead of mobility and cells
        Index uplink = no_index;  ///< its own links, with a trace
        Index downlink = no_index;
    };

    /// The radio's next change by its own motion.
    struct Look {
        static constexpr std::string_view name = "radio.look";
        static constexpr Phase phase = Phase::physics;
        Generation generation{};
        static constexpr auto fields() {
            return FieldList{Field<Look, Generation>{"generation", &Look::generation, "", ""}};
        }
    };
    /// An interruption or a promotion is over.
    struct Ready {
        static constexpr std::string_view name = "radio.ready";
        static constexpr Phase phase = Phase::physics;
        Generation generation{};
        static constexpr auto fields() {
            return FieldList{Field<Ready, Generation>{"generation", &Ready::generation, "", ""}};
        }
    };
    /// An association in the background is done.
    struct Associated {
        static constexpr std::string_view name = "radio.associated";
        static constexpr Phase phase = Phase::physics;
        Generation generation{};
        static constexpr auto fields() {
            return FieldList{
                Field<Associated, Generation>{"generation", &Associated::generation, "", ""}};
        }
    };
    using Messages = std::tuple<Look, Ready, Associated, PacketArrives>;

    /// @param cells, links  of the same partition; they must outlive this
    Radios(Params params, Cells& cells, Links& links, std::uint64_t seed);

    Index add_mobility(Mobility mobility);
    /// @param cell_of  cells of the trace (numbers as in RadioTrace::cells(), in that order) in
    /// Cells
    Index add_trace(RadioTrace trace, std::vector<Index> cell_of);
    /// Makes room for so many devices in all.
    void reserve(std::size_t devices);
    /// Adds a device; call Kernel::add_entity<Radios> for it in the same order.
    Index add(const Device& device);
    /// Draws the signal maps. Call once, after the last add() and before the first start().
    void prepare();
    /// Begins: call once per device before the run, as that device's entity (Kernel::as). It
    /// attaches at t = 0, without interruption, before any packet.
    void start(Context& context, Index device);

    // -- what upper layers use
    // ------------------------------------------------------------------------------------
    /// A packet from the device. Dropped without a network or with an old address (the sender
    /// learns by its own timeout), held back during interruptions and promotion, else it enters the
    /// uplink.
    void up(Context& context, Index device, const Packet& packet);
    /// A packet for the device reaches its access network.
    void on(const PacketArrives&, const Packet& packet, Index device, Context& context);
    /// A downlink has sent `packet`: for Links::exit of packets with Direction::down.
    void from_link(Context& context, Index link, Duration delay, const Packet& packet);
    /// Where packets for a device leave the radio; `packet.device` says whose.
    PacketDoor to_device;
    DropDoor on_drop;  ///< may be empty

    /// The address a device may use now; technology none: it has no network.
    NetworkAddress address(Index device) const {
        return online(device) ? hot_[device].address : NetworkAddress{};
    }
    bool online(Index device) const { return hot_[device].usable != 0; }
    /// Cell or access point that serves the device, in Cells; no_index: none.
    Index serving(Index device) const { return hot_[device].cell; }
    double position_m(Index device, Time t) const;
    double signal_dbm(Index device, Index cell, Time t) const;
    Index count() const { return static_cast<Index>(hot_.size()); }
    /// Cell whose failure ended the device's latest attachment; no_index: none.
    Index failed_cell(Index device) const { return hot_[device].failed; }
    std::uint32_t held(Index device) const { return hot_[device].held.size; }

    /// Called when a device loses its network (online false; `current` is then none) and when it
    /// has a new address (online true). Not for handovers that keep the address.
    using NetworkObserver =
        std::function<void(Context& context, Index device, NetworkAddress previous,
                           NetworkAddress current, bool online)>;
    /// Called when a cell or access point begins to serve a device, after the interruption.
    using AttachObserver = std::function<void(Context& context, Index device, Index cell)>;
    std::vector<NetworkObserver> on_network_change;
    std::vector<AttachObserver> on_cell_attach;
    /// Called when a cell begins to serve a device that had none, before the interruption, and when
    /// a device is left without one.
    std::vector<std::function<void(Context& context, Index device)>> on_coverage;

    // -- faults
    // ---------------------------------------------------------------------------------------------------
    void degrade(Context& context, Index cell, std::int64_t downlink_bit_s,
                 std::int64_t uplink_bit_s);
    void restore(Context& context, Index cell);
    void set_loss(Index cell, double loss);
    void restore_loss(Index cell);
    void set_factor(Context& context, Index cell, double factor);
    /// Down: its devices lose it at once and look for another.
    void set_cell_up(Context& context, Index cell, bool up);

    bool stale(const Look& m, Index device) const { return m.generation != hot_[device].look; }
    bool stale(const Ready& m, Index device) const { return m.generation != hot_[device].ready; }
    bool stale(const Associated& m, Index device) const {
        return m.generation != hot_[device].association;
    }
    void on(const Look&, Index device, Context& context);
    void on(const Ready&, Index device, Context& context);
    void on(const Associated&, Index device, Context& context);
    const auto& hot() const { return hot_; }

    auto state() { return std::tie(hot_, held_); }

  private:
    struct Hot {
        Index cell = no_index;     ///< that serves it
        Index failed = no_index;   ///< cell whose failure ended its latest attachment
        Index joining = no_index;  ///< access point it associates with in the background
        NetworkAddress address{};
        Time ready_at{};   ///< until then packets wait
        Time active_at{};  ///< latest packet or attachment, for the radio connection
        Generation look{};
        Generation ready{};
        Generation association{};
        std::uint32_t changes = 0;     ///< counts draws of interruptions and associations
        std::uint32_t promotions = 0;  ///< counts draws of promotions
        std::uint32_t addresses = 0;   ///< handed out so far
        SlotList held;
        RadioChange planned = RadioChange::none;
        std::uint8_t usable = 0;  ///< it has a network, though perhaps interrupted
        std::uint8_t begun = 0;
        std::uint8_t tell_network = 0;  ///< observers are due when it is ready
        std::uint8_t tell_attach = 0;
    };
    struct Held {
        Packet packet;
        Slot next = no_slot;
    };
    struct Trace {
        RadioTrace trace;
        std::vector<Index> cell_by_second;
    };

    RadioView view(Index device) const;
    bool traced(Index device) const { return devices_[device].trace != no_index; }
    Index uplink(Index device) const;
    Index downlink(Index device) const;
    EntityId entity(const Context& context, Index device) const {
        return context.address_of(*this, device).id;
    }

    // attachment
    void begin(Context& context, Index device);
    void plan(Context& context, Index device, Time from);
    void plan_trace(Context& context, Index device);
    void follow_trace(Context& context, Index device);
    void hand_over(Context& context, Index device);
    void join(Context& context, Index device);
    void lose(Context& context, Index device, AttachKind kind);
    bool attach_again(Context& context, Index device, AttachKind kind);
    Index first_with_room(Context& context, Index device, const std::vector<Index>& wanted);
    Duration gap(Context& context, Index device, Technology next);
    void serve(Context& context, Index device, Index cell, Duration interruption, AttachKind kind,
               Technology technology = Technology::none);
    void leave_cell(Context& context, Index device, bool address_kept);
    void become_ready(Context& context, Index device, NetworkAddress previous);
    bool keeps_address(Index device, Technology next) const;
    void tell_network(Context& context, Index device, NetworkAddress previous);
    EntityId cell_entity(const Context& context, Index cell) const;
    void record(Context& context, Index device, Index from, AttachKind kind,
                Duration interruption) const;

    // packets
    void pass(Context& context, Index device, const Packet& packet);
    void send_on(Context& context, Index device, const Packet& packet);
    void hold(Context& context, Index device, Packet packet);
    std::vector<Packet> take_held(Index device);
    void wait_until(Context& context, Index device, Time at);
    void drop(Context& context, const Packet& packet, DropReason reason) const;

    Params params_;
    Cells& cells_;
    Links& links_;
    HandoverSearch search_;
    std::uint64_t seed_;
    std::vector<Mobility> mobilities_;
    std::vector<Trace> traces_;
    std::vector<Device> devices_;
    std::vector<Time> first_measurement_;
    std::vector<Hot> hot_;
    Pool<Held> held_;
};

}  // namespace driftstorm
