#pragma once

#include "sim/core/context.hpp"
#include "sim/core/digest.hpp"
#include "sim/core/hot_column.hpp"
#include "sim/core/kernel_records.hpp"
#include "sim/core/observer.hpp"
#include "sim/core/state.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace driftstorm {

/// A model is a plain class that owns the columns of all entities of one kind in its partition. It
/// declares `name`, `version` (changed whenever its results change), `Messages` (a std::tuple) with
/// an on() overload for each, and state() if it has any. What every event of an entity touches, it
/// may keep in one HotColumn, which hot() returns and the kernel fetches ahead.
template <class Model>
concept SimulationModel = requires {
    { Model::name } -> std::convertible_to<std::string_view>;
    { Model::version } -> std::convertible_to<int>;
    typename Model::Messages;
};

/// A world that never leaves an instant: its events bring forth each other without any time
/// passing. what() names the instant, the event, the entity, and the events before it.
class ZeroTimeLoop : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Runs a world of models: takes, again and again, the pending event of least key, delivers it and
/// digests it. Partitions are driven by one thread in rounds no longer than the lookahead; results
/// do not depend on how many there are.
class Kernel {
  public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint32_t partitions = 1;
        bool digest = true;
    };
    struct ModelVersion {
        std::string name;
        int version;
        std::size_t entities;
    };

    explicit Kernel(const Options& options);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    /// Makes `model` the instance of its class in `partition`; it must outlive the kernel.
    template <SimulationModel Model>
    void add_model(std::uint32_t partition, Model& model);

    /// Declares the next entity of Model in `partition`. Call in order of (section, name, member):
    /// the ids that order simultaneous events are given in order of the calls.
    /// @param identity  stable 64-bit identity, see identity_of()
    template <SimulationModel Model>
    Address<Model> add_entity(std::uint32_t partition, std::uint64_t identity);

    /// Least delay of any message between two partitions; > 0 and set before a run with several.
    void set_lookahead(Duration lookahead);
    void add_sink(TableSink& sink);
    /// Tells `observer` of every event from now on; nullptr: nobody. Digests must be on.
    void observe(RunObserver* observer);
    /// Names entities in reports of broken promises.
    void name_entities(std::function<std::string(EntityId)> name) { name_ = std::move(name); }

    /// How many events may fall on one instant before it counts as a loop that takes no time: 1e7,
    /// or `events` if that is more. A wide world has many things to do at once.
    void expect_at_an_instant(std::int64_t events);

    /// The context of that entity, as if one of its handlers ran: for first messages and rows,
    /// before a run. It is good until the next call of as() or run_until().
    Context& as(EntityId entity);

    /// Delivers all events up to and including `end`; ends with now() == end.
    /// @throws ZeroTimeLoop
    void run_until(Time end);

    Time now() const { return now_; }
    Time next_time() const;  ///< of the least pending event; end_of_time if none
    std::uint64_t delivered() const;
    std::size_t pending() const;
    std::size_t pending_bytes() const;  ///< memory held for pending events, without payloads [B]
    std::size_t entity_count() const { return records_.size(); }
    std::uint32_t partitions() const { return static_cast<std::uint32_t>(contexts_.size()); }
    std::uint32_t partition_of(EntityId entity) const {
        return partition_of_[static_cast<std::size_t>(entity)];
    }
    std::uint64_t identity_of(EntityId entity) const {
        return records_[static_cast<std::size_t>(entity)].identity;
    }
    Index index_of(EntityId entity) const {
        return records_[static_cast<std::size_t>(entity)].local;
    }
    std::uint64_t seed() const { return options_.seed; }
    DigestLadder ladder() const;  ///< of all partitions
    std::uint64_t digest() const { return ladder().root(); }
    std::vector<ModelVersion> model_versions() const;  ///< sorted by name

    /// The whole state, models included. Restore only into a kernel built from the same scenario
    /// with the same number of partitions; @throws std::invalid_argument otherwise.
    std::vector<std::byte> save();
    void restore(const std::vector<std::byte>& saved);

    /// For tests: occupies `count` slots of every payload pool, so that handles differ between
    /// equal runs. Call before the first message.
    void offset_pools(std::size_t count);

  private:
    friend class Context;

    struct RegisteredModel {
        std::string name;
        int version = 0;
        std::uint16_t number = 0;
        std::uint16_t messages = 0;
        void (*archive)(void* model, Archive& archive) = nullptr;
    };

    void refresh(Context& context);
    void run_partition(Context& context, Time limit);
    template <bool fetching>
    void deliver_before(Context& context, Time limit);
    void prepare(Context& context) const;
    void exchange();
    void add_type(detail::EventType type);
    void make_pool(Context& context, const detail::EventType& type) const;
    const std::vector<TableSink*>& sinks_for(const RowType& type);
    void hand_out_rows();
    void hand_out_first_rows();
    static void hand_out(const Context& context, std::size_t row);
    std::string describe_running() const;
    void note_crowd(Context& context, std::int64_t most) const;
    void archive(Archive& archive);
    void archive_partition(Archive& archive, Context& context,
                           const std::vector<std::uint32_t>& tag_of);

    Options options_;
    std::vector<std::unique_ptr<Context>> contexts_;
    HotColumn<detail::EntityRecord> records_;
    std::vector<std::uint16_t> partition_of_;
    std::vector<std::uint16_t> tag_base_;   ///< by model number
    std::vector<detail::EventType> types_;  ///< by tag
    std::vector<RegisteredModel> models_;
    std::vector<TableSink*> sinks_;
    std::vector<std::pair<const RowType*, std::vector<TableSink*>>>
        wanting_;  ///< of each row type seen so far
    std::function<std::string(EntityId)> name_;
    Duration lookahead_{0};
    Time now_{};
    std::size_t pool_offset_ = 0;
    std::int64_t most_at_an_instant_ = 10'000'000;
    const Context* running_ = nullptr;
};

