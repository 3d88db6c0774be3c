#include "validation/generator.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>
#include <stdexcept>

namespace driftstorm::validation {

double GeneratorDraws::uniform() {
    return draw_uniform(seed, "validation.generator", subject, taken++);
}

/// Reads an expression into nodes, arguments before what takes them.
struct Generator::Reader {
    std::string_view text;
    const std::string& what;
    std::vector<Node>& nodes;
    std::size_t at = 0;

    [[noreturn]] void fail(const std::string& why) const {
        throw std::invalid_argument(what + ": " + why + " in '" + std::string(text) + "'");
    }
    void skip_blanks() {
        while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != text.npos) ++at;
    }
    std::string_view word() {
        const std::size_t from = at;
        while (at < text.size() && std::string_view(" \t\r\n()").find(text[at]) == text.npos) ++at;
        return text.substr(from, at - from);
    }
    std::size_t keep(Node node) {
        nodes.push_back(std::move(node));
        return nodes.size() - 1;
    }

    std::size_t atom() {
        const std::string_view name = word();
        if (name == "time") return keep({Word::time, 0, {}});
        double value = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), value);
        if (read.ec != std::errc() || read.ptr != name.data() + name.size() ||
            !std::isfinite(value))
            fail("unknown variable '" + std::string(name) + "'");
        return keep({Word::constant, value, {}});
    }

    std::size_t expression() {
        skip_blanks();
        if (at == text.size()) fail("something is missing at the end");
        if (text[at] == ')') fail("')' too early");
        if (text[at] != '(') return atom();
        ++at;
        skip_blanks();
        const std::string_view name = word();
        Node node;
        node.word = word_of(name);
        for (skip_blanks(); at < text.size() && text[at] != ')'; skip_blanks())
            node.arguments.push_back(expression());
        if (at == text.size()) fail("')' is missing");
        ++at;
        check(node, name);
        return keep(std::move(node));
    }

    Word word_of(std::string_view name) const {
        static const std::map<std::string_view, Word> words{
            {"+", Word::add},           {"-", Word::subtract},
            {"*", Word::multiply},      {"/", Word::divide},
            {"%", Word::remainder},     {"sum", Word::sum},
            {"max", Word::max},         {"min", Word::min},
            {"equal", Word::equal},     {"uniform", Word::uniform},
            {"normal", Word::normal},   {"exponential", Word::exponential},
            {"poisson", Word::poisson}, {"pulse", Word::pulse},
            {"sine", Word::sine},       {"triangle", Word::triangle}};
        const auto found = words.find(name);
        if (found == words.end()) fail("unknown function '" + std::string(name) + "'");
        return found->second;
    }

    void check(const Node& node, std::string_view name) const {
        const std::size_t count = node.arguments.size();
        const auto wants = [&](bool holds, const char* need) {
            if (!holds) fail("'" + std::string(name) + "' takes " + need);
        };
        switch (node.word) {
            case Word::uniform:
            case Word::normal:
            case Word::exponential:
                wants(count == 0, "no argument");
                break;
            case Word::poisson:
            case Word::sine:
            case Word::triangle:
                wants(count == 1, "one number");
                break;
            case Word::pulse:
                wants(count == 2, "two numbers");
                break;
            case Word::remainder:
                wants(count == 2, "two arguments");
                break;
            case Word::subtract:
            case Word::divide:
                wants(count > 1, "two arguments or more");
                break;
            case Word::max:
            case Word::min:
            case Word::equal:
                wants(count > 0, "arguments");
                break;
            default:
                break;
        }
        if (node.word < Word::poisson) return;
        for (const std::size_t argument : node.arguments)
            wants(nodes[argument].word == Word::constant, "numbers only");
        if (node.word != Word::pulse) wants(nodes[node.arguments[0]].value > 0, "a number above 0");
    }
};

Generator::Generator(std::string_view text, const std::string& what) {
    Reader reader{text, what, nodes_};
    reader.expression();
    reader.skip_blanks();
    if (reader.at != text.size()) reader.fail("something follows the expression");
}

Generator::Generator(double value) : nodes_{{Word::constant, value, {}}} {}

bool Generator::is_constant() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
        return node.word <= Word::equal && node.word != Word::time && node.word != Word::sum;
    });
}

double Generator::operator()(double time, GeneratorDraws& draws) {
    return evaluate(nodes_.size() - 1, time, draws);
}

double Generator::evaluate(std::size_t index, double time, GeneratorDraws& draws) {
    Node& node = nodes_[index];
    switch (node.word) {
        case Word::constant:
            return node.value;
        case Word::time:
            return time;
        case Word::uniform:
            return draws.uniform();
        case Word::normal:
            return exact::inverse_normal(draws.uniform());
        case Word::exponential:
            return -exact::log(draws.uniform());
        case Word::poisson:
            return poisson(node, draws);
        case Word::pulse:
        case Word::sine:
        case Word::triangle:
            return wave(node);
        case Word::sum:
            for (const std::size_t argument : node.arguments)
                node.value += evaluate(argument, time, draws);
            return node.value;
        default:
            return fold(node, time, draws);
    }
}

double Generator::fold(const Node& node, double time, GeneratorDraws& draws) {
    double result = node.word == Word::multiply ? 1 : 0;
    double lowest = 0;
    double highest = 0;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
        const double x = evaluate(node.arguments[i], time, draws);
        const bool first = i == 0;
        switch (node.word) {
            case Word::add:
                result += x;
                break;
            case Word::multiply:
                result *= x;
                break;
            case Word::subtract:
                result = first ? x : result - x;
                break;
            case Word::divide:
                result = first ? x : result / x;
                break;
            case Word::remainder:
                result = first ? x : std::fmod(result, x);
                break;
            case Word::max:
                result = first ? x : std::max(result, x);
                break;
            case Word::min:
                result = first ? x : std::min(result, x);
                break;
            default:  // equal: the first argument is how far apart the others may lie
                if (first) {
                    result = x;
                } else {
                    lowest = i == 1 ? x : std::min(lowest, x);
                    highest = i == 1 ? x : std::max(highest, x);
                }
        }
    }
    if (node.word == Word::equal) return highest - lowest <= result ? 1 : 0;
    return result;
}

double Generator::wave(Node& node) {
    const double first = nodes_[node.arguments[0]].value;
    const double count = node.value;
    node.value += 1;
    if (node.word == Word::sine)
        return exact::sin(2 * std::numbers::pi * std::fmod(count, first) / first);
    if (node.word == Word::triangle) {
        const double phase = std::fmod(count, first) / first;
        return -4 * (std::abs(phase - 0.5) - 0.25);
    }
    const double second = nodes_[node.arguments[1]].value;
    if (count + 1 > first + second) node.value = 1;
    return node.value <= first ? 1 : -1;
}

double Generator::poisson(const Node& node, GeneratorDraws& draws) const {
    const double least = exact::exp(-nodes_[node.arguments[0]].value);
    double product = 1;
    int count = 0;
    for (; count < 100; ++count) {
        product *= draws.uniform();
        if (product <= least) break;
    }
    return count;
}

}  // namespace driftstorm::validation
