#pragma once

#include "models/links/packet.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

namespace driftstorm {

/// Writes NTP packets to a file of libpcap's format with nanosecond stamps, as a capture at the
/// time servers has them: Ethernet, IPv4 and UDP port 123. Device k is 10.0.0.0 + k, server k is
/// 172.16.0.0 + k. Source: draft-ietf-opsawg-pcap; RFC 791, 768, 5905.
class NtpCapture {
  public:
    /// The number of an entity among the devices or the servers, from 1 on.
    using Number = std::function<std::uint32_t(EntityId)>;

    /// @param epoch_unix_ns  instant 0
    /// @throws OutputError
    NtpCapture(std::string path, std::int64_t epoch_unix_ns, Number number);
    ~NtpCapture();
    NtpCapture(const NtpCapture&) = delete;
    NtpCapture& operator=(const NtpCapture&) = delete;

    /// @throws OutputError
    void packet(Time at, const Packet& packet);
    /// @throws OutputError
    void finish();
    std::uint64_t packets() const { return packets_; }

  private:
    void write(const void* bytes, std::size_t count);

    std::string path_;
    std::int64_t epoch_unix_ns_;
    Number number_;
    std::FILE* file_ = nullptr;
    std::uint64_t packets_ = 0;
};

}  // namespace driftstorm
