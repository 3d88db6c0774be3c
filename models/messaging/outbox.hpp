#pragma once

#include "models/ledger/ledger.hpp"
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
    Generation generation{};
    SendState state = SendState::waiting;
    bool outage = false;  ///< a node that the attempt needed was down when it left
};

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
