// Folders of cells as others may write them: what validate_ntp reads, and what it refuses.
#include "validation/time_cell.hpp"
#include "validation/time_client_words.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

using namespace driftstorm::validation;

namespace {

/// A folder of its own, which goes with all that is in it.
class Folder {
  public:
    Folder() {
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        const std::filesystem::path file = std::filesystem::path(path_) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    std::vector<TimeCell> cells() const { return read_time_cells(path_); }
    std::string complaint() const {
        try {
            cells();
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    }

  private:
    std::string path_ =
        (std::filesystem::temp_directory_path() / "driftstorm-cells-XXXXXX").string();
};

bool holds(const std::string& text, const char* part) { return text.find(part) != text.npos; }

const std::string columns =
    "cell,daemon,group,T_s,t_event_s,event_len_s,n_seeds,init_offset_s,minpoll,maxpoll,servers,"
    "delay_up_expr,delay_down_expr,freq_expr,extra_sim,client_conf,off_rms_all_mean,"
    "off_rms_all_sd\n";
const std::string cell =
    "one,ntpd,A,40000,,,5,0.01,6,6,1,(+ 0.01 (uniform)),(+ 0.02 (uniform)),(+ 1e-05 (sum (* 1e-09 "
    "(normal)))),node2_pll_clamp = 1,restrict default | server 192.168.123.1 minpoll 6 maxpoll "
    "6,1e-3,1e-4\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    if (at == text.npos) throw std::logic_error("nothing to replace");
    return text.replace(at, what.size(), by);
}

std::string with_dos_ends(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
    return out;
}

void check_the_cell(const std::vector<TimeCell>& cells) {
    REQUIRE(cells.size() == 1);
    const TimeCell& one = cells[0];
    CHECK(one.name == "one");
    CHECK(one.program == "ntpd");
    CHECK(one.duration == 40000);
    CHECK_FALSE(one.event.has_value());
    CHECK(one.fixed_poll);
    CHECK(one.figure("off_rms_all_mean") == 1e-3);
    const TimeNetwork network = read_time_network(one.network_text, one.network_place);
    CHECK(network.client == 2);
    CHECK(network.clocks.at(2).offset == 0.01);
    CHECK(network.clocks.at(2).clamp_pll);
    CHECK(network.delays.size() == 2);
    const TimeClient client = make_time_client(one.program, one.client_text, one.client_place);
    CHECK(client.servers == std::vector<unsigned>{1});
    CHECK_NOTHROW(check_connected(network, client));
}

}  // namespace

TEST_CASE("a folder with reference.csv alone is enough") {
    const Folder folder;
    folder.write("reference.csv", columns + cell);
    check_the_cell(folder.cells());
}

TEST_CASE("a mark of UTF-8, ends of lines as in DOS, blank lines and quotes change nothing") {
    const Folder folder;
    folder.write(
        "reference.csv",
        with_dos_ends("\xef\xbb\xbf" + columns + "\n" +
                      replaced(cell, "(+ 0.02 (uniform))", "\"(+ 0.02 (uniform))\"") + "\n"));
    check_the_cell(folder.cells());
    folder.write("configs/one.sim.conf",
                 with_dos_ends("# a comment\nnode2_offset = 0.01\nnode2_freq = (+ 1e-05)\n"
                               "node2_delay1 = 0.01\nnode1_delay2 = 0.01\nnode2_pll_clamp = 1\n"));
    folder.write("configs/one.client.conf",
                 with_dos_ends("server 192.168.123.1 minpoll 6 maxpoll 6\n"));
    check_the_cell(folder.cells());
}

TEST_CASE("columns may be in any order, be more, or be left out where there is a default") {
    const Folder folder;
    folder.write(
        "reference.csv",
        "remark,client_conf,freq_expr,delay_down_expr,delay_up_expr,T_s,group,off_rms_all_mean,"
        "maxpoll,minpoll,daemon,init_offset_s,extra_sim,cell\n"
        "\"new, unlike others\",server 192.168.123.1 minpoll 6 maxpoll 6,(+ 1e-05),(+ 0.02),(+ "
        "0.01),40000,A,1e-3,6,6,ntpd,0.01,node2_pll_clamp = 1,one\n");
    check_the_cell(folder.cells());
}

TEST_CASE("figures that are no number, and cells of other programs' runs, are passed over") {
    const Folder folder;
    folder.write("reference.csv", columns + replaced(cell, ",1e-3,1e-4", ",nan,n/a"));
    folder.write("runs.csv", "cell,seed,steps\none,1,2\none,2,\nother,1,7\n");
    const std::vector<TimeCell> cells = folder.cells();
    CHECK_FALSE(cells[0].figure("off_rms_all_mean").has_value());
    CHECK_FALSE(cells[0].figure("off_rms_all_sd").has_value());
    CHECK(cells[0].runs.at("steps") == std::vector<double>{2});
    CHECK(cells[0].series.empty());
}

TEST_CASE("what is wrong in a folder is said with file, line and column") {
    struct Case {
        std::string text;
        const char* complaint;
    };
    for (const Case& c :
         {Case{columns + cell + "two,ntpd\n", "reference.csv:3: 2 fields, wanted are 18"},
          Case{columns + cell + cell, "reference.csv:3: cell 'one' was there before"},
          Case{replaced(columns, "daemon", "program") + cell,
               "reference.csv:2: there is no column 'daemon'"},
          Case{replaced(columns, "group", "cell") + cell, "two columns are named 'cell'"},
          Case{columns + replaced(cell, "40000", "long"),
               "reference.csv:2: column 'T_s' is 'long', wanted is a number"},
          Case{columns + replaced(cell, "40000", "-1"), "'T_s' is '-1', wanted are seconds"},
          Case{columns + replaced(cell, "40000,", "40000,50000"),
               "'t_event_s' is '50000', wanted is a time within T_s"}}) {
        const Folder folder;
        folder.write("reference.csv", c.text);
        INFO(folder.complaint());
        CHECK(holds(folder.complaint(), c.complaint));
    }
    const Folder folder;
    CHECK(holds(folder.complaint(), "reference.csv: cannot be read"));
    folder.write("reference.csv", columns + cell);
    folder.write("series/one.csv", "t_s,offset_ns\n0,1\n");
    CHECK(holds(folder.complaint(), "one.csv:2: there is no column 'rms_over_seeds_ns'"));
    folder.write("series/one.csv", "t_s,rms_over_seeds_ns\n0,1\n60,\n120,3\n");
    CHECK(folder.cells()[0].series.size() == 2);
    folder.write("runs.csv", "name,seed,steps\none,1,2\n");
    CHECK(holds(folder.complaint(), "runs.csv:2: there is no column 'cell'"));
}

TEST_CASE("the simulator's words with the only value there is are known, others are refused") {
    CHECK_NOTHROW(read_time_network("node2_shift_pll = 2\nnode2_fll_clamp = 0\n", "a"));
    CHECK_THROWS_WITH_AS(read_time_network("node2_shift_pll = 4\n", "a"),
                         "a: node2_shift_pll: '4'; only 2 is modelled", std::invalid_argument);
    CHECK_THROWS_AS(read_time_network("node2_offset = nan\n", "a"), std::invalid_argument);
    CHECK_THROWS_AS(read_time_network("node2_freq = (+ inf)\n", "a"), std::invalid_argument);
    CHECK_THROWS_AS(make_time_client("chrony", "server 192.168.123.1 maxpoll 40\n", "c"),
                    std::invalid_argument);
    CHECK_THROWS_AS(make_time_client("ntpd", "server 192.168.123.1 minpoll 6.5\n", "c"),
                    std::invalid_argument);
}

TEST_CASE("a server that the client cannot reach is named") {
    const auto complaint = [](const std::string& network, const char* words) -> std::string {
        try {
            check_connected(read_time_network(network, "n"), make_time_client("ntpd", words, "c"));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    const std::string one_way = "node2_offset = 0\nnode2_delay1 = 0.01\n";
    CHECK(holds(complaint(one_way, "server 192.168.123.1"), "there is no node1_delay2"));
    CHECK(holds(complaint(one_way, "server 192.168.123.2"), "which is the client"));
    CHECK(holds(complaint(one_way, "server 192.168.123.3"), "node 3, which does not exist"));
    CHECK(complaint(one_way + "node1_delay2 = 0.01\n", "server 192.168.123.1").empty());
}
