#include "validation/truths.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace driftstorm::validation {

bool one_of(const std::string& word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

namespace {

struct Record {
    std::size_t line = 1;  ///< of the text, where it begins
    std::vector<std::string> fields;
};

/// Records of a CSV text; quoted fields may hold commas, line breaks and doubled quotes. Blank
/// lines are none.
std::vector<Record> read_csv(const std::string& text) {
    std::vector<Record> records;
    Record record;
    std::string field;
    std::size_t line = 1;
    std::size_t quote_line = 0;
    bool quoted = false;
    bool any = false;
    const auto end_field = [&] {
        record.fields.push_back(field);
        field.clear();
    };
    const auto end_record = [&] {
        if (any) {
            end_field();
            records.push_back(record);
        }
        record.fields.clear();
        field.clear();
        any = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!any) record.line = line;
        if (c == '\n' || (c == '\r' && text.substr(i + 1, 1) != "\n")) ++line;
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                field += '"';
                ++i;
            } else if (c == '"') {
                quoted = false;
            } else {
                field += c;
            }
        } else if (c == '"') {
            quoted = true;
            quote_line = line;
            any = true;
        } else if (c == ',') {
            any = true;
            end_field();
        } else if (c == '\n' || c == '\r') {
            end_record();
        } else {
            any = any || std::isspace(static_cast<unsigned char>(c)) == 0;
            field += c;
        }
    }
    if (quoted)
        throw std::runtime_error("line " + std::to_string(quote_line) +
                                 ": a quoted field begins that does not end");
    end_record();
    return records;
}

std::string trimmed(std::string_view text) {
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return std::string(text);
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Splits at ; and , and before a further NAME=, but not inside parentheses.
std::vector<std::string> items_of(std::string_view text) {
    std::vector<std::string> items(1);
    int depth = 0;
    bool named = false;
    for (const char c : text) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth == 0 && (c == ';' || c == ',')) {
            items.emplace_back();
            named = false;
            continue;
        }
        if (depth == 0 && c == '=' && named) {
            const std::string last = trimmed(items.back());
            if (const std::size_t blank = last.find_last_of(" \t"); blank != std::string::npos) {
                items.back() = last.substr(0, blank);
                items.push_back(last.substr(blank + 1));
            }
        }
        named = named || (depth == 0 && c == '=');
        items.back() += c;
    }
    return items;
}

/// Events per second of a rate "48/min", "48 req/h" or "48 per min".
void scale_rate(Quantity& quantity) {
    const std::string unit = squeezed(quantity.rest);
    for (const auto& [name, seconds] : {std::pair{"min", 60.0}, {"h", 3600.0}, {"ms", 1e-3}})
        if (ends_with(unit, "/" + std::string(name)) || ends_with(unit, "per" + std::string(name)))
            quantity.value /= seconds;
}

