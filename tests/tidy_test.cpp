// The rules of docs/architecture.md that no compiler checks: who may include whom, which package
// appears where, and which words would make two machines disagree.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> source_folders{"sim",        "models", "scenarios", "analysis",
                                              "recordings", "sweeps", "cli",       "bench"};

/// Which layers a layer may include from; bench stands outside and may see everything.
const std::map<std::string, std::set<std::string>> may_include{
    {"sim/core", {"sim/core"}},
    {"sim/network", {"sim/network", "sim/core"}},
    {"sim/output", {"sim/output", "sim/core"}},
    {"models", {"models", "sim/network", "sim/core"}},
    {"scenarios", {"scenarios", "models", "sim/network", "sim/output", "sim/core"}},
    {"analysis", {"analysis", "sim/output", "sim/core"}},
    {"recordings", {"recordings", "analysis", "scenarios", "models", "sim/output", "sim/core"}},
    {"sweeps", {"sweeps", "analysis", "scenarios", "models", "sim/output", "sim/core"}},
    {"cli",
     {"cli", "sweeps", "recordings", "analysis", "scenarios", "sim/output", "sim/network",
      "sim/core"}},
};

/// A package's headers and the files that may name them.
struct Package {
    std::regex header;
    std::regex allowed;
    std::string where;
};
const std::vector<Package> packages{
    {std::regex{"boost/.*"}, std::regex{R"((sim/network|analysis/(stability|field_data))/.*\.cpp)"},
     "sim/network/*.cpp, analysis/stability/*.cpp and analysis/field_data/*.cpp"},
    {std::regex{"pcap/.*"}, std::regex{R"(analysis/field_data/capture\.cpp)"},
     "analysis/field_data/capture.cpp"},
    {std::regex{"hdf5.*|H5.*"}, std::regex{R"(sim/output/hdf5_file\.cpp)"},
     "sim/output/hdf5_file.cpp"},
    {std::regex{R"(libdeflate\.h)"}, std::regex{R"(sim/output/.*\.cpp)"}, "sim/output/*.cpp"},
    {std::regex{"yaml-cpp/.*"}, std::regex{R"(scenarios/parse_yaml\.cpp)"},
     "scenarios/parse_yaml.cpp"},
    {std::regex{"(unsupported/)?Eigen/.*"}, std::regex{"(analysis|models/timesync)/.*"},
     "analysis/ and models/timesync/"},
    {std::regex{"Random123/.*"}, std::regex{R"(sim/core/random\.cpp)"}, "sim/core/random.cpp"},
    {std::regex{R"(xxh(ash|3)\.h)"}, std::regex{R"(sim/core/(random|digest)\.cpp)"},
     "sim/core/random.cpp and digest.cpp"},
    {std::regex{"CLI/.*"}, std::regex{R"(cli/.*\.cpp)"}, "cli/*.cpp"},
    {std::regex{"fmt/.*"},
     std::regex{R"((sim/output|scenarios|analysis|recordings|sweeps|cli)/.*\.cpp)"},
     ".cpp files of sim/output, scenarios, analysis and cli"},
    {std::regex{"doctest.*"}, std::regex{"tests/.*"}, "tests/"},
    {std::regex{R"(sys/mman\.h)"},
     std::regex{R"((sim/core/hot_column|(sim/output|analysis|sweeps|cli)/.*)\.cpp)"},
     "sim/core/hot_column.cpp (large pages)"},
    {std::regex{R"(emmintrin\.h)"}, std::regex{R"(sim/core/random\.cpp)"},
     "sim/core/random.cpp (two products at once)"},
    {std::regex{R"((sys/|arpa/)?[a-z_]+\.h)"},
     std::regex{R"((sim/output|scenarios|analysis|sweeps|cli|bench)/.*\.cpp)"},
     ".cpp files above the engine and the models (headers of the operating system)"},
};

