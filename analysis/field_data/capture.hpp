#pragma once

#include "analysis/field_data/field_log.hpp"

#include <string>
#include <vector>

namespace driftstorm::field_data {

/// Reads NTP exchanges from packet captures (pcap, pcapng) taken on the client's side: UDP port 123
/// over IPv4 or IPv6, on Ethernet (802.1Q too), Linux cooked captures, raw IP or loopback. A reply
/// belongs to the request whose transmit stamp it repeats as origin (RFC 5905, section 8). T1 and
/// T4 are when the packets were captured, by the client's clock; T2 and T3 are the server's.
/// @param source  server's address; empty: the one with most replies
/// @throws std::invalid_argument naming file and packet where one is cut off, and when the file is
/// no capture or has no exchange
FieldLog read_captures(const std::vector<std::string>& paths, const std::string& source);

}  // namespace driftstorm::field_data
