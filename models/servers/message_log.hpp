#pragma once

#include "models/ledger/ledger.hpp"
#include "models/messaging/conversations.hpp"
#include "models/messaging/wire.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A message that got its place in its conversation.
struct LogEntry {
    MessageBody message{};
    Ledger ledger{};  ///< up to `sequenced`
    std::uint64_t identity = 0;
    Time sequenced{};
};

/// What a home node knows of one copy.
struct CopyState {
    std::uint32_t entry = 0;  ///< in the conversation's log
    std::uint32_t attempts = 0;
    Time last_sent = no_time;
};

/// The durable logs of the conversations homed at a partition's nodes, and how far each member is.
/// A restart of a node does not touch them.
class MessageLog {
  public:
    struct Member {
        std::uint32_t acknowledged = 0;  ///< copies 1 .. acknowledged have been received
        Generation timer{};
        std::uint8_t armed = 0;
        Duration wait{};
        std::vector<CopyState> copies;  ///< copy number n at n - 1
        auto state() { return std::tie(acknowledged, timer, armed, wait, copies); }
        std::uint32_t missing() const {
            return static_cast<std::uint32_t>(copies.size()) - acknowledged;
        }
    };

    explicit MessageLog(const Conversations& conversations)
        : logs_(conversations.size()), members_(conversations.memberships()) {}

    const std::vector<LogEntry>& log(std::uint32_t conversation) const {
        return logs_[conversation];
    }
    Member& member(std::uint32_t membership) { return members_[membership]; }
    const Member& member(std::uint32_t membership) const { return members_[membership]; }

    /// Sequence number of the sender's message if it was logged since `since`; 0: it was not.
    std::uint32_t find(std::uint32_t conversation, EntityId sender, std::uint32_t count,
                       Time since) const;
    /// Appends; returns the sequence number, from 1.
    std::uint32_t append(std::uint32_t conversation, const LogEntry& entry) {
        logs_[conversation].push_back(entry);
        return static_cast<std::uint32_t>(logs_[conversation].size());
    }

    auto state() { return std::tie(logs_, members_); }

  private:
    std::vector<std::vector<LogEntry>> logs_;
    std::vector<Member> members_;
};

}  // namespace driftstorm
