#include "analysis/report.hpp"

#include "analysis/report_plots.hpp"
#include "tests/analysis/report_sample.hpp"
#include "tests/analysis/temporary_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

std::string page_of(const std::vector<std::string>& paths) {
    std::vector<ResultsReader> results;
    for (const std::string& path : paths) results.emplace_back(path);
    return report_page(results);
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

const ReportPlot& plot(const ReportPlots& all, const std::string& key) {
    const auto found = std::find_if(all.plots.begin(), all.plots.end(),
                                    [&](const ReportPlot& one) { return one.key == key; });
    REQUIRE_MESSAGE(found != all.plots.end(), key);
    return *found;
}

ReportPlot saw(std::size_t rows, ReportPlot::Look look) {
    ReportPlot made{.key = "saw",
                    .title = "Saw",
                    .unit = "",
                    .y_label = "",
                    .note = {},
                    .look = look,
                    .times = {},
                    .names = {"a", "b"},
                    .columns = {}};
    made.columns.resize(2);
    for (std::size_t i = 0; i < rows; ++i) {
        made.times.push_back(static_cast<double>(i));
        made.columns[0].push_back(i == rows / 3 ? 1e6 : 1.0);
        made.columns[1].push_back(i == rows / 2 ? -5.0 : static_cast<double>(i % 10));
    }
    return made;
}

}  // namespace

