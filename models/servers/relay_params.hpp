#pragma once

#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

enum class OnGapTimeout : std::uint8_t { resync, show };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<OnGapTimeout>{"resync", "show"};

enum class SequencingScope : std::uint8_t { conversation };
template <>
inline constexpr std::array<std::string_view, 1> enum_words<SequencingScope>{"conversation"};

/// Order and admission of messages. Source of reject_skew_above: MTProto refuses stamps more than
/// 30 s ahead or 300 s behind; the default lies between. Source of gap_timeout: MTProto waits 0.5
/// s, group chats longer.
struct Sequencing {
    SequencingScope scope = SequencingScope::conversation;
    Duration reject_skew_above{90'000'000'000};
    Duration dedupe_window{600'000'000'000};
    Duration gap_timeout{4'000'000'000};
    OnGapTimeout on_gap_timeout = OnGapTimeout::resync;

    static constexpr auto fields() {
        return FieldList{
            Field<Sequencing, SequencingScope>{"scope", &Sequencing::scope, "",
                                               "what one sequence of numbers covers"},
            Field<Sequencing, Duration>{
                "reject_skew_above", &Sequencing::reject_skew_above, "s",
                "refuse attempts whose stamp differs from the relay's clock by more", 0.001, 1e9},
            Field<Sequencing, Duration>{"dedupe_window", &Sequencing::dedupe_window, "s",
                                        "a repeated message is recognised within this time", 0,
                                        1e7},
            Field<Sequencing, Duration>{"gap_timeout", &Sequencing::gap_timeout, "s",
                                        "devices hold messages back this long for a missing one",
                                        0.001, 1e5},
            Field<Sequencing, OnGapTimeout>{"on_gap_timeout", &Sequencing::on_gap_timeout, "",
                                            "what follows then"}};
    }
};

/// What a resync costs. Source of page: CloudKit's 200 records a request.
struct ResyncCost {
    std::uint32_t page = 200;
    Duration cost_per_page{6'000'000};
    Duration spread{0};
    std::uint32_t history = 0;
    double cold_factor = 4.0;

    static constexpr auto fields() {
        return FieldList{
            Field<ResyncCost, std::uint32_t>{"page", &ResyncCost::page, "", "messages a page", 1,
                                             1e6},
            Field<ResyncCost, Duration>{"cost_per_page", &ResyncCost::cost_per_page, "s",
                                        "work of a page", 0, 3600},
            Field<ResyncCost, Duration>{
                "spread", &ResyncCost::spread, "s",
                "devices spread the resync after a relay's restart over this time", 0, 1e5},
            Field<ResyncCost, std::uint32_t>{"history", &ResyncCost::history, "",
                                             "messages each conversation held before the run", 0,
                                             1e7},
            Field<ResyncCost, double>{"cold_factor", &ResyncCost::cold_factor, "",
                                      "work takes this many times longer while the cache is cold",
                                      1, 1e4}};
    }
};

/// Copies that a device has not acknowledged are sent again while its session lives.
struct Redelivery {
    Duration timeout{5'000'000'000};
    double factor = 2.0;
    Duration cap{60'000'000'000};

    static constexpr auto fields() {
        return FieldList{
            Field<Redelivery, Duration>{"timeout", &Redelivery::timeout, "s",
                                        "wait for the first acknowledgement", 0.01, 1e5},
            Field<Redelivery, double>{"factor", &Redelivery::factor, "", "growth of the wait", 1,
                                      100},
            Field<Redelivery, Duration>{"cap", &Redelivery::cap, "s", "longest wait", 0.01, 1e6}};
    }
};

/// A group of message relay nodes.
struct RelayParams {
    std::uint32_t workers = 1;
    Distribution service_time{};
    Distribution handshake{};
    std::uint32_t queue_limit = 20000;
    Sequencing sequencing{};
    ResyncCost resync{};
    Redelivery redelivery{};
    Distribution clock_offset{};

    static constexpr auto fields() {
        return FieldList{
            Field<RelayParams, std::uint32_t>{"workers", &RelayParams::workers, "",
                                              "jobs a node serves at once", 1, 1e5},
            Field<RelayParams, Distribution>{"service_time", &RelayParams::service_time, "s",
                                             "work of a message", 0, 3600},
            Field<RelayParams, Distribution>{"handshake", &RelayParams::handshake, "s",
                                             "work of a new connection", 0, 3600},
            Field<RelayParams, std::uint32_t>{"queue_limit", &RelayParams::queue_limit, "",
                                              "jobs that may wait; more are dropped", 1, 1e8},
            Field<RelayParams, Sequencing>{"sequencing", &RelayParams::sequencing, "",
                                           "order and admission"},
            Field<RelayParams, ResyncCost>{"resync", &RelayParams::resync, "", "cost of a resync"},
            Field<RelayParams, Redelivery>{"redelivery", &RelayParams::redelivery, "",
                                           "unacknowledged copies"},
            Field<RelayParams, Distribution>{"clock_offset", &RelayParams::clock_offset, "s",
                                             "error of a node's clock", -1e9, 1e9}};
    }
};

}  // namespace driftstorm
