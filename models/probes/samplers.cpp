#include "models/probes/samplers.hpp"

namespace driftstorm {

static_assert(SimulationModel<Samplers>);

}  // namespace driftstorm
