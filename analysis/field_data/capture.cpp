#include "analysis/field_data/capture.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>

namespace driftstorm::field_data {

namespace {

constexpr std::size_t ntp_bytes = 48;
constexpr std::uint16_t ntp_port = 123;
constexpr std::uint32_t ntp_epoch = 2208988800u;  // 1970 since 1900 [s]
constexpr std::uint8_t udp = 17;

using Bytes = std::span<const std::uint8_t>;

std::uint16_t two(Bytes b, std::size_t at) {
    return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}
std::uint32_t four(Bytes b, std::size_t at) {
    return static_cast<std::uint32_t>(two(b, at)) << 16 | two(b, at + 2);
}
std::uint64_t eight(Bytes b, std::size_t at) {
    return static_cast<std::uint64_t>(four(b, at)) << 32 | four(b, at + 4);
}

/// When a packet was captured.
struct Stamp {
    std::int64_t second = 0;  ///< since 1970
    std::int64_t ns = 0;
};

double seconds_between(const Stamp& later, const Stamp& earlier) {
    return static_cast<double>(later.second - earlier.second) +
           static_cast<double>(later.ns - earlier.ns) * 1e-9;
}

/// NTP's stamp minus a capture's [s]; eras are folded: they differ by less than 68 years.
double seconds_after(std::uint64_t stamp, const Stamp& capture) {
    const auto whole =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(stamp >> 32) -
                                  (static_cast<std::uint32_t>(capture.second) + ntp_epoch));
    return static_cast<double>(whole) + (static_cast<double>(stamp & 0xffffffffu) * 0x1p-32 -
                                         static_cast<double>(capture.ns) * 1e-9);
}

struct Datagram {
    std::string from;
    std::string to;
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    Bytes payload;
};

std::string address(int family, Bytes bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    return text.data();
}

/// Of an IP packet that carries UDP; false: it does not, or is a later fragment.
bool read_ip(Bytes packet, Datagram& found) {
    if (packet.empty()) return false;
    std::size_t header = 0;
    if (packet[0] >> 4 == 4) {
        header = std::size_t{4} * (packet[0] & 15u);
        if (packet.size() < std::max<std::size_t>(header, 20) || packet[9] != udp) return false;
        if ((two(packet, 6) & 0x1fff) != 0) return false;
        found.from = address(AF_INET, packet.subspan(12, 4));
        found.to = address(AF_INET, packet.subspan(16, 4));
    } else if (packet[0] >> 4 == 6) {
        header = 40;
        if (packet.size() < header || packet[6] != udp) return false;
        found.from = address(AF_INET6, packet.subspan(8, 16));
        found.to = address(AF_INET6, packet.subspan(24, 16));
    } else {
        return false;
    }
    if (packet.size() < header + 8) return false;
    found.from_port = two(packet, header);
    found.to_port = two(packet, header + 2);
    found.payload = packet.subspan(header + 8);
    return true;
}

/// Where the IP packet begins in a frame of that link type; nothing: it carries no IP.
std::size_t ip_begin(int link, Bytes frame) {
    constexpr std::size_t none = SIZE_MAX;
    constexpr std::uint16_t ipv4 = 0x0800;
    constexpr std::uint16_t ipv6 = 0x86dd;
    constexpr std::uint16_t vlan = 0x8100;
    constexpr std::uint16_t service_vlan = 0x88a8;
    std::size_t type_at = 0;
    std::size_t begin = 0;
    switch (link) {
        case DLT_EN10MB:
            type_at = 12;
            begin = 14;
            while (frame.size() >= begin + 4 &&
                   (two(frame, type_at) == vlan || two(frame, type_at) == service_vlan)) {
                type_at += 4;
                begin += 4;
            }
            break;
        case DLT_LINUX_SLL:
            type_at = 14;
            begin = 16;
            break;
        case DLT_LINUX_SLL2:
            type_at = 0;
            begin = 20;
            break;
        case DLT_NULL:
            return 4;
        default:  // raw IP
            return 0;
    }
    if (frame.size() < begin) return none;
    const std::uint16_t type = two(frame, type_at);
    return type == ipv4 || type == ipv6 ? begin : none;
}

bool known_link(int link) {
    for (const int one :
         {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_RAW, DLT_IPV4, DLT_IPV6})
        if (link == one) return true;
    return false;
}

/// A client's port and a server, and the stamp that joins request and reply.
struct Key {
    std::string client;
    std::string server;
    std::uint16_t port = 0;
    std::uint64_t stamp = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
};

struct Conversation {
    std::vector<Exchange> exchanges;
    std::uint64_t requests = 0;
};

class Matcher {
  public:
    void take(const Datagram& datagram, const Stamp& at) {
        const std::uint8_t mode = datagram.payload[0] & 7u;
        const std::uint64_t transmit = eight(datagram.payload, 40);
        if (at.ns % 1000 != 0) resolution_ = 0.5e-9;
        if (mode == 3 && datagram.to_port == ntp_port) {
            Key key{datagram.from, datagram.to, datagram.from_port, transmit};
            ++conversations_[{key.client, key.server}].requests;
            open_[std::move(key)] = at;
        } else if (mode == 4 && datagram.from_port == ntp_port) {
            reply(datagram, at, transmit);
        }
    }