TEST_CASE("text of users becomes text of HTML") {
    CHECK(html_text("a < b && \"c\" > 'd'") ==
          "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
    CHECK(html_text("Zoë 列车\n\t") == "Zoë 列车\n\t");
    CHECK(html_text(std::string("\x01\x7f\x1b", 3)) == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(html_text("") == "");
}

TEST_CASE("a page holds all of a run, loads nothing, and shows a title as text") {
    const TemporaryFile path("run.h5");
    hand_made::write_report_sample(path.name(), hand_made::hostile_title);
    const std::string page = page_of({path.name()});

    SUBCASE("nothing comes from elsewhere") {
        for (const char* loads : {"<script src", "<link", "@import", "url(", "<img", "<iframe",
                                  "sourceMappingURL", "href="})
            CHECK_MESSAGE(!holds(page, loads), loads);
        CHECK(holds(page, "default-src 'none'"));
    }
    SUBCASE("a title ends no element and starts none") {
        const std::string shown =
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Zoë&#39;s&quot; "
            "{{body}} &lt;b&gt;";
        CHECK(holds(page, "<title>" + shown + "</title>"));
        CHECK(holds(page, "<h1>" + shown + "</h1>"));
        CHECK(!holds(page, "<script>alert"));
        CHECK(holds(page, "\\u003c/script>\\u003cscript>alert(1)"));
        CHECK(count(page, "<script") == count(page, "</script>"));
    }
    SUBCASE("library and licence are inside, and every placeholder is filled") {
        CHECK(holds(page, "Dan Vanderkam"));
        CHECK(holds(page, "Permission is hereby granted"));
        CHECK(holds(page, "Dygraph.synchronize = synchronize"));
        for (const char* name : {"{{title}}", "{{dygraph_css}}", "{{dygraph_js}}",
                                 "{{synchronizer_js}}", "{{dygraph_licence}}"})
            CHECK_MESSAGE(!holds(page, name), name);
        CHECK(count(page, "{{body}}") ==
              3);  // of the run's title: as the page's, as heading, for pictures
    }
    SUBCASE("numbers, storms, expectations, provenance") {
        CHECK(holds(page, "<td>resync</td>"));
        CHECK(holds(page, "<td>relay 1 down</td>"));
        CHECK(holds(page, "the baseline at the peak of the resync storm"));
        CHECK(holds(page, "nothing is &lt;lost&gt;"));
        CHECK(holds(page, "✓&nbsp;passed"));
        CHECK(holds(page, "18446744073709551615"));
        CHECK(holds(page, "driftstorm run story.yaml --seed 7 --set &quot;a=&lt;1&gt;&quot;"));
        CHECK(holds(page, "0123456789abcdef"));
        CHECK(holds(page, "title: &quot;&lt;i&gt;&quot;"));
        CHECK(holds(page, "<code>messages.delivery_delay.p99</code>"));
    }
    SUBCASE("equal results give equal pages") { CHECK(page == page_of({path.name()})); }
}

TEST_CASE("a report plots what the file holds, in seconds and units of the axis") {
    const TemporaryFile path("run.h5");
    hand_made::write_report_sample(path.name(), "Run");
    const ReportPlots all = plots_of(ResultsReader(path.name()));
    CHECK(all.end_s == 600);
    CHECK(all.missing.empty());
    CHECK(all.plots.size() == 8);
    for (const ReportPlot& one : all.plots) {
        INFO(one.key);
        CHECK(one.names.size() == one.columns.size());
        for (const std::vector<double>& column : one.columns)
            CHECK(column.size() == one.times.size());
        CHECK(std::is_sorted(one.times.begin(), one.times.end()));
    }

    const ReportPlot& queues = plot(all, "queues");
    CHECK(queues.names ==
          std::vector<std::string>{"relays[0]", "relays[1]"});  // the shop has no values
    CHECK(queues.columns[0][299] == 59);
    CHECK(queues.columns[1][13] == 6);
    const ReportPlot& clocks = plot(all, "clocks-riders");
    CHECK(clocks.unit == "ms");
    CHECK(clocks.columns[0][300] == doctest::Approx(-450));
    CHECK(clocks.columns[3][300] == 0);
    const ReportPlot& attempts = plot(all, "attempts");
    CHECK(attempts.names.back() == "resync requests");
    CHECK(attempts.columns[2][305] >= 40);
    CHECK(plot(all, "networks-riders").names.size() == 4);
    CHECK(plot(all, "backlog").times.front() == 1);  // as it stands at the end of the first second
    double blamed = 0;
    for (const std::vector<double>& column : plot(all, "causes").columns)
        for (const double mean_s : column) blamed += mean_s;
    CHECK(blamed > 0);

    REQUIRE(all.spans.size() >= 2);
    CHECK(all.spans[0].name == "relay 1 down");
    CHECK(all.spans[0].from_s == 240);
    CHECK(all.spans[0].to_s == 300);
    CHECK(all.spans.back().storm);
    CHECK(all.spans.back().from_s == 300);
}

TEST_CASE("what a file has nothing for is left out and said") {
    const TemporaryFile path("run.h5");
    hand_made::write_bare_sample(path.name());
    const std::string bare = path.name().substr(0, path.name().size() - 3) + ".partial.h5";
    const ReportPlots all = plots_of(ResultsReader(bare));
    CHECK(all.plots.empty());
    CHECK(all.missing.size() == 6);
    const std::string page = page_of({bare});
    CHECK(holds(page, "<span class=\"failed\">partial</span>"));
    CHECK(holds(page, "The file holds no metrics."));
    CHECK(holds(page, "outputs.series of the scenario names no queue_depth"));
    CHECK(holds(page, "run.partial.h5"));
}

TEST_CASE("several results share a page, a section each") {
    const TemporaryFile first("a.h5");
    const TemporaryFile second("b.h5");
    hand_made::write_report_sample(first.name(), "First");
    hand_made::write_report_sample(second.name(), "Second");
    const std::string page = page_of({first.name(), second.name()});
    CHECK(holds(page, "<title>First · Second</title>"));
    CHECK(count(page, "<section class=\"run\">") == 2);
    CHECK(count(page, "<script type=\"application/json\"") == 2);
}

TEST_CASE("thinning keeps peaks of curves and means of stacks") {
    using Look = ReportPlot::Look;
    SUBCASE("few points stay as they are") {
        ReportPlot plot = saw(100, Look::lines);
        thin(plot, 100);
        CHECK(plot.times.size() == 100);
        CHECK(plot.note.empty());
    }
    for (const Look look : {Look::lines, Look::steps, Look::filled}) {
        ReportPlot plot = saw(100'000, look);
        thin(plot, 2000);
        CHECK(plot.times.size() <= 2000);
        CHECK(std::is_sorted(plot.times.begin(), plot.times.end()));
        CHECK(*std::max_element(plot.columns[0].begin(), plot.columns[0].end()) == 1e6);
        CHECK(*std::min_element(plot.columns[1].begin(), plot.columns[1].end()) == -5.0);
        CHECK(!plot.note.empty());
    }
    SUBCASE("the mean of a stack") {
        ReportPlot plot = saw(100'000, Look::stacked);
        thin(plot, 2000);
        double sum = 0;
        for (const double value : plot.columns[0]) sum += value * 50;  // each stands for 50
        CHECK(sum == doctest::Approx(1e6 + 99'999));
    }
    SUBCASE("a stretch without values stays without") {
        ReportPlot plot = saw(100'000, Look::lines);
        std::fill(plot.columns[1].begin(), plot.columns[1].end(),
                  std::numeric_limits<double>::quiet_NaN());
        thin(plot, 2000);
        CHECK(std::all_of(plot.columns[1].begin(), plot.columns[1].end(),
                          [](double value) { return std::isnan(value); }));
    }
}