/// A word that would make runs differ, where, and what to write in its stead.
struct Ban {
    std::regex word;
    std::regex where;
    std::string instead;
};
const std::regex feeds_results{"(sim|models|scenarios)/.*"};
const std::regex everywhere{".*"};
const std::vector<Ban> bans{
    {std::regex{
         "(std::|__builtin_)(log|log2|log10|log1p|exp|exp2|expm1|pow|sin|cos|tan|asin|acos|atan|"
         "atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot|erf|erfc|tgamma|lgamma)[fl]?\\b"},
     feeds_results, "exact:: (libm differs between CPUs)"},
    {std::regex{
         "(^|[^:\\w.>&\\s]|[^:]:|\\breturn)\\s*(::)?"  // a call, not the declaration of a member
         "(log|log2|log10|log1p|exp|exp2|expm1|pow|sin|cos|tan|asin|acos|atan|"
         "atan2|cbrt|hypot|erf|erfc|tgamma|lgamma)\\("},
     std::regex{"(models|scenarios|sim/(network|output))/.*|sim/core/(?!exact_math).*"},
     "exact:: (libm differs between CPUs)"},
    {std::regex{"\\blong double\\b"}, feeds_results, "double (80 bits here, 128 or 64 elsewhere)"},
    {std::regex{
         "std::\\w+_distribution|\\b(mt19937\\w*|minstd_rand0?|default_random_engine|random_device|"
         "random_shuffle|drand48)\\b|std::(shuffle|sample)\\b|\\bs?rand\\("},
     everywhere, "draw(seed, purpose, subject, number)"},
    {std::regex{"\\bunordered_\\w+"}, everywhere, "a vector by index, or a sorted container"},
    {std::regex{"\\bstd::hash\\b"}, everywhere, "stable_hash or fingerprint"},
    {std::regex{"std::(map|set|multimap|multiset)<[^,<>]*\\*"}, everywhere,
     "an id: addresses are no order"},
    {std::regex{
         "\\b(system|steady|high_resolution)_clock\\b|\\b(gettimeofday|clock_gettime|localtime\\w*|"
         "gmtime\\w*)\\b|\\bstd::(time|clock)\\b"},
     std::regex{"(sim|models)/.*"}, "Context::now (a run knows no wall clock)"},
    {std::regex{"\\bstd::(reduce|transform_reduce)\\b|\\bstd::execution\\b"}, feeds_results,
     "a plain loop"},
    {std::regex{"__(DATE|TIME|TIMESTAMP)__"}, everywhere, "nothing: a build has no date"},
};

const std::regex machine_path{R"((^|["'\s=(])/(home|root|tmp|work|Users|var/tmp)/)"};
const std::regex unfinished{R"(\b(TODO|FIXME|XXX|HACK)\b)"};

struct Finding {
    int line;
    std::string what;
};

/// The text with comments and the insides of literals blanked, line breaks kept.
std::string code_of(std::string_view text) {
    std::string code(text);
    const auto blank = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to && i < code.size(); ++i) {
            if (code[i] != '\n') code[i] = ' ';
        }
    };
    for (std::size_t i = 0; i < text.size();) {
        const bool in_word = i > 0 && (std::isalnum(static_cast<unsigned char>(text[i - 1])) != 0);
        std::size_t end = i + 1;
        if (text.substr(i, 2) == "//") {
            end = std::min(text.find('\n', i), text.size());
            blank(i, end);
        } else if (text.substr(i, 2) == "/*") {
            end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
            blank(i, end);
        } else if (text.substr(i, 2) == "R\"") {
            const std::size_t open = text.find('(', i);
            const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
            end = std::min(text.find(close, i), text.size() - close.size()) + close.size();
            blank(i + 2, end - 1);
        } else if (text[i] == '"' || (text[i] == '\'' && !in_word)) {  // not the ' of 1'000
            while (end < text.size() && text[end] != text[i] && text[end] != '\n') {
                end += text[end] == '\\' ? 2 : 1;
            }
            blank(i + 1, end);
            ++end;
        }
        i = end;
    }
    return code;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// "sim/core" of "sim/core/time.hpp", "models" of "models/clocks/timer.cpp".
std::string layer_of(const std::string& path) {
    const std::size_t slash = path.find('/');
    if (slash == std::string::npos) return "";
    if (path.substr(0, slash) != "sim") return path.substr(0, slash);
    return path.substr(0, path.find('/', slash + 1));
}

