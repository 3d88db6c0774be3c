#pragma once

#include "models/timesync/chrony_client.hpp"
#include "models/timesync/client_program.hpp"
#include "models/timesync/ntpd_client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// True time 0 of an exported run [s since 1970].
inline constexpr std::int64_t export_epoch_s = 1'700'000'000;

/// What a simulated client's clock was at an exchange, for who compares with the truth.
struct ExportedExchange {
    double at = 0;          ///< as the log has it, s since export_epoch_s
    double clock = 0;       ///< kernel's clock, s since export_epoch_s
    double correction = 0;  ///< what the program adds to the kernel's clock before it counts [s]
};

/// The logs of chronyd 4.3, as `log measurements statistics tracking` writes them.
struct ChronyLogs {
    std::string measurements;
    std::string tracking;
    std::string statistics;
    std::vector<ExportedExchange> exchanges;
};
/// A chrony client that writes its logs.
std::unique_ptr<ClientProgram> logging_chrony(const ChronyParams& params, ChronyLogs& logs);

/// loopstats and peerstats of ntpd 4.2.8 with its loop in the kernel.
struct NtpdLogs {
    std::string loopstats;
    std::string peerstats;
    std::vector<ExportedExchange> exchanges;  ///< of loopstats
};
std::unique_ptr<ClientProgram> logging_ntpd(const NtpdClient::Options& options, NtpdLogs& logs);

/// What tcpdump writes on the client (pcap in ns, raw IPv4).
struct CaptureLog {
    std::string pcap;
    std::vector<ExportedExchange> exchanges;
    std::uint64_t requests = 0;
};
/// A client that asks its one server every 2^poll s, does nothing to the clock, and is captured.
std::unique_ptr<ClientProgram> captured_client(int poll, CaptureLog& log);

}  // namespace driftstorm::validation
