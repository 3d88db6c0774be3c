#pragma once

#include "sim/core/digest.hpp"
#include "sim/core/event.hpp"
#include "sim/core/event_queue.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/hot_column.hpp"
#include "sim/core/observer.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/random.hpp"
#include "sim/core/state.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

class Context;
class Kernel;

namespace detail {

std::uint16_t next_model_number();
std::uint16_t model_count();  ///< numbers given so far: all, once main() runs
std::uint16_t next_payload_number();
std::uint16_t next_row_number();
/// Process-wide numbers of types, for array look-ups only: never stored, hashed or compared.
template <class Model>
inline const std::uint16_t model_number = next_model_number();
template <class Payload>
inline const std::uint16_t payload_number = next_payload_number();
template <class R>
inline const std::uint16_t row_number = next_row_number();

template <class M, class Tuple>
struct IndexIn;
template <class M, class... Rest>
struct IndexIn<M, std::tuple<M, Rest...>> {
    static constexpr std::uint16_t value = 0;
};
template <class M, class First, class... Rest>
struct IndexIn<M, std::tuple<First, Rest...>> {
    static constexpr std::uint16_t value = 1 + IndexIn<M, std::tuple<Rest...>>::value;
};

/// Payloads of one type that are under way inside a partition.
struct PayloadPool {
    std::size_t size = 0;  ///< of one payload [B]; 0: none of this type yet
    std::vector<std::byte> bytes;
    std::vector<Slot> free;

    /// @param count  the payload's size again, so that the compiler knows it where the type is
    /// known [B]
    Slot put(const void* payload, std::size_t count) {
        Slot slot = no_slot;
        if (free.empty()) {
            slot = static_cast<Slot>(bytes.size() / count);
            bytes.resize(bytes.size() + count);
        } else {
            slot = free.back();
            free.pop_back();
        }
        std::memcpy(bytes.data() + std::size_t{slot} * count, payload, count);
        return slot;
    }
    void take(Slot slot, void* into, std::size_t count) {
        std::memcpy(into, bytes.data() + std::size_t{slot} * count, count);
        free.push_back(slot);
    }
    auto state() { return std::tie(size, bytes, free); }
};

/// Where a message that carries a payload keeps its slot: the last bytes of the event.
inline constexpr std::size_t slot_at = inline_bytes - sizeof(Slot);
inline Slot slot_of(const Event& event) {
    Slot slot = no_slot;
    std::memcpy(&slot, event.message.data() + slot_at, sizeof slot);
    return slot;
}
inline void set_slot(Event& event, Slot slot) {
    std::memcpy(event.message.data() + slot_at, &slot, sizeof slot);
}

/// Tag of no event.
inline constexpr std::uint16_t no_tag = 0xffff;

/// A model's hot column as memory: only to fetch from, for it may have moved since.
struct HotLines {
    const std::byte* first = nullptr;
    std::size_t stride = 0;  ///< [B]
};

/// What all events of one (model, message) share.
struct EventType {
    std::uint16_t model = 0;
    std::uint16_t payload = 0;
    std::size_t payload_size = 0;  ///< [B]; 0: no payload
    /// Delivers, unless the event is stale.
    void (*deliver)(void* model, const Event& event, Index local, Context& context) = nullptr;
    /// Where the model's hot column lies just now; nullptr if the model has none.
    HotLines (*hot)(const void* model) = nullptr;
    std::string name;  ///< "message@model"
};

/// What delivers an event type in its partition.
struct Handler {
    void (*deliver)(void* model, const Event& event, Index local, Context& context) = nullptr;
    void* model = nullptr;
};
/// What delivering an event type touches, to be fetched ahead.
struct Touched {
    HotLines hot;
    const PayloadPool* pool = nullptr;  ///< nullptr: no payload
};

struct EntityRecord {
    std::uint64_t identity = 0;
    std::uint32_t sent = 0;  ///< events sent so far: the count in their keys
    Index local = 0;
};

/// What a partition knows of a row type once one was recorded.
struct RowUse {
    const RowType* type = nullptr;  ///< nullptr: none yet
    std::size_t component = 0;
    std::vector<TableSink*> sinks;  ///< those that want it
};

}  // namespace detail

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

