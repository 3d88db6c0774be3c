#pragma once

#include <cstdint>
#include <string>

namespace driftstorm::test {

/// Bytes of captures, put together by hand from the formats' documents: pcap (draft-ietf-opsawg-
/// pcap), pcapng (draft-ietf-opsawg-pcapng), link types (tcpdump.org/linktypes.html), RFC 791,
/// 8200, 768 and 5905.
class CaptureBytes {
  public:
    enum class Format : std::uint8_t { pcap, pcapng };
    /// @param link  number of the link type
    CaptureBytes(Format format, std::uint32_t link);

    struct Ntp {
        unsigned mode = 3;
        unsigned stratum = 1;
        unsigned leap = 0;
        std::uint64_t origin = 0;
        std::uint64_t receive = 0;
        std::uint64_t transmit = 0;
    };
    /// A packet from the client to its server (mode 3) or back (mode 4).
    /// @param ns  captured at, since 1970
    /// @param version  of IP: 4 or 6
    /// @param cut  bytes that were not captured
    void add(std::int64_t ns, const Ntp& ntp, int version, std::size_t cut = 0, bool vlan = false);

    const std::string& bytes() const { return bytes_; }

  private:
    std::string link_header(int version, bool vlan) const;

    Format format_;
    std::uint32_t link_;
    std::string bytes_;
};

/// NTP's 64-bit stamp of ns since 1970, in its era.
std::uint64_t ntp_stamp(std::int64_t ns);

}  // namespace driftstorm::test
