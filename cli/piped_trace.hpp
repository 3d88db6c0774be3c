#pragma once

#include "recordings/side.hpp"
#include "recordings/trace.hpp"

#include <memory>
#include <optional>
#include <string>

namespace driftstorm::cli {

/// A trace that another build of driftstorm makes: `BUILD trace RUN --lines`, read as it comes.
class PipedTrace final : public TraceSource {
  public:
    /// @throws OutputError when the program cannot be started
    PipedTrace(const std::string& program, const RunSide& side, Time from, Time to);
    ~PipedTrace() override;
    PipedTrace(const PipedTrace&) = delete;
    PipedTrace& operator=(const PipedTrace&) = delete;

    /// @throws OutputError when the program failed or said something else than a trace
    std::optional<TraceEvent> next() override;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace driftstorm::cli
