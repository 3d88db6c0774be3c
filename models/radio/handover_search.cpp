#include "models/radio/handover_search.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <limits>

namespace driftstorm {

namespace {

struct Heard {
    Index cell;
    double dbm;
};

std::vector<Index> best_first(std::vector<Heard> heard) {
    std::sort(heard.begin(), heard.end(), [](const Heard& a, const Heard& b) {
        return a.dbm != b.dbm ? a.dbm > b.dbm : a.cell < b.cell;
    });
    std::vector<Index> cells;
    cells.reserve(heard.size());
    for (const Heard& one : heard) cells.push_back(one.cell);
    return cells;
}

}  // namespace

/// One look ahead: remembers what each cell's signal gains by the device's seat, and the timers of
/// event A3.
class HandoverSearch::Ahead {
  public:
    Ahead(const HandoverSearch& search, const RadioView& view, Index serving)
        : search_(search), view_(view), serving_(serving) {
        if (serving != no_index) technology_ = search.cells_.technology(serving);
    }

    /// What happens at the measurement at `t`.
    RadioChange judge(Time t) {
        const double position = search_.position_m(view_, t);
        if (serving_ == no_index) {
            return search_.usable(view_, t).empty() ? RadioChange::none : RadioChange::found;
        }
        const double own = signal(serving_, position);
        const Cells& cells = search_.cells_;
        if (technology_ == Technology::wifi) {
            return own < cells.rules().wifi.leave_below ? RadioChange::left : RadioChange::none;
        }
        const CellularParams& rules = cells.rules().of(technology_);
        if (own >= rules.lost_below)
            lost_since_ = end_of_time;
        else if (lost_since_ == end_of_time)
            lost_since_ = t;
        if (lost_since_ != end_of_time && t - lost_since_ >= rules.lost_after)
            return RadioChange::lost;
        RadioChange change = RadioChange::none;
        for (const Index cell : cells.in_reach(position)) {
            if (cell == serving_ || !cells.up(cell)) continue;
            if (search_.preferred(view_, cells.technology(cell), technology_)) {
                if (search_.joins(cell, signal(cell, position))) return RadioChange::joined;
            } else if (cells.technology(cell) == technology_) {
                if (triggered(cell, signal(cell, position), own, rules, t))
                    change = RadioChange::handover;
            }
        }
        return change;
    }

    bool timers_run() const {
        return lost_since_ != end_of_time ||
               std::any_of(known_.begin(), known_.end(),
                           [](const Known& k) { return k.since != end_of_time; });
    }

  private:
    struct Known {
        Index cell;
        double seat_db;
        Time since;  ///< event A3 has held since; end_of_time: it does not hold
    };

    Known& known(Index cell) {
        for (Known& k : known_) {
            if (k.cell == cell) return k;
        }
        known_.push_back({cell, search_.seat_db(view_, cell), end_of_time});
        return known_.back();
    }
    double signal(Index cell, double position) {
        return search_.cells_.signal_dbm(cell, position) + known(cell).seat_db;
    }
    bool triggered(Index cell, double dbm, double own, const CellularParams& rules, Time t) {
        Known& k = known(cell);
        if (!(dbm - rules.hysteresis > own + rules.offset)) {
            k.since = end_of_time;
            return false;
        }
        if (k.since == end_of_time) k.since = t;
        return t - k.since >= rules.time_to_trigger;
    }

    const HandoverSearch& search_;
    const RadioView& view_;
    Index serving_;
    Technology technology_ = Technology::none;
    Time lost_since_ = end_of_time;
    std::vector<Known> known_;
};

double HandoverSearch::seat_db(const RadioView& view, Index cell) const {
    if (spread_db_ == 0) return 0;
    const Block block = draw(seed_, "radio.seat", view.identity, cells_.identity(cell));
    return spread_db_ * exact::inverse_normal(uniform_of(block));
}

double HandoverSearch::signal_dbm(const RadioView& view, Index cell, Time t) const {
    return cells_.signal_dbm(cell, position_m(view, t)) + seat_db(view, cell);
}

int HandoverSearch::preference(const RadioView& view, Technology technology) const {
    for (std::size_t i = 0; i < view.interfaces.size(); ++i) {
        if (view.interfaces[i] == technology && technology != Technology::none) {
            return static_cast<int>(i);
        }
    }
    return std::numeric_limits<int>::max();
}

/// Only access points are joined while another network serves.
bool HandoverSearch::preferred(const RadioView& view, Technology offered,
                               Technology current) const {
    return offered == Technology::wifi && current != Technology::wifi &&
           preference(view, offered) < preference(view, current);
}

bool HandoverSearch::joins(Index cell, double dbm) const {
    const RadioRules& rules = cells_.rules();
    const Technology technology = cells_.technology(cell);
    return technology == Technology::wifi ? dbm > rules.wifi.join_above
                                          : dbm > rules.of(technology).attach_above;
}

Time HandoverSearch::next_measurement(const RadioView& view, Time after) const {
    if (after < view.first_measurement) return view.first_measurement;
    const std::int64_t passed = (after - view.first_measurement).ns / period_.ns;
    return view.first_measurement + period_ * (passed + 1);
}

NextChange HandoverSearch::next(const RadioView& view, Index serving, Time from) const {
    Ahead ahead(*this, view, serving);
    for (Time t = next_measurement(view, from);;) {
        const RadioChange change = ahead.judge(t);
        if (change != RadioChange::none) return {change, t};
        const Time moves = view.mobility->next_motion(t - view.late);
        if (ahead.timers_run() || moves == t - view.late) {
            t = t + period_;
        } else if (moves == end_of_time) {
            return {};  // it stands for good, and nothing that it hears will change
        } else {
            t = next_measurement(view, moves + view.late - Duration{1});
        }
    }
}

std::vector<Index> HandoverSearch::usable(const RadioView& view, Time t) const {
    std::vector<Index> all;
    const double position = position_m(view, t);
    for (const Technology technology : view.interfaces) {
        if (technology == Technology::none) continue;
        std::vector<Heard> heard;
        for (const Index cell : cells_.in_reach(position)) {
            if (cells_.technology(cell) != technology || !cells_.up(cell)) continue;
            const double dbm = cells_.signal_dbm(cell, position) + seat_db(view, cell);
            if (joins(cell, dbm)) heard.push_back({cell, dbm});
        }
        for (const Index cell : best_first(std::move(heard))) all.push_back(cell);
    }
    return all;
}

std::vector<Index> HandoverSearch::joinable(const RadioView& view, Index serving, Time t) const {
    std::vector<Index> found;
    for (const Index cell : usable(view, t)) {
        if (preferred(view, cells_.technology(cell), cells_.technology(serving)))
            found.push_back(cell);
    }
    return found;
}

std::vector<Index> HandoverSearch::better(const RadioView& view, Index serving, Time t) const {
    const CellularParams& rules = cells_.rules().of(cells_.technology(serving));
    const double position = position_m(view, t);
    const double own = cells_.signal_dbm(serving, position) + seat_db(view, serving);
    std::vector<Heard> heard;
    for (const Index cell : cells_.in_reach(position)) {
        if (cell == serving || !cells_.up(cell) ||
            cells_.technology(cell) != cells_.technology(serving)) {
            continue;
        }
        const double dbm = cells_.signal_dbm(cell, position) + seat_db(view, cell);
        if (dbm - rules.hysteresis > own + rules.offset) heard.push_back({cell, dbm});
    }
    return best_first(std::move(heard));
}

}  // namespace driftstorm
