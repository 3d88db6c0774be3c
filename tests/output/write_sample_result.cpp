// Writes the sample result of the tests: write_sample_result PATH [STEPS]
#include "tests/output/sample_result.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: write_sample_result PATH [STEPS]\n";
        return 2;
    }
    try {
        driftstorm::sample::write(argv[1], argc > 2 ? std::atoi(argv[2]) : 40);
    } catch (const driftstorm::OutputError& error) {
        std::cerr << error.what() << '\n';
        return 5;
    }
    return 0;
}
