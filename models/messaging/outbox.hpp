#pragma once

#include "models/ledger/ledger.hpp"
#include "models/messaging/connectivity.hpp"
#include "models/messaging/message_rows.hpp"
#include "models/messaging/wire.hpp"
#include "sim/core/event.hpp"

#include <cstdint>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class SendState : std::uint8_t {
    waiting,    ///< for a connection
    in_flight,  ///< an attempt is under way
    backoff,    ///< for the next attempt
    failed      ///< shown as failed: waits for its author
};

/// A message that its device has not seen acknowledged.
struct OutboxMessage {
    MessageBody body{};
    Ledger ledger{};  ///< up to the last change of state
    Duration last_wait{};
    std::uint64_t identity = 0;
    std::uint32_t attempts = 0;  ///< made so far
    std::uint32_t round = 0;     ///< attempts of the current press
    std::uint32_t presses = 1;
    std::uint32_t refusals = 0;
    /// The app's correction of the phone's clock in the stamps of attempts from `corrected_since`
    /// on. What a refusal says is about this one, whatever the app has learnt since.
    Duration correction{};
    std::uint32_t corrected_since = 1;  ///< beyond `attempts`: none since the clock was stepped
    Generation generation{};
    SendState state = SendState::waiting;
    bool composed_before_step = false;  ///< `local_composed` is of a clock that is no more
    Setback setback{};                  ///< of the latest attempt
    bool outage = false;                ///< a node that the attempt needed was down when it left
};

/// The phone's clock is stepped. What the message shows of the clock before keeps the correction
/// that was known for it, and no refusal of an attempt so far says anything of the clock to come.
inline void clock_stepped(OutboxMessage& message, Duration correction) {
    if (!message.composed_before_step)
        message.body.local_composed = message.body.local_composed + correction;
    message.composed_before_step = true;
    message.corrected_since = message.attempts + 1;
}

/// A message that was given up.
struct GivenUp {
    OutboxMessage message{};
    Time at{};
    Outcome outcome = Outcome::lost_attempts;
};

/// The messages of every device that are not yet acknowledged, oldest first.
class Outbox {
  public:
    explicit Outbox(std::uint32_t devices) : waiting_(devices) {}

    OutboxMessage& add(Index device, const OutboxMessage& message) {
        waiting_[device].push_back(message);
        return waiting_[device].back();
    }
    /// The message with the sender's number `count`, or nullptr when it is acknowledged or given
    /// up.
    OutboxMessage* find(Index device, std::uint32_t count);
    void remove(Index device, std::uint32_t count);
    void give_up(Index device, std::uint32_t count, Time now,
                 Outcome outcome = Outcome::lost_attempts);
    bool stale(Index device, std::uint32_t count, Generation generation) const;

    std::vector<OutboxMessage>& of(Index device) { return waiting_[device]; }
    const std::vector<OutboxMessage>& of(Index device) const { return waiting_[device]; }
    const std::vector<GivenUp>& given_up() const { return given_up_; }

    auto state() { return std::tie(waiting_, given_up_); }

  private:
    std::vector<std::vector<OutboxMessage>> waiting_;
    std::vector<GivenUp> given_up_;
};

}  // namespace driftstorm
