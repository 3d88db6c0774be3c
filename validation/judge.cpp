#include "validation/families.hpp"
#include "validation/station_metrics.hpp"

#include <string>
#include <string_view>

namespace driftstorm::validation {

namespace {
bool contains(const std::string& text, std::string_view word) {
    return text.find(word) != std::string::npos;
}

}  // namespace

std::vector<Verdict> judge(const std::vector<Truth>& rows) {
    const std::string words = squeezed(rows.front().model);
    if (contains(words, "outage") &&
        (contains(words, "fluid") || contains(words, "backlog") || contains(words, "bronson")))
        return judge_outage(rows);
    if (contains(words, "reconnect")) return judge_reconnect(rows);
    if (contains(words, "layer")) return judge_layers(rows);
    if (contains(words, "retryamplification") || contains(words, "independentfailure"))
        return judge_amplification(rows);
    if (contains(words, "clockskew") || contains(words, "clockdrift"))
        return judge_clock_skew(rows);
    if (contains(words, "inversion")) return judge_inversion(rows);
    if (contains(words, "mtproto") || contains(words, "window")) return judge_window(rows);
    if (contains(words, "ntp")) return judge_ntp(rows);
    return judge_station(rows);
}

}  // namespace driftstorm::validation
