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

namespace {

/// Records of a CSV text; quoted fields may hold commas, line breaks and doubled quotes.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
    std::vector<std::vector<std::string>> records;
    std::vector<std::string> record;
    std::string field;
    bool quoted = false;
    bool any = false;
    const auto end_field = [&] {
        record.push_back(field);
        field.clear();
    };
    const auto end_record = [&] {
        if (any) {
            end_field();
            records.push_back(record);
        }
        record.clear();
        field.clear();
        any = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
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
            any = true;
        } else if (c == ',') {
            any = true;
            end_field();
        } else if (c == '\n' || c == '\r') {
            end_record();
        } else {
            any = true;
            field += c;
        }
    }
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

/// Splits at ; and , but not inside parentheses.
std::vector<std::string> items_of(std::string_view text) {
    std::vector<std::string> items(1);
    int depth = 0;
    for (const char c : text) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth == 0 && (c == ';' || c == ',')) {
            items.emplace_back();
        } else {
            items.back() += c;
        }
    }
    return items;
}

double parsed_value(const std::string& text) {
    const std::string word = squeezed(text);
    if (word == "never" || word == "infinite" || word == "infinity")
        return std::numeric_limits<double>::infinity();
    const std::optional<Quantity> number = read_quantity(text);
    return number ? number->value : std::numeric_limits<double>::quiet_NaN();
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
    const auto records = read_csv(content);
    if (records.empty()) throw std::runtime_error(path + ": no header line");
    const auto column = [&](std::string_view name) {
        for (std::size_t i = 0; i < records[0].size(); ++i)
            if (squeezed(records[0][i]) == name) return i;
        throw std::runtime_error(path + ": no column '" + std::string(name) + "'");
    };
    const std::size_t model = column("model");
    const std::size_t params = column("params");
    const std::size_t metric = column("metric");
    const std::size_t value = column("value");
    std::vector<Truth> truths;
    for (std::size_t r = 1; r < records.size(); ++r) {
        const std::vector<std::string>& record = records[r];
        if (record.size() <= std::max({model, params, metric, value}))
            throw std::runtime_error(path + ": record " + std::to_string(r + 1) +
                                     " has too few fields");
        Truth truth{trimmed(record[model]), trimmed(record[params]), trimmed(record[metric]),
                    trimmed(record[value]), 0};
        truth.reference = parsed_value(truth.value);
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
    return Quantity{value, trimmed(end)};
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
        const std::size_t tilde = item.find('~');
        const std::size_t equals = item.find('=');
        if (tilde != std::string::npos) {
            const std::string law = trimmed(std::string_view(item).substr(tilde + 1));
            const std::size_t open = law.find('(');
            const std::size_t close = law.rfind(')');
            if (open == std::string::npos || close == std::string::npos || close < open) continue;
            const std::string name = squeezed(law.substr(0, open));
            std::string inside = law.substr(open + 1, close - open - 1);
            const std::string unit = trimmed(law.substr(close + 1));
            if (const std::size_t comma = inside.rfind(','); comma != std::string::npos)
                inside = inside.substr(comma + 1);
            inside = trimmed(inside);
            if (inside.rfind("mean", 0) == 0) inside = trimmed(inside.substr(4));
            if (!inside.empty() && inside[0] == '=') inside = inside.substr(1);
            std::optional<Quantity> quantity = read_quantity(inside);
            if (!quantity) continue;
            if (name == "n" || name == "normal")
                quantity->value = std::sqrt(quantity->value);  // N(mean, variance)
            if (quantity->rest.empty()) quantity->rest = unit;
            laws_[name] = in_seconds(*quantity);
        } else if (equals != std::string::npos) {
            std::optional<Quantity> quantity =
                read_quantity(std::string_view(item).substr(equals + 1));
            if (!quantity) continue;
            if (ends_with(quantity->rest, "/min")) quantity->value /= 60;
            if (ends_with(quantity->rest, "/h")) quantity->value /= 3600;
            values_[squeezed(item.substr(0, equals))] = *quantity;
        }
    }
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

std::optional<double> Parameters::law_parameter(std::string_view law) const {
    const auto found = laws_.find(std::string(law));
    if (found == laws_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> Parameters::unread() const {
    std::vector<std::string> names;
    for (const auto& entry : values_)
        if (read_.count(entry.first) == 0) names.push_back(entry.first);
    return names;
}

}  // namespace driftstorm::validation