std::vector<std::string> wrong_include(const std::string& path, const std::string& line) {
    static const std::regex quoted{R"re(^\s*#\s*include\s*"([^"]+)")re"};
    static const std::regex angled{R"(^\s*#\s*include\s*<([^>]+)>)"};
    std::smatch match;
    const std::string layer = layer_of(path);
    if (std::regex_search(line, match, quoted)) {
        const std::string from = layer_of(match[1]);
        if (may_include.count(from) == 0) {
            if (layer == "bench" && from == "bench") return {};
            return {"include by path from the top folder: " + match[1].str()};
        }
        if (layer != "bench" && may_include.at(layer).count(from) == 0) {
            return {layer + " may not include from " + from};
        }
    } else if (std::regex_search(line, match, angled)) {
        const std::string header = match[1];
        if (header.find_first_of("./") == std::string::npos) return {};  // the standard library
        for (const Package& package : packages) {
            if (!std::regex_match(header, package.header)) continue;
            if (layer == "bench" || std::regex_match(path, package.allowed)) return {};
            return {"<" + header + "> belongs in " + package.where};
        }
        if (layer != "bench")
            return {"<" + header + "> is of no package that the architecture names"};
    }
    return {};
}

/// Everything wrong with a C++ source, given its path from the top folder.
std::vector<Finding> findings_in(const std::string& path, const std::string& text) {
    std::vector<Finding> findings;
    const std::vector<std::string> raw = lines_of(text);
    const std::vector<std::string> code = lines_of(code_of(text));
    const bool header = path.size() > 4 && path.substr(path.size() - 4) == ".hpp";
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const int number = static_cast<int>(i) + 1;
        for (const std::string& what : wrong_include(path, raw[i]))
            findings.push_back({number, what});
        for (const Ban& ban : bans) {
            if (std::regex_match(path, ban.where) && std::regex_search(code[i], ban.word)) {
                findings.push_back({number, "write " + ban.instead});
            }
        }
        if (header && code[i].rfind("using namespace", 0) == 0) {
            findings.push_back({number, "a header opens no namespace for its readers"});
        }
    }
    if (header && (raw.empty() || raw.front() != "#pragma once")) {
        findings.push_back({1, "a header begins with #pragma once"});
    }
    if (layer_of(path) == "models" && raw.size() > 400) {
        findings.push_back({401, "a model file has at most 400 lines"});
    }
    return findings;
}

/// What is wrong with any text of the project, be it code, CMake, shell or scenario.
std::vector<Finding> findings_in_text(const std::string& text) {
    std::vector<Finding> findings;
    const std::vector<std::string> lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const int number = static_cast<int>(i) + 1;
        if (std::regex_search(lines[i], machine_path))
            findings.push_back({number, "a path of one machine"});
        if (std::regex_search(lines[i], unfinished))
            findings.push_back({number, "unfinished business"});
    }
    return findings;
}

/// What editors and readers need at the top of a library scenario.
std::vector<Finding> findings_in_scenario(const std::string& text) {
    const std::vector<std::string> lines = lines_of(text);
    std::vector<Finding> findings;
    if (lines.empty() || lines.front().rfind("# yaml-language-server: $schema=", 0) != 0) {
        findings.push_back({1, "begins without the editors' modeline"});
    }
    const auto key = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
        return !line.empty() && line[0] != '#';
    });
    if (key == lines.end() || key->rfind("schema: scenario/", 0) != 0) {
        findings.push_back({static_cast<int>(key - lines.begin()) + 1, "first key is not schema"});
    }
    return findings;
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

const fs::path top{DRIFTSTORM_SOURCE_DIR};

