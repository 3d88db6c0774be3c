#include "models/ledger/ledger.hpp"

namespace driftstorm {

static_assert(std::is_trivially_copyable_v<Ledger>);

}  // namespace driftstorm