/// What a handler may use of the world: the time, ways to send, draws, and rows.
class Context {
  public:
    Time now() const { return now_; }
    EntityId self() const {
        return self_;
    }  ///< the entity whose handler runs; it is the source of what is sent
    std::uint64_t identity() const;  ///< stable identity of self()
    std::uint64_t identity_of(EntityId entity) const;
    std::uint64_t seed() const;

    /// Delivers `message` to entity `to` after `delay` >= 0 (>= the lookahead when `to` is in
    /// another partition).
    template <class Model, class M>
    requires TakesPlain<Model, M>
    void send(Duration delay, Address<Model> to, const M& message);

    /// The same with a payload, which travels by value and reaches the handler as its second
    /// argument.
    template <class Model, class M>
    requires TakesPayload<Model, M>
    void send(Duration delay, Address<Model> to, const M& message,
              const typename M::Payload& payload);

    /// Sends to entity `index` of the given model of this partition.
    template <class Model, class M>
    requires TakesPlain<Model, M>
    void remind(const Model& model, Index index, Duration delay, const M& message);

    /// Address of entity `index` of the given model in this partition.
    template <class Model>
    Address<Model> address_of(const Model& model, Index index) const;

    /// Local index of an entity of this partition.
    Index index_of(EntityId entity) const;

    double uniform(Purpose purpose, std::uint64_t subject, std::uint64_t number) const {
        return draw_uniform(seed(), purpose, subject, number);
    }
    Block block(Purpose purpose, std::uint64_t subject, std::uint64_t number) const {
        return draw(seed(), purpose, subject, number);
    }

    /// Hashes a result row and hands it to the sinks.
    template <Row R>
    void record(const R& row);

  private:
    friend class Kernel;
    template <class Model, class M>
    friend void deliver_event(void*, const Event&, Index, Context&);

    struct Mail {
        Event event;
        std::uint32_t to_partition = 0;
        std::size_t payload_at = 0;
    };

    EventKey next_key(Duration delay, EntityId to, Phase phase);
    bool is_local(EntityId to) const;
    template <class M>
    void send_slowly(EventKey key, EntityId to, std::uint32_t tag, const M& message);
    Mail& post(EventKey key, EntityId to);
    std::string_view model_name(std::uint32_t tag) const;
    template <class M>
    static void fill(Event& event, EntityId to, std::uint32_t tag, const M& message);
    template <class M, class... PayloadIdentity>
    void hash_event(const Event& event, const M& message, PayloadIdentity... payload);
    template <class M, class... PayloadIdentity>
    void observe_event(const Event& event, const M& message, PayloadIdentity... payload);
    void hand_on(std::uint16_t number, const void* row);
    void first_use(detail::RowUse& use, const RowType& type);
    template <class Model, class M>
    std::uint32_t tag_of() const;
    std::uint64_t entity_word(EntityId entity) const {
        return entity == no_entity ? 0 : identity_of(entity);
    }
    template <class T>
    void hash_value(RecordHash& hash, const T& value) const;

    Kernel* kernel_ = nullptr;
    std::uint32_t partition_ = 0;
    bool alone_ = true;  ///< there is no other partition
    bool digest_ = true;
    RunObserver* observer_ = nullptr;
    detail::EntityRecord* records_ = nullptr;  ///< the kernel's
    std::size_t record_count_ = 0;
    const std::uint16_t* tag_base_ = nullptr;  ///< the kernel's
    Time now_{};
    EntityId self_{};
    const Event* event_ = &first_;  ///< the running one

