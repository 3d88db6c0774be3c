#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

#include <iostream>

int main() {
    using namespace driftstorm::literals;
    const double u =
        driftstorm::draw_uniform(1, "consumer.wait", driftstorm::identity_of("phones.alice"), 0);
    std::cout << "alice waits " << (1_s * 60).seconds() * u << " s\n";
    return u > 0 && u < 1 ? 0 : 1;
}
