#pragma once

namespace CLI {
class Validator;
}

namespace driftstorm::cli {

/// Takes digits alone, of 64 bits and without leading zeros: what reads numbers else takes -1 for
/// the greatest one and 010 for eight.
CLI::Validator whole_number();

}  // namespace driftstorm::cli
