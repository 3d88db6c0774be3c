#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::validation {

bool one_of(const std::string& word, std::initializer_list<std::string_view> words);

/// One line of a queueing_truths.csv: what a closed form, or an exact chain, says of a model.
struct Truth {
    std::string model;
    std::string params;
    std::string metric;
    std::string value;  ///< as written
    double reference = 0;
    std::string trouble{};  ///< why the record is no such line; empty: it is one
};

/// Reads model, params, metric and value of a CSV file with a header line; fields may be quoted
/// (RFC 4180). A record with too few fields, or whose value is no number, keeps its place with what
/// is wrong with it: the other rows are worth judging.
/// @throws std::runtime_error with path (and line) when it cannot be read, a column is missing or a
///         quoted field does not end
std::vector<Truth> read_truths(const std::string& path);

/// Lower case, without blanks.
std::string squeezed(std::string_view text);

/// A number at the beginning of `text`: a decimal, or two joined by / or * or ^ ("1/0.02", "5^2"),
/// a percentage, and what follows it.
struct Quantity {
    double value = 0;
    std::string rest;  ///< unit or remark
};
std::optional<Quantity> read_quantity(std::string_view text);

/// Seconds of a quantity with a unit of time; without one it is in seconds already.
double in_seconds(const Quantity& quantity);

/// A law that a row states: of N(mean, variance) its mean and standard deviation, of Exp(mean) the
/// mean as `scale` [s].
struct StatedLaw {
    double mean = 0;
    double scale = 0;
};

/// The parameters of a row: "lambda=0.8;mu=1", or laws: "skew diff ~N(0,5^2) s; reply gap ~Exp(mean
/// 10 s)".
class Parameters {
  public:
    explicit Parameters(std::string_view text);

    bool has(std::string_view name) const { return values_.count(std::string(name)) > 0; }
    /// The first of these names that is given, in lower case without blanks.
    std::optional<double> first_of(std::initializer_list<std::string_view> names) const;
    std::optional<double> seconds_of(std::initializer_list<std::string_view> names) const;
    /// What follows the number: "(Erlang4)" of "SCV=0.25(Erlang4)".
    std::string remark(std::string_view name) const;
    /// The law "NAME(...)" that anything is said to follow.
    std::optional<StatedLaw> stated_law(std::string_view law) const;
    /// What none of the above asked for, and items that are no parameters, or are given twice: a
    /// row that says more than was understood must not pass.
    std::vector<std::string> unread() const;

  private:
    void add_law(const std::string& item, std::size_t tilde);
    void add_value(const std::string& item, std::size_t equals);

    std::map<std::string, Quantity> values_;
    std::map<std::string, StatedLaw> laws_;
    std::vector<std::string> not_understood_;  ///< items
    mutable std::map<std::string, bool> read_;
};

}  // namespace driftstorm::validation
