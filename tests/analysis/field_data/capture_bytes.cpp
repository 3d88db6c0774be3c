#include "tests/analysis/field_data/capture_bytes.hpp"

namespace driftstorm::test {

namespace {

std::string big(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>((value >> (8 * i)) & 0xff);
    return text;
}

std::string little(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
    return text;
}

std::string padded(std::string text) {
    text.append((4 - text.size() % 4) % 4, '\0');
    return text;
}

std::string block(std::uint32_t type, const std::string& body) {
    const std::string length = little(12 + body.size(), 4);
    return little(type, 4) + length + body + length;
}

std::string ntp_text(const CaptureBytes::Ntp& ntp) {
    return big(ntp.leap << 6 | 4u << 3 | ntp.mode, 1) + big(ntp.stratum, 1) + big(6, 1) +
           big(0xe9, 1) + std::string(12, '\0') + big(0, 8) + big(ntp.origin, 8) +
           big(ntp.receive, 8) + big(ntp.transmit, 8);
}

}  // namespace

std::uint64_t ntp_stamp(std::int64_t ns) {
    const std::uint64_t second = static_cast<std::uint64_t>(ns / 1'000'000'000) + 2'208'988'800u;
    const auto rest = static_cast<std::uint64_t>(ns % 1'000'000'000);
    return second << 32 | ((rest << 32) / 1'000'000'000);
}

CaptureBytes::CaptureBytes(Format format, std::uint32_t link) : format_(format), link_(link) {
    if (format == Format::pcap) {
        bytes_ = little(0xa1b23c4d, 4) + little(2, 2) + little(4, 2) + little(0, 8) +
                 little(65535, 4) + little(link, 4);
        return;
    }
    const std::string nanoseconds = little(9, 2) + little(1, 2) + padded(little(9, 1));
    bytes_ =
        block(0x0a0d0d0a,
              little(0x1a2b3c4d, 4) + little(1, 2) + little(0, 2) + std::string(8, '\xff')) +
        block(1, little(link, 2) + little(0, 2) + little(65535, 4) + nanoseconds + little(0, 4));
}

std::string CaptureBytes::link_header(int version, bool vlan) const {
    const std::string type = big(version == 4 ? 0x0800 : 0x86dd, 2);
    switch (link_) {
        case 1:
            return std::string(12, '\x02') + (vlan ? big(0x8100, 2) + big(7, 2) : "") + type;
        case 113:
            return std::string(14, '\0') + type;
        case 276:
            return type + std::string(18, '\0');
        default:
            return {};
    }
}

void CaptureBytes::add(std::int64_t ns, const Ntp& ntp, int version, std::size_t cut, bool vlan) {
    const bool reply = ntp.mode == 4;
    const std::string payload = ntp_text(ntp);
    const std::string ports = reply ? big(123, 2) + big(40000, 2) : big(40000, 2) + big(123, 2);
    const std::string datagram = ports + big(8 + payload.size(), 2) + big(0, 2) + payload;
    std::string packet;
    if (version == 4) {
        const std::string client = big(0xc0a87b0a, 4);
        const std::string server = big(0xc0a87b01, 4);
        packet = big(0x45, 1) + big(0, 1) + big(20 + datagram.size(), 2) + big(0, 4) + big(64, 1) +
                 big(17, 1) + big(0, 2) + (reply ? server + client : client + server);
    } else {
        const std::string client = big(0xfd00, 2) + std::string(13, '\0') + big(10, 1);
        const std::string server = big(0xfd00, 2) + std::string(13, '\0') + big(1, 1);
        packet = big(0x60000000, 4) + big(datagram.size(), 2) + big(17, 1) + big(64, 1) +
                 (reply ? server + client : client + server);
    }
    const std::string frame = link_header(version, vlan) + packet + datagram;
    const std::string kept = frame.substr(0, frame.size() - cut);
    if (format_ == Format::pcap) {
        bytes_ += little(static_cast<std::uint64_t>(ns / 1'000'000'000), 4) +
                  little(static_cast<std::uint64_t>(ns % 1'000'000'000), 4) +
                  little(kept.size(), 4) + little(frame.size(), 4) + kept;
        return;
    }
    const auto stamp = static_cast<std::uint64_t>(ns);
    bytes_ += block(6, little(0, 4) + little(stamp >> 32, 4) + little(stamp & 0xffffffff, 4) +
                           little(kept.size(), 4) + little(frame.size(), 4) + padded(kept));
}

}  // namespace driftstorm::test