/// Files of a folder with one of these extensions, as paths from the top folder, sorted.
std::vector<std::string> files_in(const std::string& folder,
                                  const std::set<std::string>& extensions) {
    std::vector<std::string> files;
    if (!fs::exists(top / folder)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
        if (entry.is_regular_file() && extensions.count(entry.path().extension().string()) == 1) {
            files.push_back(fs::relative(entry.path(), top).generic_string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

void report(const std::string& path, const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        FAIL_CHECK(path << ":" << finding.line << ": " << finding.what);
    }
}

}  // namespace

TEST_CASE("sources keep to their layer, their packages and portable arithmetic") {
    std::size_t read = 0;
    for (const std::string& folder : source_folders) {
        for (const std::string& path : files_in(folder, {".hpp", ".cpp"})) {
            report(path, findings_in(path, content_of(top / path)));
            ++read;
        }
    }
    CHECK(read > 20);  // an empty walk would prove nothing
}

TEST_CASE("no file names a place of one machine or leaves something for later") {
    for (const std::string folder : {"sim", "models", "scenarios", "analysis", "recordings",
                                     "sweeps", "cli", "bench", "cmake", "docs"}) {
        for (const std::string& path : files_in(folder, {".hpp", ".cpp", ".txt", ".cmake", ".in",
                                                         ".yaml", ".md", ".sh", ".py", ".js"})) {
            report(path, findings_in_text(content_of(top / path)));
        }
    }
    for (const std::string path :
         {"dev", ".ci/run", "CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md"}) {
        report(path, findings_in_text(content_of(top / path)));
    }
}

TEST_CASE("library scenarios begin with the modeline and the schema") {
    for (const std::string& path : files_in("scenarios/library", {".yaml"})) {
        report(path, findings_in_scenario(content_of(top / path)));
    }
}

TEST_CASE("every header is listed where the build compiles it alone") {
    for (const std::string folder :
         {"sim", "models", "scenarios", "analysis", "recordings", "sweeps"}) {
        for (const std::string& path : files_in(folder, {".hpp"})) {
            const std::string list = content_of((top / path).parent_path() / "CMakeLists.txt");
            const std::string name = fs::path(path).filename().string();
            const std::regex listed{
                "(^|[\\s(])" + std::regex_replace(name, std::regex{"\\."}, "\\.") + "(?=[\\s)])"};
            INFO(path);
            CHECK(std::regex_search(list, listed));
        }
    }
}

TEST_CASE("the scan finds what is planted") {
    struct Planted {
        std::string path;
        std::string text;
        std::string expected;
    };
    const std::vector<Planted> planted{
        {"sim/core/a.cpp", "#include \"models/clocks/timer.hpp\"\n",
         "sim/core may not include from models"},
        {"sim/core/a.cpp", "#include \"sim/network/routing.hpp\"\n",
         "may not include from sim/network"},
        {"models/links/a.cpp", "#include \"scenarios/node.hpp\"\n",
         "may not include from scenarios"},
        {"models/links/a.cpp", "#include \"sim/output/results_file.hpp\"\n",
         "may not include from sim/output"},
        {"analysis/a.cpp", "#include \"models/links/link.hpp\"\n", "may not include from models"},
        {"models/links/a.cpp", "#include \"link.hpp\"\n", "by path from the top folder"},
        {"models/links/a.cpp", "#include \"../servers/station.hpp\"\n",
         "by path from the top folder"},
        {"sim/network/routing.cpp",
         "#  include <boost/graph/adjacency_list.hpp>\n#include <hdf5.h>\n", "<hdf5.h>"},
        {"sim/network/routing.hpp", "#pragma once\n#include <boost/graph/adjacency_list.hpp>\n",
         "<boost/"},
        {"sim/output/results_file.cpp", "#include <hdf5.h>\n", "<hdf5.h>"},
        {"sim/output/results_file.cpp", "#include <H5DSpublic.h>\n", "<H5DSpublic.h>"},
        {"scenarios/world.cpp", "#include <yaml-cpp/yaml.h>\n", "<yaml-cpp/yaml.h>"},
        {"sim/core/time.cpp", "#include <Eigen/Dense>\n", "<Eigen/Dense>"},
        {"sim/core/kernel.cpp", "#include <Random123/philox.h>\n", "<Random123/philox.h>"},
        {"sim/core/kernel.cpp", "#include <xxhash.h>\n", "<xxhash.h>"},
        {"sim/core/kernel.cpp", "#include <fmt/format.h>\n", "<fmt/format.h>"},
        {"sim/core/kernel.cpp", "#include <unistd.h>\n", "<unistd.h>"},
        {"sim/core/kernel.cpp", "#include <sys/mman.h>\n", "<sys/mman.h>"},
        {"sim/core/kernel.cpp", "#include <emmintrin.h>\n", "<emmintrin.h>"},
        {"cli/run.cpp", "#include <doctest/doctest.h>\n", "<doctest/doctest.h>"},
        {"cli/run.cpp", "#include <spdlog/spdlog.h>\n", "of no package"},
        {"models/radio/a.cpp", "double f(double x) { return std::log10(x); }\n", "exact::"},
        {"models/radio/a.cpp", "double y = pow(2.0, x);\n", "exact::"},
        {"models/radio/a.cpp", "y = ::exp(x);\n", "exact::"},
        {"models/radio/a.cpp", "return sin(x);\n", "exact::"},
        {"models/radio/a.cpp", "y = far ? 0 : log(x);\n", "exact::"},
        {"models/radio/a.cpp", "y = 2 * std::sinf(x);\n", "exact::"},
        {"sim/core/random.cpp", "y = 1 + __builtin_exp(x);\n", "exact::"},
        {"scenarios/world.cpp", "auto f = &std::atan2;\n", "exact::"},
        {"sim/core/exact_math.cpp", "return std::exp(x);\n", "exact::"},
        {"sim/core/exact_math.cpp", "const long double x = 1;\n", "double"},
        {"models/people/a.cpp", "std::normal_distribution<double> d;\n", "draw("},
        {"models/people/a.cpp", "std::mt19937_64 engine;\n", "draw("},
        {"analysis/a.cpp", "std::random_device device;\n", "draw("},
        {"models/people/a.cpp", "int r = rand() % 6;\n", "draw("},
        {"models/people/a.cpp", "std::shuffle(a.begin(), a.end(), g);\n", "draw("},
        {"models/people/a.cpp", "#include <unordered_map>\n", "sorted container"},
        {"models/people/a.cpp", "std::unordered_set<int> s;\n", "sorted container"},
        {"models/people/a.cpp", "auto h = std::hash<int>{}(3);\n", "stable_hash"},
        {"models/people/a.cpp", "std::map<const Device*, int> m;\n", "addresses are no order"},
        {"models/clocks/a.cpp", "auto t = std::chrono::system_clock::now();\n", "Context::now"},
        {"sim/core/a.cpp", "std::chrono::high_resolution_clock c;\n", "Context::now"},
        {"sim/core/a.cpp", "auto t = std::time(nullptr);\n", "Context::now"},
        {"sim/core/a.cpp", "auto s = std::reduce(v.begin(), v.end());\n", "plain loop"},
        {"cli/version.cpp", "puts(__DATE__);\n", "no date"},
        {"models/links/a.hpp", "#pragma once\nusing namespace std;\n", "opens no namespace"},
        {"models/links/a.hpp", "#include <vector>\n", "#pragma once"},
        {"models/links/a.cpp", "x = 1'000; // fine\ny = std::exp(2'000);\n", "exact::"},
        {"models/links/a.cpp", "/* fine */ y = std::exp(x); \"std::log\";\n", "exact::"},
    };
    for (const Planted& plant : planted) {
        const std::vector<Finding> findings = findings_in(plant.path, plant.text);
        INFO(plant.path << ": " << plant.text);
        REQUIRE(findings.size() == 1);
        CHECK(findings.front().what.find(plant.expected) != std::string::npos);
    }
    CHECK(findings_in("models/links/a.cpp", std::string(400, '\n')).empty());
    CHECK(findings_in("models/links/a.cpp", std::string(401, '\n')).size() == 1);

    CHECK(findings_in_text("open(\"/home/ada/x.h5\")\n").size() == 1);
    CHECK(findings_in_text("cd /tmp/x\n").size() == 1);
    CHECK(findings_in_text("x = 1;  // TODO: y\n").size() == 1);
    CHECK(findings_in_scenario("schema: scenario/1\n").size() == 1);
    CHECK(findings_in_scenario(
              "# yaml-language-server: $schema=x.json\ntitle: x\nschema: scenario/1\n")
              .size() == 1);
    CHECK(findings_in_scenario("").size() == 2);
}

TEST_CASE("the scan leaves alone what is right") {
    const std::vector<std::pair<std::string, std::string>> clean{
        {"sim/core/random.cpp",
         "#include <Random123/philox.h>\n#include <xxhash.h>\n#include <vector>\n"},
        {"sim/network/routing.cpp",
         "#include \"sim/core/time.hpp\"\n#include <boost/graph/adjacency_list.hpp>\n"},
        {"sim/output/hdf5_file.cpp",
         "#include <hdf5.h>\n#include <hdf5_hl.h>\n#include <fmt/format.h>\n"},
        {"scenarios/parse_yaml.cpp", "#include <yaml-cpp/yaml.h>\n"},
        {"analysis/stability.hpp", "#pragma once\n#include <Eigen/Core>\n"},
        {"cli/run.cpp",
         "#include \"analysis/storms.hpp\"\n#include <CLI/CLI.hpp>\n#include <unistd.h>\n"},
        {"cli/run.cpp", "const auto start = std::chrono::steady_clock::now();\n"},
        {"models/links/a.cpp",
         "// not std::exp, nor std::unordered_map\ny = exact::exp(x) + std::sqrt(x);\n"},
        {"models/links/a.cpp",
         "/* std::log\n std::mt19937 */ const char* s = \"system_clock \\\" rand()\";\n"},
        {"models/links/a.cpp",
         "const char* s = R\"x(std::exp(\")\" )x\"; catalog(1); operand(2);\n"},
        {"models/links/a.cpp",
         "const auto gap = 1'000'000; const char c = '\"'; y = t.log(2) + p->exp(3);\n"},
        {"models/links/a.cpp", "const Log& log() const; std::vector<Entry> log(int thread);\n"},
        {"sim/core/exact_math.cpp", "double log(double x) { return exp(x); }\n"},
    };
    for (const auto& source : clean) {
        const std::vector<Finding> findings = findings_in(source.first, source.second);
        const std::string first = findings.empty() ? "" : findings.front().what;
        INFO(source.second << first);
        CHECK(findings.empty());
    }
    CHECK(findings_in_text("#include \"sim/core/time.hpp\"  // see docs/tmp/x and /usr/bin/env\n")
              .empty());
    CHECK(findings_in_scenario(
              "# yaml-language-server: $schema=x.json\n# Shows y.\n\nschema: scenario/1\n")
              .empty());
}