    std::map<std::pair<std::string, std::string>, Conversation>& conversations() {
        return conversations_;
    }
    std::size_t refused() const { return refused_; }
    double resolution() const { return resolution_; }

  private:
    void reply(const Datagram& datagram, const Stamp& at, std::uint64_t transmit) {
        const auto asked =
            open_.find({datagram.to, datagram.from, datagram.to_port, eight(datagram.payload, 24)});
        if (asked == open_.end()) return;
        const Stamp sent = asked->second;
        open_.erase(asked);
        const std::uint8_t stratum = datagram.payload[1];
        if (datagram.payload[0] >> 6 == 3 || stratum == 0 || stratum > 15 || transmit == 0) {
            ++refused_;
            return;
        }
        const double there = seconds_after(eight(datagram.payload, 32), sent);
        const double back = seconds_after(transmit, at);
        Exchange exchange;
        exchange.at = static_cast<double>(sent.second) + static_cast<double>(sent.ns) * 1e-9 +
                      seconds_between(at, sent) / 2;
        exchange.offset = (there + back) / 2;
        exchange.delay = there - back;
        conversations_[{datagram.to, datagram.from}].exchanges.push_back(exchange);
    }

    std::map<Key, Stamp> open_;
    std::map<std::pair<std::string, std::string>, Conversation> conversations_;
    std::size_t refused_ = 0;
    double resolution_ = 0.5e-6;  ///< of the captures' stamps, by their digits [s]
};

using Capture = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

Capture open_capture(const std::string& path) {
    std::array<char, PCAP_ERRBUF_SIZE> why{};
    Capture capture(pcap_open_offline_with_tstamp_precision(path.c_str(),
                                                            PCAP_TSTAMP_PRECISION_NANO, why.data()),
                    pcap_close);
    if (!capture)
        throw std::invalid_argument(path + ": " + why.data() +
                                    "; wanted is a capture, pcap or pcapng, not compressed");
    const int link = pcap_datalink(capture.get());
    if (!known_link(link)) {
        const char* name = pcap_datalink_val_to_name(link);
        throw std::invalid_argument(
            fmt::format("{}: link type {}; wanted is Ethernet, Linux cooked, raw IP or loopback",
                        path, name != nullptr ? name : std::to_string(link)));
    }
    return capture;
}

void read_capture(const std::string& path, Matcher& matcher) {
    const Capture capture = open_capture(path);
    const int link = pcap_datalink(capture.get());
    std::size_t number = 0;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    int got = 0;
    while ((got = pcap_next_ex(capture.get(), &header, &data)) == 1) {
        ++number;
        const Bytes frame(data, header->caplen);
        const std::size_t begin = ip_begin(link, frame);
        Datagram datagram;
        if (begin >= frame.size() || !read_ip(frame.subspan(begin), datagram)) continue;
        if (datagram.from_port != ntp_port && datagram.to_port != ntp_port) continue;
        if (datagram.payload.size() < ntp_bytes) {
            if (header->caplen < header->len)
                throw std::invalid_argument(fmt::format(
                    "{}: packet {}: {} of {} bytes were captured, which cuts off NTP's {}; "
                    "capture without a limit (tcpdump -s 0)",
                    path, number, header->caplen, header->len, ntp_bytes));
            continue;  // no NTP
        }
        matcher.take(datagram, {header->ts.tv_sec, header->ts.tv_usec});
    }
    if (got == -1)
        throw std::invalid_argument(
            fmt::format("{}: after packet {}: {}; the file was cut off or "
                        "damaged, capture again or mend it (editcap)",
                        path, number, pcap_geterr(capture.get())));
}

}  // namespace

FieldLog read_captures(const std::vector<std::string>& paths, const std::string& source) {
    Matcher matcher;
    for (const std::string& path : paths) read_capture(path, matcher);
    const Conversation* most = nullptr;
    FieldLog log;
    std::size_t all = 0;
    for (const auto& [pair, conversation] : matcher.conversations()) {
        all += conversation.exchanges.size();
        if (!source.empty() && pair.second != source) continue;
        if (most == nullptr || conversation.exchanges.size() > most->exchanges.size()) {
            most = &conversation;
            log.sources.assign(1, pair.second);
        }
    }
    if (most == nullptr || most->exchanges.empty())
        throw std::invalid_argument(
            paths.front() + ": no request to UDP port 123" +
            (source.empty() ? std::string() : " of " + source) +
            " with its reply; wanted is a capture of both directions, on the client's side");
    std::vector<Exchange> exchanges = most->exchanges;
    std::stable_sort(exchanges.begin(), exchanges.end(),
                     [](const Exchange& a, const Exchange& b) { return a.at < b.at; });
    for (Exchange& exchange : exchanges) {
        exchange.offset_resolution = exchange.delay_resolution = matcher.resolution();
        log.entries.emplace_back(exchange);
    }
    log.requests = most->requests;
    log.replies = exchanges.size();
    if (all > exchanges.size())
        log.remarks.push_back(
            fmt::format("{} exchanges of other clients or servers", all - exchanges.size()));
    if (matcher.refused() > 0)
        log.remarks.push_back(
            fmt::format("{} replies of servers not synchronised or refusing", matcher.refused()));
    return log;
}

}  // namespace driftstorm::field_data
