#pragma once

#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace driftstorm {

/// What became of an attempt at a station, or of a request in the eyes of its client.
enum class Service : std::uint8_t {
    served,     ///< completed, with success
    failed,     ///< completed with an error; of a request: all its attempts did not succeed
    refused,    ///< found the station full, or down and saying so
    abandoned,  ///< lost patience while it waited
    expired,    ///< skipped at its turn: its client had given up already
    lost        ///< vanished without an answer: the station was down, or full and silent
};
template <>
inline constexpr std::array<std::string_view, 6> enum_words<Service>{
    "served", "failed", "refused", "abandoned", "expired", "lost"};

/// One attempt of a request, as it travels from a client to a station and back.
struct Customer {
    std::uint64_t subject =
        0;  ///< stable identity of the request; what is drawn for it is drawn from this
    std::uint32_t attempt = 0;  ///< the request's own count
    std::uint8_t urgency = 0;   ///< 0 before 1 at a priority station
    EntityId from = no_entity;  ///< who wants the answer
    Slot ticket = no_slot;  ///< the asker's own handle: read by nobody else, in no draw or digest
    Generation ticket_stamp{};  ///< the asker's, as above
    Time sent{};
    Time deadline = end_of_time;  ///< after which the asker no longer wants the answer

    std::uint64_t identity() const {
        return subject ^ (std::uint64_t{attempt} * 0x9e3779b97f4a7c15ull);
    }

    /// Coordinate of a draw made for this attempt by something named: attempt : 32, name's hash :
    /// 24, use : 8. A shared resource never numbers draws, else one extra customer gives everyone
    /// after it new luck.
    std::uint64_t draw_number(std::uint64_t name_hash, std::uint32_t use) const {
        return (std::uint64_t{attempt} << 32) | ((name_hash & 0xffffffu) << 8) | (use & 0xffu);
    }
};

/// A customer reaches whoever serves.
struct Ask {
    static constexpr std::string_view name = "service.ask";
    static constexpr Phase phase = Phase::network;
    using Payload = Customer;
};

/// The answer reaches whoever asked.
struct Answer {
    Service outcome = Service::served;
    static constexpr std::string_view name = "service.answer";
    static constexpr Phase phase = Phase::network;
    using Payload = Customer;
    static constexpr auto fields() {
        return FieldList{
            Field<Answer, Service>{"outcome", &Answer::outcome, "", "what became of the attempt"}};
    }
};

/// Where a model sends customers, or answers, without knowing who is behind; wired when the world
/// is built.
using AskDoor = std::function<void(Context& context, const Customer& customer)>;
using AnswerDoor = std::function<void(Context& context, Service outcome, const Customer& customer)>;

/// Door to an entity of a model that has on(Ask) (a station, a layer of retrying clients), `delay`
/// away.
template <class Model>
AskDoor ask_door(Address<Model> to, Duration delay = {}) {
    return [to, delay](Context& context, const Customer& customer) {
        context.send(delay, to, Ask{}, customer);
    };
}

/// Door back to customers' `from`, which are all entities of Model, `delay` away. Those from
/// no_entity want none.
template <class Model>
AnswerDoor answer_door(Duration delay = {}) {
    return [delay](Context& context, Service outcome, const Customer& customer) {
        if (customer.from == no_entity) return;
        context.send(delay, Address<Model>{customer.from}, Answer{outcome}, customer);
    };
}

/// A random span in whole nanoseconds, of mean exactly `seconds`: rounded up or down by the
/// subject's own luck, for always rounding 1/300 s down would let a million services end a third of
/// a millisecond early.
/// @throws nothing; below 0 it is 0, above the horizon the horizon
inline Duration unbiased_duration(double seconds, std::uint64_t subject) {
    if (!(seconds > 0.0)) return {};
    const double ns = seconds * 1e9;
    if (ns >= static_cast<double>(horizon.ns)) return horizon;
    const double luck = static_cast<double>((subject * 0x9e3779b97f4a7c15ull) >> 11) * 0x1p-53;
    return {static_cast<std::int64_t>(ns + luck)};
}

}  // namespace driftstorm
