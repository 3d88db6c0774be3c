#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::validation {

/// Draws of one generator: a Philox stream by (seed, subject), numbered as they are taken.
struct GeneratorDraws {
    std::uint64_t seed = 0;
    std::uint64_t subject = 0;
    std::uint64_t taken = 0;

    double uniform();  ///< in (0, 1)
};

/// A number that is made anew at each evaluation, written as an expression:
/// `(+ 1e-05 (sum (* 1e-09 (normal))))`. The words of clknetsim's README: + * sum max min equal of
/// any number of arguments, uniform normal exponential (poisson L), (pulse high low) (sine length)
/// (triangle length) which count evaluations, and the variable `time`; also - / %.
class Generator {
  public:
    /// @param what  named in errors
    /// @throws std::invalid_argument naming `what` and the word that is not known, or what is wrong
    Generator(std::string_view text, const std::string& what);
    /// A constant.
    explicit Generator(double value);

    /// @param time  the value of the variable `time` [s]
    double operator()(double time, GeneratorDraws& draws);

    bool is_constant() const;

  private:
    enum class Word : std::uint8_t {
        constant,
        time,
        add,
        subtract,
        multiply,
        divide,
        remainder,
        sum,
        max,
        min,
        equal,
        uniform,
        normal,
        exponential,
        poisson,
        pulse,
        sine,
        triangle
    };
    struct Node {
        Word word = Word::constant;
        double value = 0;  ///< of a constant; the sum so far; evaluations so far
        std::vector<std::size_t> arguments;
    };
    struct Reader;
    double evaluate(std::size_t node, double time, GeneratorDraws& draws);
    double fold(const Node& node, double time, GeneratorDraws& draws);
    double wave(Node& node);
    double poisson(const Node& node, GeneratorDraws& draws) const;

    std::vector<Node> nodes_;  ///< the last is the whole
};

}  // namespace driftstorm::validation
