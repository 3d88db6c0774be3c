#pragma once

#include "sim/core/kernel.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm::testing {

using namespace driftstorm::literals;

struct Parcel {
    std::uint64_t number;
    std::array<std::uint64_t, 5> words;
    std::uint64_t identity() const { return number; }
};

/// A row of the random world: somebody did something.
struct Deed {
    static constexpr std::string_view table = "events/deed";
    static constexpr std::string_view component = "deeds";
    Time at;
    EntityId host;
    std::uint32_t what;
    std::uint64_t value;

    static constexpr auto fields() {
        return FieldList{Field<Deed, Time>{"time", &Deed::at, "s", "when"},
                         Field<Deed, EntityId>{"host", &Deed::host, "", "who"},
                         Field<Deed, std::uint32_t>{"what", &Deed::what, "", "what"},
                         Field<Deed, std::uint64_t>{"value", &Deed::value, "", "how much"}};
    }
};

struct Sample {
    static constexpr std::string_view table = "series/sample";
    static constexpr std::string_view component = "deeds";
    static constexpr bool sample = true;
    std::uint64_t heard;
    static constexpr auto fields() {
        return FieldList{Field<Sample, std::uint64_t>{"heard", &Sample::heard, "", "hops heard"}};
    }
};

inline constexpr Duration least_delay = 3_ms;
inline constexpr std::uint32_t group_size =
    4;  ///< neighbours that talk without delay share a partition

/// Hosts that toss hops, parcels, timers and whispers at one another as draws will have it.
class Hosts {
  public:
    static constexpr std::string_view name = "hosts";
    static constexpr int version = 1;

    struct Hop {
        static constexpr std::string_view name = "hop";
        static constexpr Phase phase = Phase::network;
        std::uint32_t left = 0;
        EntityId origin{};
        static constexpr auto fields() {
            return FieldList{Field<Hop, std::uint32_t>{"left", &Hop::left, "", ""},
                             Field<Hop, EntityId>{"origin", &Hop::origin, "", ""}};
        }
    };
    struct Deliver {
        static constexpr std::string_view name = "deliver";
        static constexpr Phase phase = Phase::protocol;
        using Payload = Parcel;
        std::uint32_t attempt = 0;
        static constexpr auto fields() {
            return FieldList{Field<Deliver, std::uint32_t>{"attempt", &Deliver::attempt, "", ""}};
        }
    };
    /// Carries a parcel, is set anew by every hop, and so mostly cancelled.
    struct Timeout {
        static constexpr std::string_view name = "timeout";
        static constexpr Phase phase = Phase::protocol;
        using Payload = Parcel;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<Timeout, Generation>{"generation", &Timeout::generation, "", ""}};
        }
    };
    struct Whisper {
        static constexpr std::string_view name = "whisper";
        static constexpr Phase phase = Phase::physics;
        std::uint32_t depth = 0;
        static constexpr auto fields() {
            return FieldList{Field<Whisper, std::uint32_t>{"depth", &Whisper::depth, "", ""}};
        }
    };
    using Messages = std::tuple<Hop, Deliver, Timeout, Whisper>;

    /// @param all  every host of the world, in all partitions alike
    Hosts(std::size_t here, const std::vector<Address<Hosts>>& all) : all_(all), columns_(here) {}

    void on(const Hop& hop, Index host, Context& context) {
        Line& line = columns_[host];
        ++line.heard;
        const Block luck = context.block("test.hop", context.identity(), line.draws++);
        context.record(Deed{context.now(), context.self(), 1, line.heard});
        if (hop.left > 0)
            context.send(least_delay + Duration{luck[0] % 20'000'000}, any(luck[1]),
                         Hop{hop.left - 1, hop.origin});
        if (luck[2] % 3 == 0)
            context.send(
                least_delay + Duration{luck[3] % 4 * 1'000'000}, any(luck[2] / 3), Deliver{1},
                Parcel{context.identity() + line.heard, {luck[0], luck[1], luck[2], luck[3], 7}});
        if (luck[2] % 4 == 0) whisper(2, context);
        ++line.live.value;
        context.send(10_ms, Address<Hosts>{context.self()}, Timeout{line.live},
                     Parcel{line.heard, {}});
    }
    void on(const Deliver& deliver, const Parcel& parcel, Index host, Context& context) {
        Line& line = columns_[host];
        for (const std::uint64_t word : parcel.words) line.sum = line.sum * 31 + word;
        context.record(Deed{context.now(), context.self(), 2, line.sum});
        context.record(Deed{context.now(), context.self(), 3, parcel.number});
        if (deliver.attempt < 3)
            context.send(least_delay, any(static_cast<std::uint32_t>(line.sum)),
                         Deliver{deliver.attempt + 1}, parcel);
    }
    bool stale(const Timeout& timeout, Index host) const {
        return timeout.generation != columns_[host].live;
    }
    void on(const Timeout&, const Parcel&, Index host, Context& context) {
        Line& line = columns_[host];
        ++line.timeouts;
        const Block luck = context.block("test.timeout", context.identity(), line.draws++);
        context.send(least_delay + Duration{luck[1] % 100 * 1'000}, any(luck[0]),
                     Hop{2, context.self()});
        ++line.live.value;
        context.send(15_ms, Address<Hosts>{context.self()}, Timeout{line.live},
                     Parcel{line.timeouts, {}});
    }
    void on(const Whisper& heard, Index host, Context& context) {
        columns_[host].sum += heard.depth + 1;
        context.record(Deed{context.now(), context.self(), 4, columns_[host].sum});
        if (heard.depth > 0) whisper(heard.depth - 1, context);
    }

    std::uint64_t heard(Index host) const { return columns_[host].heard; }
    const auto& hot() const { return columns_; }
    auto state() { return std::tie(columns_); }

  private:
    struct Line {
        std::uint64_t heard = 0;
        std::uint64_t sum = 0;
        std::uint64_t draws = 0;
        std::uint64_t timeouts = 0;
        Generation live;
        std::uint32_t unused = 0;
    };

    Address<Hosts> any(std::uint32_t luck) const { return all_[luck % all_.size()]; }
    /// To the neighbour before, or round to the last of the group: to lower and to higher keys,
    /// without delay.
    void whisper(std::uint32_t depth, Context& context) {
        const auto found = std::find(all_.begin(), all_.end(), Address<Hosts>{context.self()});
        const auto self = static_cast<std::size_t>(found - all_.begin());
        const std::size_t first = self - self % group_size;
        context.send(Duration{}, all_[first + (self - first + group_size - 1) % group_size],
                     Whisper{depth});
    }

    const std::vector<Address<Hosts>>& all_;
    std::vector<Line> columns_;
};

