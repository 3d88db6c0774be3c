#include "sim/core/digest.hpp"
#include "sim/output/results_file.hpp"
#include "sim/output/results_reader.hpp"
#include "tests/output/folder.hpp"
#include "tests/output/sample_result.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace driftstorm;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

TEST_CASE("a folder that cannot be written, or a name that is taken by no file, is said at once") {
    const Folder folder;
    const auto refuse = [&](const std::string& path, const char* reason) {
        CHECK_THROWS_WITH_AS(ResultsFile(path, sample::options(), sample::directory()),
                             doctest::Contains(reason), OutputError);
    };
    refuse(folder / "none/run.h5", "No such file or directory");
    refuse("/proc/run.h5", "/proc/run.h5");
    refuse(folder.path.string(), "Is a directory");
    refuse("/dev/null", "is not a regular file");
    fs::create_directory(folder / "run.h5.part");
    refuse(folder / "run.h5", "Is a directory");
    if (::geteuid() != 0) {
        fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
        refuse(folder / "other.h5", "Permission denied");
        fs::permissions(folder.path, fs::perms::owner_all);
    }
    CHECK(folder.names() == Names{"run.h5.part"});
}

TEST_CASE("two runs cannot write one file at a time") {
    const Folder folder;
    ResultsFile first(folder / "run.h5", sample::options(), sample::directory());
    sample::feed(first, 100);
    CHECK_THROWS_WITH_AS(ResultsFile(folder / "run.h5", sample::options(), sample::directory()),
                         doctest::Contains("in use by another run"), OutputError);
    first.finish(ResultStatus::complete, 0, "{}");
    CHECK(ResultsReader(folder / "run.h5").rows("/events/handover/time") == 100);
}

TEST_CASE("a file that may not grow ends with path and reason, and nothing is left") {
    const Folder folder;
    sample::write(folder / "whole.h5", 30'000);
    const auto whole = static_cast<rlim_t>(fs::file_size(folder / "whole.h5"));
    fs::remove(folder / "whole.h5");
    fs::remove(folder / "whole.h5.run.json");
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, SIG_IGN);
    for (const rlim_t most :
         {rlim_t{0}, rlim_t{100}, rlim_t{20'000}, whole / 3, whole - 10'000, whole - 1}) {
        rlimit tight = before;
        tight.rlim_cur = most;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
        std::string said;
        try {
            sample::write(folder / "run.h5", 30'000);
        } catch (const OutputError& error) {
            said = error.what();
        }
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        CAPTURE(most);
        CHECK(said.find(folder / "run.h5") == 0);
        CHECK(said.find("File too large") != std::string::npos);
        CHECK(folder.names().empty());
    }
    sample::write(folder / "run.h5", 100);  // the library has not lost its head
    CHECK(ResultsReader(folder / "run.h5").rows("/events/handover/time") == 100);
}

TEST_CASE("a full disk ends with path and reason, and nothing is left") {
    const Folder folder;
    const std::string disk = folder / "disk";
    fs::create_directory(disk);
    if (::mount("none", disk.c_str(), "tmpfs", 0, "size=300k") != 0) {
        MESSAGE("no right to mount a small disk: full disk not tried");
        return;
    }
    for (const int steps : {12'000, 20'000, 30'000}) {
        std::string said;
        try {
            sample::write(disk + "/run.h5", steps);
        } catch (const OutputError& error) {
            said = error.what();
        }
        CHECK(said == disk + "/run.h5.part: No space left on device");
        CHECK(fs::is_empty(disk));
    }
    sample::write(disk + "/run.h5", 100);  // there is room for a small one
    CHECK(ResultsReader(disk + "/run.h5").rows("/copies/copy") == 300);
    // A disk full from the start, not by us.
    {
        std::ofstream hog(disk + "/hog");
        const std::string block(4096, 'x');
        while (hog.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    CHECK_THROWS_WITH_AS(sample::write(disk + "/run.h5", 1),
                         doctest::Contains("No space left on device"), OutputError);
    CHECK(std::distance(fs::directory_iterator(disk), fs::directory_iterator()) == 3);
    CHECK(::umount(disk.c_str()) == 0);
}

TEST_CASE("a run killed at a random moment leaves no result, and its repetition the same bytes") {
    const Folder folder;
    constexpr int steps = 30'000;
    sample::write(folder / "reference.h5", steps);
    const std::string reference = bytes_of(folder / "reference.h5");
    int killed = 0;
    for (std::uint64_t trial = 0; trial < 12; ++trial) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            try {
                sample::write(folder / "run.h5", steps);
            } catch (...) {
                ::_exit(1);
            }
            ::_exit(0);
        }
        ::usleep(static_cast<useconds_t>(fingerprint("kill " + std::to_string(trial)) % 150'000));
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        // Either the run was over before the kill and the result is whole, or there is none.
        if (WIFSIGNALED(status)) ++killed;
        if (fs::exists(folder / "run.h5")) {
            REQUIRE((bytes_of(folder / "run.h5") == reference));
            fs::remove(folder / "run.h5");
        } else {
            REQUIRE(WIFSIGNALED(status));
        }
        REQUIRE(folder.names().size() <= 5);  // reference, its facts, and what was under way
    }
    CHECK(killed > 0);
    sample::write(folder / "run.h5", steps);  // over the remains
    CHECK((bytes_of(folder / "run.h5") == reference));
    CHECK_FALSE(fs::exists(folder / "run.h5.part"));
}
