/* Prints a hash of a million libm results: it changes with the code path that libm picks for the CPU,
 * so it tells whether switching FMA off had any effect. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    uint64_t hash = 0;
    for (int i = 1; i <= 1000000; ++i) {
        const double x = i * 1e-3;
        const double results[] = {exp(-x * 0.01), log(x), sin(x), pow(x, 1.7)};
        for (unsigned j = 0; j < sizeof results / sizeof *results; ++j) {
            uint64_t bits;
            memcpy(&bits, &results[j], sizeof bits);
            hash = hash * 31 + bits;
        }
    }
    printf("%016llx\n", (unsigned long long)hash);
    return 0;
}