template <SimulationModel Model>
void Kernel::add_model(std::uint32_t partition, Model& model) {
    const std::uint16_t number = detail::model_number<Model>;
    DRIFTSTORM_EXPECT(partition < contexts_.size());
    Context& context = *contexts_[partition];
    if (context.models_.size() <= number) {
        context.models_.resize(number + 1u, nullptr);
        context.entities_.resize(number + 1u);
    }
    DRIFTSTORM_EXPECT(context.models_[number] == nullptr);  // one instance of a model per partition
    context.models_[number] = &model;

    for (const RegisteredModel& known : models_)
        if (known.number == number) return;
    RegisteredModel made{std::string(Model::name), Model::version, number,
                         static_cast<std::uint16_t>(std::tuple_size_v<typename Model::Messages>),
                         nullptr};
    made.archive = [](void* erased, Archive& archive) {
        if constexpr (Enumerable<Model>) archive.item(*static_cast<Model*>(erased));
    };
    models_.push_back(std::move(made));
    tag_base_[number] = static_cast<std::uint16_t>(types_.size());
    [&]<class... M>(std::type_identity<std::tuple<M...>>) {
        static_assert((Receives<Model, M> && ...),
                      "every message in Messages has its on() overload");
        [[maybe_unused]] const auto add = [&]<class Msg>(std::type_identity<Msg>) {
            detail::EventType type;
            type.model = number;
            type.name = std::string(Msg::name) + "@" + std::string(Model::name);
            type.deliver = &deliver_event<Model, Msg>;
            if constexpr (CarriesPayload<Msg>) {
                type.payload = detail::payload_number<typename Msg::Payload>;
                type.payload_size = sizeof(typename Msg::Payload);
            }
            if constexpr (requires(const Model& m) { m.hot(); })
                type.hot = [](const void* erased) {
                    const auto& column = static_cast<const Model*>(erased)->hot();
                    return detail::HotLines{reinterpret_cast<const std::byte*>(column.data()),
                                            sizeof column[0]};
                };
            add_type(std::move(type));
        };
        (add(std::type_identity<M>{}), ...);
    }(std::type_identity<typename Model::Messages>{});
}

template <SimulationModel Model>
Address<Model> Kernel::add_entity(std::uint32_t partition, std::uint64_t identity) {
    const std::uint16_t number = detail::model_number<Model>;
    DRIFTSTORM_EXPECT(partition < contexts_.size());
    Context& context = *contexts_[partition];
    DRIFTSTORM_EXPECT(number < context.models_.size() && context.models_[number] != nullptr);
    DRIFTSTORM_EXPECT(records_.size() < static_cast<std::size_t>(no_entity));
    const EntityId id{static_cast<std::uint32_t>(records_.size())};
    std::vector<EntityId>& ids = context.entities_[number];
    records_.push_back({identity, 0, static_cast<Index>(ids.size())});
    partition_of_.push_back(static_cast<std::uint16_t>(partition));
    ids.push_back(id);
    return {id};
}

inline std::uint64_t Context::seed() const { return kernel_->options_.seed; }
inline bool Context::is_local(EntityId to) const {
    return alone_ || kernel_->partition_of(to) == partition_;
}

}  // namespace driftstorm
