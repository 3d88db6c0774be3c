#pragma once

#include "sim/core/event.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace driftstorm {

/// Who talks to whom: laid out when the world is built and constant from then on, so that
/// partitions may share it. Members are devices (all devices of a member account). A membership is
/// a (conversation, device) pair; its number addresses the per-membership state of devices and
/// relays.
class Conversations {
  public:
    struct Member {
        std::uint32_t device = 0;   ///< number of the device: its Index in Apps
        std::uint32_t account = 0;  ///< devices of one account carry one number
    };

    /// Adds a conversation with its members, in order of device number.
    /// @param identity  stable 64-bit identity
    /// @param home      number of the relay node that orders it
    /// @param history   messages it held before the run
    void add(std::uint64_t identity, std::uint32_t home, std::uint32_t history,
             std::span<const Member> members);
    /// Gives a conversation the entity that stands for it in rows and messages.
    void set_entity(std::uint32_t conversation, EntityId entity) { entity_[conversation] = entity; }
    /// Call once after the last add(): lists each device's memberships.
    void index(std::uint32_t devices);

    std::uint32_t size() const { return static_cast<std::uint32_t>(entity_.size()); }
    std::uint32_t memberships() const { return static_cast<std::uint32_t>(members_.size()); }
    EntityId entity(std::uint32_t conversation) const { return entity_[conversation]; }
    std::uint64_t identity(std::uint32_t conversation) const { return identity_[conversation]; }
    std::uint32_t home(std::uint32_t conversation) const { return home_[conversation]; }
    std::uint32_t history(std::uint32_t conversation) const { return history_[conversation]; }

    /// Number of the first membership of a conversation; its members follow each other.
    std::uint32_t first(std::uint32_t conversation) const { return first_[conversation]; }
    std::span<const Member> members(std::uint32_t conversation) const {
        return std::span(members_).subspan(first_[conversation],
                                           first_[conversation + 1] - first_[conversation]);
    }
    std::uint32_t conversation_of(std::uint32_t membership) const {
        return conversation_of_[membership];
    }
    const Member& member(std::uint32_t membership) const { return members_[membership]; }

    /// The memberships of a device, in order of conversation.
    std::span<const std::uint32_t> of_device(std::uint32_t device) const {
        return std::span(of_device_)
            .subspan(device_first_[device], device_first_[device + 1] - device_first_[device]);
    }
    /// Membership of `device` in `conversation`; it is a member.
    std::uint32_t membership(std::uint32_t conversation, std::uint32_t device) const;
    /// Devices that get a copy of what `device` writes: all members but itself.
    std::uint32_t receivers(std::uint32_t conversation) const {
        return first_[conversation + 1] - first_[conversation] - 1;
    }

  private:
    std::vector<EntityId> entity_;
    std::vector<std::uint64_t> identity_;
    std::vector<std::uint32_t> home_;
    std::vector<std::uint32_t> history_;
    std::vector<std::uint32_t> first_{0};
    std::vector<Member> members_;
    std::vector<std::uint32_t> conversation_of_;
    std::vector<std::uint32_t> device_first_;
    std::vector<std::uint32_t> of_device_;
};

}  // namespace driftstorm
