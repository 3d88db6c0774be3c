#include "tests/scenarios/example_scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// libFuzzer target over the whole loader: YAML, include, extends, parameters, --set, quantities,
// selectors, distributions, complaints and the writers. Built with -D DRIFTSTORM_FUZZ=ON and clang:
//   loader_fuzz -max_total_time=600 CORPUS tests/scenarios/broken tests/scenarios/sound
//
// An input is up to three parts parted by lines "%%": the scenario, the file that every include
// gets (also as CSV), and the lines of --set.

namespace {

std::string take_part(std::string_view& rest) {
    constexpr std::string_view mark = "\n%%\n";
    const std::size_t end = rest.find(mark);
    const std::string part(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + mark.size());
    return part;
}

void must(bool promise) {
    if (!promise) __builtin_trap();
}

/// What was read and written out must read back as the same.
void check_round_trip(const driftstorm::Document& document, const std::string& included) {
    using namespace driftstorm;
    // an empty map is "{}", which cannot follow a key
    const std::string sections = document.root.size() > 0 ? yaml_text(document.root) : "";
    const std::string text = "schema: scenario/1\n" + sections;
    Complaints complaints([&](const std::string& name, std::string&) -> std::optional<std::string> {
        return name == "again.yaml" ? text : included;
    });
    const auto again = load_document("again.yaml", {}, complaints);
    must(again.has_value());
    must(!complaints.any_errors());
    must(yaml_text(again->root) == yaml_text(document.root));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace driftstorm;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string scenario = take_part(rest);
    const std::string included = take_part(rest);
    std::vector<Assignment> set;
    for (std::string_view lines = rest; !lines.empty();) {
        const std::size_t end = lines.find('\n');
        const std::string_view line = lines.substr(0, end);
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0) set.push_back(parse_assignment(line));
        lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    }
    Complaints complaints(
        [&](const std::string& name, std::string& reason) -> std::optional<std::string> {
            if (name == "fuzz.yaml") return scenario;
            if (name.size() > 100) {
                reason = "File name too long";
                return {};
            }
            return included;
        });
    example::read_scenario("fuzz.yaml", set, complaints);
    must(complaints.text().empty() == (complaints.errors() + complaints.warnings() == 0));
    must(complaints.json().size() > 2);

    Complaints quiet([&](const std::string& name, std::string&) -> std::optional<std::string> {
        return name == "fuzz.yaml" ? scenario : included;
    });
    const auto document = load_document("fuzz.yaml", set, quiet);
    if (document) {
        const auto list = origins(document->root, quiet.sources());
        must(json_text(document->root).size() > 1);
        if (!list.empty()) find_path(document->root, list.front().first);
        if (!quiet.any_errors()) check_round_trip(*document, included);
    }
    for (const std::string_view text : {std::string_view(scenario), rest}) {
        const ParsedQuantity quantity = parse_quantity(text);
        if (quantity.quantity) {
            const Quantity& q = *quantity.quantity;
            q.in(q.unit->name);
            q.whole(q.unit->name);
            must(q.compare(q) == 0);
        }
        parse_selector(text);
        parse_limit(text);
        if (const auto instant = parse_timestamp(text))
            must(parse_timestamp(format_timestamp(*instant)) == instant);
        if (const auto span = parse_duration(text))
            must(parse_duration(format_duration(*span)) == span);
    }
    return 0;
}
