// validate_stability DIR [--all]: reads DIR/deviations.csv (published values of stability
// statistics) and the data sets in DIR/data, computes each value, and says by statistic how many
// agree to 1e-4 relative (2e-3 for the data set ocxo, whose listed values spread as much). --all
// prints every row.
//
// Conventions: values are without bias correction, as in SP 1065's formulas. A row of a biased
// statistic (totdev, mtotdev) that agrees only after correction for the noise the row itself names
// counts as agreeing, and is told apart; a row of theo1 may be Theo1 or, bias removed by the data,
// TheoBR.
#include "analysis/stability/noise.hpp"
#include "analysis/stability/stability.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace driftstorm::stability {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Of a gzip file: its last four bytes are the length.
std::string unpacked(const std::string& packed, const std::string& path) {
    if (packed.size() < 18) throw std::runtime_error(path + ": no gzip file");
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
        length |= std::size_t{static_cast<unsigned char>(packed[packed.size() - 4 + i])} << (8 * i);
    std::string text(length, '\0');
    libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
    const libdeflate_result result = libdeflate_gzip_decompress(
        decompressor, packed.data(), packed.size(), text.data(), text.size(), nullptr);
    libdeflate_free_decompressor(decompressor);
    if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error(path + ": damaged gzip file");
    return text;
}

struct DataSet {
    const char* file;
    double nominal;  ///< 0: phase [s]; 1: fractional frequency; else frequency over this [Hz]
    double tau0;     ///< [s]
};
const std::map<std::string, DataSet> data_sets{
    {"nbs14_10", {"nbs14_10point_phase.txt", 0, 1}},
    {"nist1000", {"nist_sp1065_1000point_freq.txt", 1, 1}},
    {"PHASE.DAT", {"PHASE.DAT.txt", 0, 1}},
    {"pink_frequency", {"pink_frequency.txt", 1, 42}},
    {"ocxo", {"ocxo_frequency_hz.txt", 1e7, 1}},
    {"gps_1pps", {"gps_1pps_phase_data.txt.gz", 0, 1}},
    {"cs5071a", {"5071A_phase.txt.gz", 0, 1}},
};

std::vector<double> phase_of_set(const DataSet& set, const std::string& folder) {
    const std::string path = folder + "/data/" + set.file;
    std::string text = read_file(path);
    if (path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0)
        text = unpacked(text, path);
    std::vector<double> readings = read_column(text, 1, path);
    if (set.nominal == 0) return readings;
    if (set.nominal != 1)
        for (double& reading : readings) reading = reading / set.nominal - 1;
    return phase_of(readings, set.tau0);
}

/// Fields of a CSV line, quoted or not.
std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            fields.emplace_back();
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    return fields;
}

std::optional<Statistic> statistic_of(const std::string& name) {
    static const std::map<std::string, Statistic> names{
        {"ADEV", Statistic::adev},     {"OADEV", Statistic::oadev},
        {"MDEV", Statistic::mdev},     {"TDEV", Statistic::tdev},
        {"HDEV", Statistic::hdev},     {"OHDEV", Statistic::ohdev},
        {"TOTDEV", Statistic::totdev}, {"MTOTDEV", Statistic::mtotdev},
        {"THEO1", Statistic::theo1},   {"TIERMS", Statistic::tie_rms},
        {"MTIE", Statistic::mtie}};
    const auto found = names.find(name);
    if (found == names.end()) return std::nullopt;
    return found->second;
}

struct Tally {
    int compared = 0;
    int plain = 0;
    int corrected = 0;
    int intervals = 0;
    int intervals_near = 0;  ///< both published bounds within 5 %
    double worst = 0;
};

struct Phases {
    std::vector<double> phase;
    std::optional<double> to_avar;
};

