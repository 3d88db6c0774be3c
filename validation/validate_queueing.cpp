// validate_queueing DIR: reads DIR/queueing_truths.csv, builds each of its models in the simulator,
// and says row by row whether what the simulation shows agrees with the closed form. No formula of
// the file is used for a simulated value.
#include "validation/families.hpp"
#include "validation/truths.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace driftstorm::validation {

namespace {

void print(const Truth& row, const Verdict& verdict) {
    std::printf("%s | %s | %s | %s | ", row.model.c_str(), row.params.c_str(), row.metric.c_str(),
                row.value.c_str());
    if (verdict.kind == Verdict::Kind::not_expressible) {
        std::printf("- | - | not expressible: %s\n", verdict.remark.c_str());
    } else {
        std::printf("%.6g | %.2g | %s%s%s%s\n", verdict.simulated, verdict.standard_error,
                    verdict.kind == Verdict::Kind::passed ? "pass" : "FAIL",
                    verdict.remark.empty() ? "" : " (", verdict.remark.c_str(),
                    verdict.remark.empty() ? "" : ")");
    }
    std::fflush(stdout);
}

int run(const std::string& path) {
    const std::vector<Truth> truths = read_truths(path);
    std::printf("model | params | metric | reference | simulated | standard error | pass\n");
    std::vector<Verdict> verdicts(truths.size());
    std::vector<bool> judged(truths.size(), false);
    int passed = 0;
    int failed = 0;
    int not_expressed = 0;
    for (std::size_t i = 0; i < truths.size(); ++i) {
        if (!truths[i].trouble.empty()) {
            verdicts[i] = not_expressible(truths[i].trouble);
        } else if (!judged[i]) {
            std::vector<Truth> rows;
            std::vector<std::size_t> places;
            for (std::size_t j = i; j < truths.size(); ++j) {
                if (truths[j].model != truths[i].model || truths[j].params != truths[i].params ||
                    !truths[j].trouble.empty())
                    continue;
                rows.push_back(truths[j]);
                places.push_back(j);
            }
            std::vector<Verdict> found;
            try {
                found = judge(rows);
            } catch (const std::exception& error) {  // a parameter that no model takes
                found.assign(rows.size(), not_expressible(error.what()));
            }
            for (std::size_t k = 0; k < places.size(); ++k) {
                verdicts[places[k]] = found[k];
                judged[places[k]] = true;
            }
        }
        print(truths[i], verdicts[i]);
        passed += verdicts[i].kind == Verdict::Kind::passed ? 1 : 0;
        failed += verdicts[i].kind == Verdict::Kind::failed ? 1 : 0;
        not_expressed += verdicts[i].kind == Verdict::Kind::not_expressible ? 1 : 0;
    }
    std::printf("%d passed, %d failed, %d not expressible\n", passed, failed, not_expressed);
    return failed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace driftstorm::validation

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(
            stderr,
            "usage: validate_queueing DIR\n  reads DIR/queueing_truths.csv (or the file itself)\n");
        return 2;
    }
    const std::filesystem::path given = argv[1];
    try {
        return driftstorm::validation::run(
            (std::filesystem::is_directory(given) ? given / "queueing_truths.csv" : given)
                .string());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "validate_queueing: %s\n", error.what());
        return 5;
    }
}
