#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::validation {

/// One line of a queueing_truths.csv: what a closed form, or an exact chain, says of a model.
struct Truth {
    std::string model;
    std::string params;
    std::string metric;
    std::string value;  ///< as written
    double reference = 0;
};

/// Reads model, params, metric and value of a CSV file with a header line; fields may be quoted
/// (RFC 4180).
/// @throws std::runtime_error with path (and line) when it cannot be read or a column is missing
std::vector<Truth> read_truths(const std::string& path);

/// Lower case, without blanks.
std::string squeezed(std::string_view text);

/// A number at the beginning of `text`: a decimal, or two joined by / or * or ^ ("1/0.02", "5^2"),
/// and what follows it.
struct Quantity {
    double value = 0;
    std::string rest;  ///< unit or remark
};
std::optional<Quantity> read_quantity(std::string_view text);

/// Seconds of a quantity with a unit of time; without one it is in seconds already.
double in_seconds(const Quantity& quantity);

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
    /// Parameters of a law "NAME(...)" that anything is said to follow: of N the standard
    /// deviation, of Exp the mean [s].
    std::optional<double> law_parameter(std::string_view law) const;
    /// Names that none of the above asked for: a row that says more than was understood must not
    /// pass.
    std::vector<std::string> unread() const;

  private:
    std::map<std::string, Quantity> values_;
    std::map<std::string, double> laws_;
    mutable std::map<std::string, bool> read_;
};

}  // namespace driftstorm::validation