    EventQueue queue_;
    std::vector<detail::PayloadPool> pools_;
    std::vector<detail::Handler> handlers_;  ///< by tag, made for each run
    std::vector<detail::Touched> touched_;   ///< likewise
    std::vector<void*> models_;              ///< by model number; nullptr: not in this partition
    std::vector<std::vector<EntityId>> entities_;  ///< by model number, local index
    DigestLadder ladder_;
    std::size_t events_component_ = 0;
    std::size_t sample_component_ = 0;
    std::uint64_t delivered_ = 0;
    std::int64_t at_instant_ = 0;           ///< events delivered at now_
    std::vector<std::uint32_t> last_tags_;  ///< of the last events before an instant has too many
    Event first_;                           ///< stands for the running one before a run

    std::vector<Mail> outgoing_;
    std::vector<std::byte> outgoing_payloads_;
    std::vector<detail::RowUse> row_uses_;
    struct StoredRow {
        RowStamp stamp;
        std::uint16_t number;
        std::size_t at;
    };
    std::vector<StoredRow> rows_;  ///< kept until the streams of all partitions are merged
    std::vector<std::byte> row_bytes_;
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
    template <class Model, class M>
    friend void deliver_event(void*, const Event&, Index, Context&);

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

// ---- templates
// -----------------------------------------------------------------------------------

template <class T>
void Context::hash_value(RecordHash& hash, const T& value) const {
    if constexpr (std::is_same_v<T, Generation> || std::is_same_v<T, LocalNumber>) {
        // A generation tells live from cancelled, a local number addresses columns: no part of what
        // happened.
    } else if constexpr (std::is_same_v<T, EntityId>) {
        hash.add(entity_word(value));
    } else if constexpr (detail::IsAddress<T>::value) {
        hash.add(entity_word(value.id));
    } else if constexpr (std::is_same_v<T, Time> || std::is_same_v<T, Duration> ||
                         std::is_same_v<T, Reading>) {
        hash.add(static_cast<std::uint64_t>(value.ns));
    } else if constexpr (std::is_same_v<T, double>) {
        hash.add(value);
    } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
        hash.add(static_cast<std::uint64_t>(value));
    } else if constexpr (requires { value.raw; }) {
        hash.add(static_cast<std::uint64_t>(value.raw));
    } else {
        for (const auto& element : value.values) hash_value(hash, element);  // PerWord
    }
}

template <class M, class... PayloadIdentity>
[[gnu::noinline]] void Context::hash_event(const Event& event, const M& message,
                                           PayloadIdentity... payload) {
    RecordHash hash;
    hash.add(identity_of(event.target));
    hash.add(static_cast<std::uint64_t>(event.key.at.ns));
    hash.add((static_cast<std::uint64_t>(event.key.phase()) << 32) | event.key.count());
    hash.add(identity_of(event.key.source()));
    hash.add(std::uint64_t{std::integral_constant<std::uint64_t, stable_hash(M::name)>::value});
    if constexpr (HasFields<M>) {
        for_each_field<M>([&](const auto& field) { hash_value(hash, message.*field.member); });
    } else {
        static_assert(std::is_empty_v<M>,
                      "a message with members lists them in fields(), so they are digested");
    }
    (hash.add(std::uint64_t{payload}), ...);
    ladder_.add(M::phase == Phase::sample ? sample_component_ : events_component_, event.key.at,
                hash.finish());
    if (observer_ != nullptr) observe_event(event, message, payload...);
}

namespace detail {

/// Members of one message, on the way to an observer.
struct ObservedFields {
    std::array<ObservedField, 32> fields;
    std::size_t count = 0;