double parsed_value(const std::string& text) {
    const std::string word = squeezed(text);
    if (word == "never" || word == "infinite" || word == "infinity")
        return std::numeric_limits<double>::infinity();
    const std::optional<Quantity> number = read_quantity(text);
    const bool alone = number && (number->rest.empty() || number->rest[0] == '(');
    return alone ? number->value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::string squeezed(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (std::isspace(static_cast<unsigned char>(c)) == 0)
            result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::vector<Truth> read_truths(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    std::ostringstream text;
    text << file.rdbuf();
    std::string content = text.str();
    if (content.rfind("\xef\xbb\xbf", 0) == 0) content.erase(0, 3);
    std::vector<Record> records;
    try {
        records = read_csv(content);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(path + ": " + error.what());
    }
    if (records.empty()) throw std::runtime_error(path + ": no header line");
    const auto column = [&](std::string_view name) {
        for (std::size_t i = 0; i < records[0].fields.size(); ++i)
            if (squeezed(records[0].fields[i]) == name) return i;
        throw std::runtime_error(path + ": no column '" + std::string(name) + "'");
    };
    const std::size_t model = column("model");
    const std::size_t params = column("params");
    const std::size_t metric = column("metric");
    const std::size_t value = column("value");
    std::vector<Truth> truths;
    for (std::size_t r = 1; r < records.size(); ++r) {
        const std::vector<std::string>& fields = records[r].fields;
        const auto field = [&](std::size_t i) {
            return i < fields.size() ? trimmed(fields[i]) : std::string();
        };
        Truth truth{field(model), field(params), field(metric), field(value), 0};
        truth.reference = parsed_value(truth.value);
        const std::size_t least = std::max({model, params, metric, value}) + 1;
        const std::string line = "line " + std::to_string(records[r].line) + ": ";
        if (fields.size() < least) {
            truth.trouble = line + std::to_string(fields.size()) + " fields where " +
                            std::to_string(least) + " are needed";
        } else if (std::isnan(truth.reference)) {
            truth.trouble = line + "no reference value: '" + truth.value + "'";
        }
        truths.push_back(truth);
    }
    return truths;
}

std::optional<Quantity> read_quantity(std::string_view text) {
    const std::string copy = trimmed(text);
    char* end = nullptr;
    double value = std::strtod(copy.c_str(), &end);
    if (end == copy.c_str()) return std::nullopt;
    for (char* op = end; *op == '/' || *op == '*' || *op == '^'; op = end) {
        const double right = std::strtod(op + 1, &end);
        if (end == op + 1) {
            end = op;
            break;
        }
        value = *op == '/' ? value / right : *op == '*' ? value * right : std::pow(value, right);
    }
    std::string rest = trimmed(end);
    if (rest.starts_with('%')) {
        value /= 100;
        rest = trimmed(std::string_view(rest).substr(1));
    }
    return Quantity{value, rest};
}

double in_seconds(const Quantity& quantity) {
    std::string unit;
    for (const char c : quantity.rest) {
        if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
        unit += c;
    }
    if (unit == "ns") return quantity.value * 1e-9;
    if (unit == "us") return quantity.value * 1e-6;
    if (unit == "ms") return quantity.value * 1e-3;
    if (unit == "min") return quantity.value * 60;
    if (unit == "h") return quantity.value * 3600;
    if (unit == "d" || unit == "day" || unit == "days") return quantity.value * 86400;
    return quantity.value;
}

Parameters::Parameters(std::string_view text) {
    for (const std::string& item : items_of(text)) {
        if (trimmed(item).empty()) continue;
        const std::size_t tilde = item.find('~');
        const std::size_t equals = item.find('=');
        if (tilde != std::string::npos) {
            add_law(item, tilde);
        } else if (equals != std::string::npos) {
            add_value(item, equals);
        } else {
            not_understood_.push_back(trimmed(item));
        }
    }
}

void Parameters::add_law(const std::string& item, std::size_t tilde) {
    const std::string law = trimmed(std::string_view(item).substr(tilde + 1));
    const std::size_t open = law.find('(');
    const std::size_t close = law.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) {
        not_understood_.push_back(trimmed(item));
        return;
    }
    const std::string name = squeezed(law.substr(0, open));
    const std::string inside = law.substr(open + 1, close - open - 1);
    const std::string unit = trimmed(law.substr(close + 1));
    std::string word;  // "mean" of "mean 10 s"
    // A number of the law in seconds, after a word that says which.
    const auto number = [&](std::string_view written) -> std::optional<Quantity> {
        std::string rest = trimmed(written);
        word.clear();
        while (!rest.empty() && std::isalpha(static_cast<unsigned char>(rest[0])) != 0) {
            word += rest[0];
            rest.erase(0, 1);
        }
        rest = trimmed(rest);
        if (!rest.empty() && rest[0] == '=') rest.erase(0, 1);
        std::optional<Quantity> quantity = read_quantity(rest);
        if (quantity && quantity->rest.empty()) quantity->rest = unit;
        return quantity;
    };
    const std::size_t comma = inside.rfind(',');
    std::optional<Quantity> scale =
        number(comma == std::string::npos ? inside : inside.substr(comma + 1));
    const std::string scale_word = word;
    std::optional<Quantity> mean = comma == std::string::npos ? std::optional(Quantity{0, unit})
                                                              : number(inside.substr(0, comma));
    if (!scale || !mean || laws_.count(name) > 0) {
        not_understood_.push_back(trimmed(item));
        return;
    }
    if (scale_word == "rate") {
        scale_rate(*scale);
        laws_[name] = {0, 1 / scale->value};
        return;
    }
    if ((name == "n" || name == "normal") && scale_word != "sd" && scale_word != "sigma")
        scale->value = std::sqrt(scale->value);  // N(mean, variance)
    laws_[name] = {in_seconds(*mean), in_seconds(*scale)};
}

void Parameters::add_value(const std::string& item, std::size_t equals) {
    const std::string name = squeezed(item.substr(0, equals));
    std::optional<Quantity> quantity = read_quantity(std::string_view(item).substr(equals + 1));
    if (!quantity || !std::isfinite(quantity->value) || values_.count(name) > 0) {
        not_understood_.push_back(trimmed(item));
        return;
    }
    scale_rate(*quantity);
    values_[name] = *quantity;
}

std::optional<double> Parameters::first_of(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
        const auto found = values_.find(std::string(name));
        if (found == values_.end()) continue;
        read_[found->first] = true;
        return found->second.value;
    }
    return std::nullopt;
}

std::optional<double> Parameters::seconds_of(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
        const auto found = values_.find(std::string(name));
        if (found == values_.end()) continue;
        read_[found->first] = true;
        return in_seconds(found->second);
    }
    return std::nullopt;
}

std::string Parameters::remark(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? "" : found->second.rest;
}

std::optional<StatedLaw> Parameters::stated_law(std::string_view law) const {
    const auto found = laws_.find(std::string(law));
    if (found == laws_.end()) return std::nullopt;
    read_["~" + found->first] = true;
    return found->second;
}

std::vector<std::string> Parameters::unread() const {
    std::vector<std::string> names = not_understood_;
    for (const auto& entry : values_)
        if (read_.count(entry.first) == 0) names.push_back(entry.first);
    for (const auto& entry : laws_)
        if (read_.count("~" + entry.first) == 0) names.push_back("law " + entry.first);
    return names;
}

}  // namespace driftstorm::validation
