#pragma once

#include "sim/core/digest.hpp"
#include "sim/core/event.hpp"
#include "sim/core/event_queue.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel_records.hpp"
#include "sim/core/observer.hpp"
#include "sim/core/random.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace driftstorm {

class Kernel;

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

}  // namespace driftstorm