    template <class T>
    void add(std::string_view name, std::string_view unit, const T& value) {
        if constexpr (std::is_same_v<T, Generation> || std::is_same_v<T, LocalNumber>) {
            // no part of what happened
        } else if constexpr (std::is_same_v<T, EntityId>) {
            put({name, unit, ColumnKind::entity, static_cast<std::uint64_t>(value)});
        } else if constexpr (IsAddress<T>::value) {
            put({name, unit, ColumnKind::entity, static_cast<std::uint64_t>(value.id)});
        } else if constexpr (requires { value.ns; }) {
            put({name, unit, kind_of<T>(), static_cast<std::uint64_t>(value.ns)});
        } else if constexpr (std::is_same_v<T, double>) {
            put({name, unit, ColumnKind::float64, std::bit_cast<std::uint64_t>(value)});
        } else if constexpr (std::is_enum_v<T>) {
            if constexpr (sizeof(T) == 1 && enum_words<T>.size() > 0)
                put({name, unit, ColumnKind::word, static_cast<std::uint64_t>(value),
                     words_of<T>()});
            else
                put({name, unit, ColumnKind::uint64, static_cast<std::uint64_t>(value)});
        } else if constexpr (std::is_integral_v<T>) {
            put({name, unit, std::is_signed_v<T> ? ColumnKind::int64 : ColumnKind::uint64,
                 static_cast<std::uint64_t>(value)});
        } else if constexpr (requires { value.raw; }) {
            put({name, unit, ColumnKind::int64, static_cast<std::uint64_t>(value.raw)});
        } else {
            for (const auto& element : value.values) add(name, unit, element);  // PerWord
        }
    }
    void put(const ObservedField& field) {
        if (count < fields.size()) fields[count++] = field;
    }
};

}  // namespace detail

template <class M, class... PayloadIdentity>
[[gnu::noinline]] void Context::observe_event(const Event& event, const M& message,
                                              PayloadIdentity... payload) {
    ObservedEvent observed;
    observed.key = event.key;
    observed.target = event.target;
    observed.message = M::name;
    observed.model = model_name(event.tag);
    observed.sent_before = records_[static_cast<std::size_t>(event.target)].sent;
    ((observed.payload = payload), ...);
    if (!observer_->wants_fields) return observer_->event(observed);
    detail::ObservedFields fields;
    if constexpr (HasFields<M>)
        for_each_field<M>(
            [&](const auto& field) { fields.add(field.name, field.unit, message.*field.member); });
    observed.fields = {fields.fields.data(), fields.count};
    observer_->event(observed);
}

template <class Model, class M>
void deliver_event(void* erased, const Event& event, Index local, Context& context) {
    Model& model = *static_cast<Model*>(erased);
    M message;
    std::memcpy(static_cast<void*>(&message), event.message.data(), sizeof message);
    if constexpr (Cancels<Model, M>) {
        if (model.stale(message, local)) {
            if constexpr (CarriesPayload<M>) {
                typename M::Payload dropped;
                context.pools_[detail::payload_number<typename M::Payload>].take(
                    detail::slot_of(event), &dropped, sizeof dropped);
            }
            --context.delivered_;
            return;
        }
    }
    if constexpr (CarriesPayload<M>) {
        using Payload = typename M::Payload;
        Payload payload;
        context.pools_[detail::payload_number<Payload>].take(detail::slot_of(event), &payload,
                                                             sizeof payload);
        if (context.digest_) context.hash_event(event, message, payload.identity());
        model.on(message, payload, local, context);
    } else {
        if (context.digest_) context.hash_event(event, message);
        model.on(message, local, context);
    }
}

template <class Model, class M>
std::uint32_t Context::tag_of() const {
    const std::uint16_t base = tag_base_[detail::model_number<Model>];
    DRIFTSTORM_EXPECT(base != detail::no_tag);  // the model was added to this kernel
    return std::uint32_t{base} + detail::IndexIn<M, typename Model::Messages>::value;
}

template <class M>
void Context::fill(Event& event, EntityId to, std::uint32_t tag, const M& message) {
    event.target = to;
    event.tag = tag;
    event.message = {};
    if constexpr (!std::is_empty_v<M>)
        std::memcpy(event.message.data(), static_cast<const void*>(&message), sizeof message);
}

