#include "scenarios/ntp_capture.hpp"

#include "models/timesync/ntp_wire.hpp"
#include "sim/output/output_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

constexpr std::uint32_t device_net = 10u << 24;
constexpr std::uint32_t server_net = 172u << 24 | 16u << 16;
constexpr std::uint16_t ntp_port = 123;
constexpr std::size_t ethernet_bytes = 14, ip_bytes = 20, udp_bytes = 8;

/// Bytes in the order of the network.
class Frame {
  public:
    void put(std::uint64_t value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    void put(const NtpPayload& payload) {
        bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    }
    /// The Internet checksum of `count` bytes from `from` on, plus `more`. Source: RFC 1071.
    std::uint16_t checksum(std::size_t from, std::size_t count, std::uint32_t more) const {
        std::uint32_t sum = more;
        for (std::size_t i = 0; i < count; i += 2)
            sum += static_cast<std::uint32_t>(bytes_[from + i] << 8 | bytes_[from + i + 1]);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(~sum);
    }
    void set16(std::size_t at, std::uint16_t value) {
        bytes_[at] = static_cast<std::uint8_t>(value >> 8);
        bytes_[at + 1] = static_cast<std::uint8_t>(value);
    }
    const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  private:
    std::vector<std::uint8_t> bytes_;
};

void put_ethernet(Frame& frame, std::uint32_t from, std::uint32_t to) {
    constexpr std::uint64_t local = std::uint64_t{2} << 40;  // locally administered addresses
    frame.put(local | to, 6);
    frame.put(local | from, 6);
    frame.put(0x0800, 2);
}

void put_ip(Frame& frame, std::uint32_t from, std::uint32_t to, std::uint16_t id) {
    constexpr std::uint64_t udp = 17;
    frame.put(0x4500, 2);
    frame.put(ntp_packet_bytes, 2);
    frame.put(id, 2);
    frame.put(0x4000, 2);  // not to be fragmented
    frame.put(64u << 8 | udp, 2);
    frame.put(0, 2);
    frame.put(from, 4);
    frame.put(to, 4);
    frame.set16(ethernet_bytes + 10, frame.checksum(ethernet_bytes, ip_bytes, 0));
}

void put_udp(Frame& frame, std::uint32_t from, std::uint32_t to, const NtpPayload& payload) {
    constexpr std::uint32_t udp = 17;
    const auto length = static_cast<std::uint32_t>(udp_bytes + payload.size());
    frame.put(ntp_port, 2);
    frame.put(ntp_port, 2);
    frame.put(length, 2);
    frame.put(0, 2);
    frame.put(payload);
    const std::uint32_t pseudo =
        (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + udp + length;
    const std::uint16_t sum = frame.checksum(ethernet_bytes + ip_bytes, length, pseudo);
    frame.set16(ethernet_bytes + ip_bytes + 6, sum == 0 ? std::uint16_t{0xffff} : sum);
}

}  // namespace

NtpCapture::NtpCapture(std::string path, std::int64_t epoch_unix_ns, Number number)
    : path_(std::move(path)),
      epoch_unix_ns_(epoch_unix_ns),
      number_(std::move(number)),
      file_(std::fopen(path_.c_str(), "wb")) {
    if (file_ == nullptr) throw OutputError(path_, std::strerror(errno));
    constexpr std::uint32_t nanosecond_stamps = 0xa1b23c4d;
    constexpr std::uint32_t ethernet = 1;
    Frame header;
    header.put(nanosecond_stamps, 4);
    header.put(2, 2);
    header.put(4, 2);
    header.put(0, 8);
    header.put(65535, 4);
    header.put(ethernet, 4);
    write(header.bytes().data(), header.bytes().size());
}

NtpCapture::~NtpCapture() {
    if (file_ != nullptr) std::fclose(file_);
}

void NtpCapture::write(const void* bytes, std::size_t count) {
    if (std::fwrite(bytes, 1, count, file_) != count)
        throw OutputError(path_, std::strerror(errno));
}

void NtpCapture::packet(Time at, const Packet& packet) {
    const bool reply = packet.kind == ntp_mode_server;
    const std::uint32_t device = device_net + number_(packet.device);
    const std::uint32_t server = server_net + number_(packet.server);
    const std::uint32_t from = reply ? server : device;
    const std::uint32_t to = reply ? device : server;
    Frame frame;
    put_ethernet(frame, from, to);
    put_ip(frame, from, to, static_cast<std::uint16_t>(packet.attempt));
    put_udp(frame, from, to, ntp_payload(packet.read<NtpBody>(), packet.kind, epoch_unix_ns_));
    const std::int64_t unix_ns = std::max<std::int64_t>(0, epoch_unix_ns_ + at.ns);
    const auto bytes = static_cast<std::uint32_t>(frame.bytes().size());
    Frame record;
    record.put(static_cast<std::uint64_t>(unix_ns / 1'000'000'000), 4);
    record.put(static_cast<std::uint64_t>(unix_ns % 1'000'000'000), 4);
    record.put(bytes, 4);
    record.put(bytes, 4);
    write(record.bytes().data(), record.bytes().size());
    write(frame.bytes().data(), frame.bytes().size());
    ++packets_;
}

void NtpCapture::finish() {
    const int failed = std::fclose(file_);
    file_ = nullptr;
    if (failed != 0) throw OutputError(path_, std::strerror(errno));
}

}  // namespace driftstorm