/// Looks at a host every 7 ms.
class Probes {
  public:
    static constexpr std::string_view name = "probes";
    static constexpr int version = 1;
    struct Look {
        static constexpr std::string_view name = "look";
        static constexpr Phase phase = Phase::sample;
    };
    using Messages = std::tuple<Look>;

    explicit Probes(const Hosts& hosts) : hosts_(&hosts) {}
    void on(const Look&, Index, Context& context) {
        context.record(Sample{hosts_->heard(0)});
        context.send(7_ms, Address<Probes>{context.self()}, Look{});
    }

  private:
    const Hosts* hosts_;
};

/// Keeps all rows, with who and when in terms that do not depend on how the world was built.
class RowKeeper : public TableSink {
  public:
    struct Kept {
        std::string_view table;
        Time at;
        std::uint64_t self;
        std::uint32_t what = 0;
        std::uint64_t value = 0;
        friend bool operator==(const Kept&, const Kept&) = default;
    };
    void of(const Kernel& kernel) { kernel_ = &kernel; }
    bool wants(const RowType& type) const override {
        ++asked;
        return type.table == only || only.empty();
    }
    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override {
        Kept kept{type.table, stamp.at(), kernel_->identity_of(stamp.self)};
        if (type.table == Deed::table) {
            Deed deed;
            std::memcpy(static_cast<void*>(&deed), bytes, sizeof deed);
            kept.what = deed.what;
            kept.value = deed.value;
        }
        rows.push_back(kept);
    }
    std::vector<Kept> rows;
    std::string_view only = "";
    mutable int asked = 0;

  private:
    const Kernel* kernel_ = nullptr;
};

struct WorldOptions {
    std::uint32_t hosts = 24;
    std::uint32_t partitions = 1;
    bool probes = false;
    bool probes_first = false;      ///< give probes the lowest ids
    bool reverse_building = false;  ///< models and first messages in reverse order
    std::size_t pool_offset = 0;
    std::uint64_t seed = 1;
    bool digest = true;
};

/// The random world, whole groups of hosts dealt out to the partitions.
struct RandomWorld {
    explicit RandomWorld(const WorldOptions& options)
        : kernel(Kernel::Options{options.seed, options.partitions, options.digest}) {
        const auto partition_of = [&](std::uint32_t host) {
            return host / group_size % options.partitions;
        };
        for (std::uint32_t p = 0; p < options.partitions; ++p) {
            std::size_t here = 0;
            for (std::uint32_t h = 0; h < options.hosts; ++h) here += partition_of(h) == p ? 1 : 0;
            hosts.push_back(std::make_unique<Hosts>(here, all));
            probes.push_back(std::make_unique<Probes>(*hosts.back()));
            if (options.reverse_building) kernel.add_model(p, *probes.back());
            kernel.add_model(p, *hosts.back());
            if (!options.reverse_building) kernel.add_model(p, *probes.back());
        }
        kernel.offset_pools(options.pool_offset);
        if (options.partitions > 1) kernel.set_lookahead(least_delay);

        std::vector<Address<Probes>> looking;
        const auto add_probe = [&] {
            if (options.probes)
                looking.push_back(kernel.add_entity<Probes>(0, identity_of("probe.first")));
        };
        if (options.probes_first) add_probe();
        for (std::uint32_t h = 0; h < options.hosts; ++h)
            all.push_back(
                kernel.add_entity<Hosts>(partition_of(h), identity_of(identity_of("host.all"), h)));
        if (!options.probes_first) add_probe();

        for (const Address<Probes> probe : looking)
            kernel.as(probe.id).send(Duration{}, probe, Probes::Look{});
        std::vector<Address<Hosts>> order = all;
        if (options.reverse_building) std::reverse(order.begin(), order.end());
        for (const Address<Hosts> host : order) {
            Context& context = kernel.as(host.id);
            context.record(Deed{context.now(), host.id, 0, 0});
            context.send(Duration{}, host, Hosts::Hop{3, host.id});
            // Before the run also to others at once.
            context.send(Duration{1}, all[(context.identity() >> 8) % all.size()], Hosts::Deliver{},
                         Parcel{1, {2, 3, 4, 5, 6}});
        }
    }

    std::vector<Address<Hosts>> all;
    std::vector<std::unique_ptr<Hosts>> hosts;
    std::vector<std::unique_ptr<Probes>> probes;
    Kernel kernel;
};

}  // namespace driftstorm::testing