template <class Model, class M>
requires TakesPlain<Model, M>
void Context::send(Duration delay, Address<Model> to, const M& message) {
    const std::uint32_t tag = tag_of<Model, M>();
    const EventKey key = next_key(delay, to.id, M::phase);
    Event* event = is_local(to.id) ? queue_.push_quickly(key) : nullptr;
    if (event == nullptr) return send_slowly(key, to.id, tag, message);
    fill(*event, to.id, tag, message);
}

/// Apart, and last in its caller, so that the usual way saves no registers for it.
template <class M>
[[gnu::noinline]] void Context::send_slowly(EventKey key, EntityId to, std::uint32_t tag,
                                            const M& message) {
    fill(is_local(to) ? queue_.push(key) : post(key, to).event, to, tag, message);
}

template <class Model, class M>
requires TakesPayload<Model, M>
void Context::send(Duration delay, Address<Model> to, const M& message,
                   const typename M::Payload& payload) {
    using Payload = typename M::Payload;
    static_assert(std::is_trivially_copyable_v<Payload>);
    const std::uint32_t tag = tag_of<Model, M>();
    const EventKey key = next_key(delay, to.id, M::phase);
    if (is_local(to.id)) {
        Event& event = queue_.push(key);
        fill(event, to.id, tag, message);
        detail::set_slot(event,
                         pools_[detail::payload_number<Payload>].put(&payload, sizeof payload));
    } else {
        Mail& mail = post(key, to.id);
        fill(mail.event, to.id, tag, message);
        mail.payload_at = outgoing_payloads_.size();
        const auto* bytes = reinterpret_cast<const std::byte*>(&payload);
        outgoing_payloads_.insert(outgoing_payloads_.end(), bytes, bytes + sizeof payload);
    }
}

template <class Model, class M>
requires TakesPlain<Model, M>
void Context::remind(const Model& model, Index index, Duration delay, const M& message) {
    send(delay, address_of(model, index), message);
}

template <class Model>
Address<Model> Context::address_of(const Model&, Index index) const {
    return {entities_[detail::model_number<Model>][index]};
}

template <Row R>
void Context::record(const R& row) {
    const RowType& type = row_type<R>();
    const std::uint16_t number = detail::row_number<R>;
    if (row_uses_.size() <= number) row_uses_.resize(number + 1u);
    detail::RowUse& use = row_uses_[number];
    if (use.type == nullptr) first_use(use, type);
    if (digest_) {
        RecordHash hash;
        hash.add(identity());
        hash.add(static_cast<std::uint64_t>(now_.ns));
        hash.add(type.table_hash);
        for_each_field<R>([&](const auto& field) { hash_value(hash, row.*field.member); });
        ladder_.add(use.component, now_, hash.finish());
    }
    if (!use.sinks.empty()) hand_on(number, &row);
}

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
inline std::uint64_t Context::identity_of(EntityId entity) const {
    return records_[static_cast<std::size_t>(entity)].identity;
}
inline std::uint64_t Context::identity() const { return identity_of(self_); }
inline Index Context::index_of(EntityId entity) const {
    return records_[static_cast<std::size_t>(entity)].local;
}

inline EventKey Context::next_key(Duration delay, EntityId to, Phase phase) {
    DRIFTSTORM_EXPECT(delay.ns >= 0);  // a message may not arrive before it was sent
    const std::uint64_t at =
        static_cast<std::uint64_t>(now_.ns) + static_cast<std::uint64_t>(delay.ns);
    DRIFTSTORM_EXPECT(at < static_cast<std::uint64_t>(end_of_time.ns));
    DRIFTSTORM_EXPECT(static_cast<std::size_t>(to) < record_count_);
    detail::EntityRecord& self = records_[static_cast<std::size_t>(self_)];
    DRIFTSTORM_EXPECT(self.sent != 0xffffffffu);  // an entity's events are told apart by this count
    return EventKey::of(Time{static_cast<std::int64_t>(at)}, phase, self_, self.sent++);
}

inline bool Context::is_local(EntityId to) const {
    return alone_ || kernel_->partition_of(to) == partition_;
}

}  // namespace driftstorm
