#pragma once

#include "recordings/recorded_run.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A change planted in a model's source.
struct Mutant {
    std::string_view kind;
    std::string_view file;
    int line;
};
const std::vector<Mutant>& mutants();
/// Whether a change is one of the text only, after which no result may move.
bool is_refactoring(const Mutant& mutant);

/// What became of one change.
struct Finding {
    enum class Outcome : std::uint8_t { no_effect, crashed, examined };
    Outcome outcome = Outcome::crashed;
    bool window = false;     ///< the ladders' window holds the first difference
    bool component = false;  ///< the component named is the one that differs first
    bool cause = false;      ///< the draw, or the scenario's value, that was changed is named
    bool has_cause = false;  ///< whether there is one to name
    double run_s = 0;        ///< CPU time of the two whole runs
    double diff_s = 0;       ///< of telling them apart
    double events = 0;       ///< run again, of those of two whole runs
    int signal = 0;          ///< that ended it
};

/// A scenario whose unchanged run is known.
struct Subject {
    ScenarioText text;
    LoadedScenario loaded;
    RecordedRun run;
    double run_s = 0;
};
Subject subject_of(const std::string& file);

/// Runs a subject with a change of the models' sources, tells both runs apart, and holds the answer
/// against a comparison of every event and row from the first on.
Finding examine_mutant(const Subject& subject, int mutant);
/// The same with another text of the scenario, in which the value at `path` was changed.
Finding examine_text(const Subject& subject, const std::string& text, const std::string& path);

/// In a process of its own: a change may break a promise, or never end.
Finding apart(const std::function<Finding()>& examine);

/// A resolved scenario's lines that hold a number, each with that number a little larger.
struct ChangedText {
    std::string path;
    std::string text;
};
std::vector<ChangedText> changed_texts(const Scenario& scenario);

}  // namespace driftstorm
