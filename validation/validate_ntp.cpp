// validate_ntp DIR [--daemon NAME] [--cells GLOB] [--seeds N] [--csv FILE] [--rows]: runs every
// cell of a folder of runs of real NTP programs (reference.csv, runs.csv, series/, configs/) with
// our own clients, and judges each statistic by the reference's spread. Exit 0 when every program
// passes, 1 when one does not, 2 for a wrong command line, 5 when the folder cannot be read or a
// word in it is not known.
#include "sim/core/random.hpp"
#include "validation/time_client_words.hpp"
#include "validation/time_gates.hpp"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace driftstorm::validation {

namespace {

struct Options {
    std::string folder;
    std::string program;
    std::string cells = "*";
    std::string csv;
    std::string runs;
    int seeds = 32;
    unsigned threads = std::max(1u, std::thread::hardware_concurrency());
    bool all_rows = false;
};

constexpr const char* usage =
    "usage: validate_ntp DIR [options]\n"
    "  --daemon NAME   only the cells of this program\n"
    "  --cells GLOB    only these cells (* and ?)\n"
    "  --seeds N       runs of each cell (default 32)\n"
    "  --csv FILE      all rows as a table\n"
    "  --runs FILE     every run's figures: cell, seed, statistic, value\n"
    "  --threads N     at a time (default: all cores)\n"
    "  --rows          print every row, not only those that fail\n";

bool matches(std::string_view glob, std::string_view text) {
    if (glob.empty()) return text.empty();
    if (glob[0] == '*')
        return matches(glob.substr(1), text) || (!text.empty() && matches(glob, text.substr(1)));
    return !text.empty() && (glob[0] == '?' || glob[0] == text[0]) &&
           matches(glob.substr(1), text.substr(1));
}

Options read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&]() -> std::string {
            if (++i >= argc) throw std::invalid_argument(word + " needs a value");
            return argv[i];
        };
        const auto count = [&] {
            const int number = std::atoi(value().c_str());
            if (number < 1) throw std::invalid_argument(word + " needs a number above 0");
            return number;
        };
        if (word == "--daemon") {
            options.program = value();
        } else if (word == "--cells") {
            options.cells = value();
        } else if (word == "--seeds") {
            options.seeds = count();
        } else if (word == "--threads") {
            options.threads = static_cast<unsigned>(count());
        } else if (word == "--csv") {
            options.csv = value();
        } else if (word == "--runs") {
            options.runs = value();
        } else if (word == "--rows") {
            options.all_rows = true;
        } else if (word[0] == '-' || !options.folder.empty()) {
            throw std::invalid_argument("unknown option '" + word + "'");
        } else {
            options.folder = word;
        }
    }
    if (options.folder.empty()) throw std::invalid_argument("no folder");
    return options;
}

void run_one(const TimeCell& cell, int seed, CellRuns& runs) {
    const TimeRun run =
        run_time_client(read_time_network(cell.network_text, cell.network_place),
                        make_time_client(cell.program, cell.client_text, cell.client_place),
                        cell.duration, static_cast<std::uint64_t>(seed), identity_of(cell.name));
    const auto index = static_cast<std::size_t>(seed - 1);
    runs.figures[index] = time_statistics(cell, run);
    std::vector<double>& series = runs.series[index];
    for (const auto& sample : cell.series) {
        const auto second = static_cast<std::size_t>(std::max(0.0, sample.first));
        series.push_back(run.offset[std::min(second, run.offset.size() - 1)]);
    }
}

/// All that is not known in the cells, before any of them runs.
void check_cells(const std::vector<TimeCell>& cells) {
    std::string complaints;
    for (const TimeCell& cell : cells) {
        try {
            const TimeNetwork network = read_time_network(cell.network_text, cell.network_place);
            check_connected(network,
                            make_time_client(cell.program, cell.client_text, cell.client_place));
        } catch (const std::invalid_argument& error) {
            complaints += "\n  " + cell.name + ": " + error.what();
        }
    }
    if (!complaints.empty()) throw std::runtime_error("cells that cannot be run:" + complaints);
}