int validate(const std::string& folder, bool all) {
    std::stringstream file(read_file(folder + "/deviations.csv"));
    std::string line;
    std::getline(file, line);
    std::map<std::string, std::size_t> column;
    for (const std::string& name : fields_of(line)) column.emplace(name, column.size());
    for (const char* needed : {"dataset", "deviation", "af", "alpha", "sigma"})
        if (column.count(needed) == 0)
            throw std::runtime_error("deviations.csv: no column '" + std::string(needed) + "'");
    std::map<std::string, Phases> loaded;
    std::map<std::string, Tally> tallies;
    std::map<std::string, int> passed_over;
    while (std::getline(file, line)) {
        std::vector<std::string> row = fields_of(line);
        row.resize(column.size());
        const auto field = [&](const char* name) {
            const auto at = column.find(name);
            return at == column.end() ? std::string() : row[at->second];
        };
        const std::optional<Statistic> statistic = statistic_of(field("deviation"));
        const auto set = data_sets.find(field("dataset"));
        if (!statistic || set == data_sets.end()) {
            ++passed_over[!statistic ? field("deviation") : "data set " + field("dataset")];
            continue;
        }
        Phases& data = loaded[set->first];
        if (data.phase.empty()) data.phase = phase_of_set(set->second, folder);
        const auto m = static_cast<std::uint64_t>(std::atof(field("af").c_str()));
        const double published = std::atof(field("sigma").c_str());
        const double tolerance = set->first == "ocxo" ? 2e-3 : 1e-4;
        Tally& tally = tallies[field("deviation")];
        ++tally.compared;
        if (!allows(*statistic, data.phase.size(), m)) {
            std::printf("%s: not defined for these data\n", line.c_str());
            continue;
        }
        const Estimate found = estimate(*statistic, data.phase, set->second.tau0, m);
        double off = std::abs(found.value / published - 1);
        const bool plain = off <= tolerance;
        bool corrected = false;
        if (!plain && !field("alpha").empty()) {
            double other = found.value;
            if (*statistic == Statistic::theo1) {
                if (!data.to_avar) data.to_avar = theo1_to_avar(data.phase);
                other *= std::sqrt(*data.to_avar);
            } else {
                other /= std::sqrt(variance_bias(*statistic, std::atoi(field("alpha").c_str()), m,
                                                 data.phase.size()));
            }
            corrected = std::abs(other / published - 1) <= tolerance;
            off = std::min(off, std::abs(other / published - 1));
        }
        tally.plain += plain ? 1 : 0;
        tally.corrected += corrected ? 1 : 0;
        tally.worst = std::max(tally.worst, off);
        const double low = std::atof(field("sigma_min").c_str());
        const double high = std::atof(field("sigma_max").c_str());
        std::string bounds;
        if (low > 0 && !field("alpha").empty()) {
            const auto edf = degrees_of_freedom(*statistic, std::atoi(field("alpha").c_str()), m,
                                                data.phase.size());
            if (edf) {
                const Bounds b = confidence_bounds(published, *edf, 0.683);
                ++tally.intervals;
                const bool near =
                    std::abs(b.low / low - 1) < 0.05 && std::abs(b.high / high - 1) < 0.05;
                tally.intervals_near += near ? 1 : 0;
                bounds =
                    " bounds " + std::to_string(b.low / low) + " " + std::to_string(b.high / high);
            }
        }
        if (all || (!plain && !corrected))
            std::printf("%s | %s | %llu | published %g | computed %.6g | off %.1e | %s%s\n",
                        field("dataset").c_str(), field("deviation").c_str(),
                        static_cast<unsigned long long>(m), published, found.value, off,
                        plain       ? "agrees"
                        : corrected ? "agrees, bias corrected"
                                    : "DIFFERS",
                        bounds.c_str());
    }
    int failed = 0;
    int compared = 0;
    std::printf(
        "deviation | rows | agree | of these bias corrected | worst relative | bounds within "
        "5 %%\n");
    for (const auto& [name, tally] : tallies) {
        const int agree = tally.plain + tally.corrected;
        compared += tally.compared;
        failed += tally.compared - agree;
        std::printf("%s | %d | %d | %d | %.1e | %d of %d\n", name.c_str(), tally.compared, agree,
                    tally.corrected, tally.worst, tally.intervals_near, tally.intervals);
    }
    for (const auto& [name, count] : passed_over)
        std::printf("%s: %d rows passed over, not offered\n", name.c_str(), count);
    std::printf("%d passed, %d failed\n", compared - failed, failed);
    return failed == 0 && compared > 0 ? 0 : 1;
}

}  // namespace

}  // namespace driftstorm::stability

int main(int argc, char** argv) {
    const bool all = argc == 3 && std::string(argv[2]) == "--all";
    if (argc != 2 && !all) {
        std::fprintf(stderr, "usage: validate_stability DIR [--all]\n");
        return 2;
    }
    try {
        return driftstorm::stability::validate(argv[1], all);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "validate_stability: %s\n", error.what());
        return 5;
    }
}
