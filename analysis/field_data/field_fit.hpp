#pragma once

#include "analysis/field_data/clock_fit.hpp"
#include "analysis/field_data/delay_fit.hpp"
#include "analysis/field_data/field_log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace driftstorm::field_data {

/// Overlapping Allan deviation of the unsteered clock as it was read, and as the fit has it.
struct AllanCheck {
    double tau = 0;  ///< [s]
    double data = 0;
    double low = 0;
    double high = 0;
    double fitted = 0;
    std::string noise;  ///< that was identified there; "" when there is too little
};

/// All that the logs of a client say of its clock and its path.
struct FieldFit {
    double start = 0;  ///< first exchange, s since 1970
    double span = 0;   ///< [s]
    std::size_t exchanges = 0;
    ClockFit clock;
    std::optional<DelayFit> delay;  ///< nothing: the logs have no delays
    JitterFit jitter;
    std::optional<Fitted> loss;  ///< of one way; nothing: the logs do not tell
    std::vector<AllanCheck> allan;
};

/// @throws std::invalid_argument when there is too little to fit
FieldFit fit_field_log(const FieldLog& log);

}  // namespace driftstorm::field_data