/// Every cell's runs; cells and seeds share the threads.
std::vector<CellRuns> run_all(const std::vector<TimeCell>& cells, const Options& options) {
    std::vector<CellRuns> runs(cells.size());
    for (CellRuns& cell : runs) {
        cell.figures.resize(static_cast<std::size_t>(options.seeds));
        cell.series.resize(static_cast<std::size_t>(options.seeds));
    }
    const std::size_t jobs = cells.size() * static_cast<std::size_t>(options.seeds);
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
        for (std::size_t job = next++; job < jobs; job = next++) {
            const std::size_t cell = job / static_cast<std::size_t>(options.seeds);
            try {
                run_one(cells[cell],
                        1 + static_cast<int>(job % static_cast<std::size_t>(options.seeds)),
                        runs[cell]);
            } catch (...) {
                const std::lock_guard<std::mutex> lock(mutex);
                if (!failure) failure = std::current_exception();
                next = jobs;
            }
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    return runs;
}

const char* verdict_of(const GateRow& row) {
    if (row.kind == GateRow::Kind::printed) return "-";
    return row.passed ? "pass" : row.beyond ? "BEYOND" : "FAIL";
}

void print_row(const GateRow& row) {
    std::printf("%-32s %-20s %11.4g %9.2g %11.4g %9.2g %+8.3f %7.3f %s\n", row.cell.c_str(),
                row.statistic.c_str(), row.reference.mean, row.reference.sd, row.simulated.mean,
                row.simulated.sd, row.ratio, row.gate, verdict_of(row));
}

void write_csv(const std::string& path, const std::vector<std::vector<GateRow>>& cells) {
    std::ofstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be written");
    file << "cell,statistic,reference_mean,reference_sd,reference_n,simulated_mean,simulated_sd,"
            "simulated_n,ln_ratio,standard_error,gate,verdict\n";
    char line[512];
    for (const std::vector<GateRow>& rows : cells)
        for (const GateRow& row : rows) {
            std::snprintf(line, sizeof line, "%s,%s,%.6g,%.6g,%d,%.6g,%.6g,%d,%.5f,%.5f,%.5f,%s\n",
                          row.cell.c_str(), row.statistic.c_str(), row.reference.mean,
                          row.reference.sd, row.reference.n, row.simulated.mean, row.simulated.sd,
                          row.simulated.n, row.ratio, row.error, row.gate, verdict_of(row));
            file << line;
        }
}

void write_runs(const std::string& path, const std::vector<TimeCell>& cells,
                const std::vector<CellRuns>& runs) {
    std::ofstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be written");
    file.precision(9);
    file << "cell,seed,statistic,value\n";
    for (std::size_t i = 0; i < cells.size(); ++i)
        for (std::size_t seed = 0; seed < runs[i].figures.size(); ++seed)
            for (const auto& [name, value] : runs[i].figures[seed])
                file << cells[i].name << ',' << seed + 1 << ',' << name << ',' << value << '\n';
}

int validate(const Options& options) {
    std::vector<TimeCell> cells;
    for (TimeCell& cell : read_time_cells(options.folder)) {
        if (!options.program.empty() && cell.program != options.program) continue;
        if (!matches(options.cells, cell.name)) continue;
        cells.push_back(std::move(cell));
    }
    if (cells.empty()) throw std::runtime_error(options.folder + ": no such cell");
    check_cells(cells);
    const std::vector<CellRuns> runs = run_all(cells, options);

    std::vector<std::vector<GateRow>> rows;
    std::map<std::string, std::vector<std::vector<GateRow>>> programs;
    std::printf("%-32s %-20s %11s %9s %11s %9s %8s %7s\n", "cell", "statistic", "reference", "sd",
                "simulated", "sd", "ln ratio", "gate");
    for (std::size_t i = 0; i < cells.size(); ++i) {
        rows.push_back(gate_rows(cells[i], runs[i]));
        programs[cells[i].program].push_back(rows.back());
        for (const GateRow& row : rows.back()) {
            const bool size = row.statistic == "off_rms_all" || row.statistic == "off_rms_pre";
            if (options.all_rows || !row.passed || size) print_row(row);
        }
    }
    if (!options.csv.empty()) write_csv(options.csv, rows);
    if (!options.runs.empty()) write_runs(options.runs, cells, runs);

    bool passed = true;
    std::printf(
        "\nprogram    cells passed  rows passed  beyond  median |r|  within 0.12  worst |r|\n");
    for (const auto& [program, of_program] : programs) {
        const ProgramVerdict verdict = judge_program(program, of_program);
        passed = passed && verdict.passed;
        std::printf("%-10s %4d of %3d %6d of %4d %7d %11.3f %11.0f%% %10.3f (%s) %s\n",
                    program.c_str(), verdict.cells_passed, verdict.cells, verdict.rows_passed,
                    verdict.rows, verdict.rows_beyond, verdict.median_ratio,
                    100 * verdict.share_near, verdict.worst_ratio, verdict.worst_cell.c_str(),
                    verdict.passed ? "passes" : "FAILS");
    }
    return passed ? 0 : 1;
}

}  // namespace

}  // namespace driftstorm::validation

int main(int argc, char** argv) {
    using namespace driftstorm::validation;
    if (argc == 2 && (std::string(argv[1]) == "--help" || std::string(argv[1]) == "-h")) {
        std::fputs(usage, stdout);
        return 0;
    }
    Options options;
    try {
        options = read_options(argc, argv);
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "validate_ntp: %s\n%s", error.what(), usage);
        return 2;
    }
    try {
        return validate(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "validate_ntp: %s\n", error.what());
        return 5;
    }
}
