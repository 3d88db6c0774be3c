#pragma once

#include "sim/core/time.hpp"

#include <functional>
#include <string>
#include <vector>

namespace driftstorm {

/// One scenario of the library, cut short, and what its run must give on every machine.
struct SelfcheckRun {
    std::string scenario;  ///< "mm1.yaml"
    Duration until{};
    std::string shipped;  ///< digest as shipped
    std::string digest;   ///< on this machine
    std::uint64_t events = 0;
    bool same() const { return digest == shipped; }
};

/// Runs the corpus that the program carries in itself, needing no file.
/// @param done  told after each run
std::vector<SelfcheckRun> selfcheck(const std::function<void(const SelfcheckRun&)>& done = {});

/// The corpus' list with this machine's digests, as it is kept in recordings/corpus.txt.
std::string corpus_text(const std::vector<SelfcheckRun>& runs);

}  // namespace driftstorm
