#pragma once

#include "models/messaging/message_rows.hpp"
#include "models/radio/radios.hpp"
#include "scenarios/world.hpp"
#include "sim/core/table.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::tests {

/// A scenario given as text, with library files readable beside it.
struct TextScenario {
    std::unique_ptr<Complaints> complaints;
    std::unique_ptr<Scenario> scenario;
};
TextScenario read_text(const std::string& yaml, const std::vector<Assignment>& set = {});

/// A commuter train small enough for a test: `count` phones, a relay that fails for 100 s, random
/// habits.
std::string small_train(std::uint32_t count);

/// `text` with `from`, which must occur, replaced by `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to);

/// Rows of one kind by name of their device, in order: what happened, free of dense numbers.
class RecordedRows : public TableSink {
  public:
    explicit RecordedRows(const World& world) : world_(world) {}
    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override;

    std::vector<std::string> intents;  ///< "riders[3] 7 at 120000000000 in
                                       ///< riders.conversations[4] of 900 B"
    std::vector<std::string> handovers;
    std::vector<std::string> oscillators;  ///< left alone, bit by bit, where outputs.clocks asks
    std::vector<CopyRow> copies;
    std::vector<MessageRow> messages;
    std::vector<ResyncRow> resyncs;
    std::uint64_t expected_copies = 0;

  private:
    const World& world_;
};

struct RunResult {
    std::string digest;
    std::uint64_t events = 0;
};
/// Runs a scenario to its end (or `until`) and records its rows.
RunResult run(const Scenario& scenario, const World::Options& options, Time until,
              const std::function<void(World&, const RecordedRows&)>& look = {});

}  // namespace driftstorm::tests
