#include "sweeps/slurm.hpp"

#include "sim/output/output_error.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace driftstorm {

namespace {

struct Said {
    int code = 0;
    std::string text;
};

/// Runs a shell command; its output and errors together.
Said shell(const std::string& command) {
    std::FILE* pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "re");
    if (pipe == nullptr) throw OutputError(command, std::strerror(errno));
    Said said;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
        said.text.append(buffer.data(), got);
    const int status = ::pclose(pipe);
    said.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    while (!said.text.empty() && said.text.back() == '\n') said.text.pop_back();
    return said;
}

}  // namespace

std::string shell_word(const std::string& word) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::strchr("-_./=:,+@%", c) != nullptr;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + "'";
}

std::size_t slurm_tasks(const SlurmOptions& options, std::size_t runs, std::size_t points) {
    const std::size_t wanted = options.tasks > 0 ? options.tasks : (runs + 15) / 16;
    return std::max<std::size_t>(1, std::min({wanted, points, options.most_tasks}));
}

std::string slurm_script(const SlurmOptions& options, std::size_t tasks, const std::string& folder,
                         const std::vector<std::string>& command) {
    std::string script = "#!/bin/sh\n#SBATCH --job-name=driftstorm\n";
    script += fmt::format("#SBATCH --array=0-{}\n", tasks - 1);
    script += "#SBATCH --ntasks=1\n#SBATCH --cpus-per-task=1\n";
    script += fmt::format("#SBATCH --output={}/%A_%a.log\n", folder);
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) script += fmt::format("#SBATCH --{}={}\n", name, value);
    };
    add("account", options.account);
    add("partition", options.partition);
    add("time", options.time);
    add("mem", options.memory);
    for (const std::string& one : options.more) script += "#SBATCH " + one + "\n";
    script += "exec";
    for (const std::string& word : command) script += " " + shell_word(word);
    return script + fmt::format(" --shard \"$SLURM_ARRAY_TASK_ID/{}\"\n", tasks);
}

std::string submit_slurm(const std::string& script_path) {
    const Said said = shell("sbatch --parsable " + shell_word(script_path));
    std::string id = said.text.substr(0, said.text.find(';'));
    const bool number = !id.empty() && std::all_of(id.begin(), id.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
    if (said.code != 0 || !number) throw OutputError("sbatch", said.text);
    return id;
}

bool slurm_job_lives(const std::string& id) {
    Said said;
    for (int attempt = 0; attempt < 20; ++attempt) {
        said = shell("squeue --noheader --format=%T --jobs=" + shell_word(id));
        if (said.code == 0) return !said.text.empty();
        if (said.text.find("Invalid job id") != std::string::npos) return false;  // long gone
        std::this_thread::sleep_for(std::chrono::seconds(10));  // a controller that restarts
    }
    throw OutputError("squeue", said.text);
}

void cancel_slurm(const std::string& id) { shell("scancel " + shell_word(id)); }

}  // namespace driftstorm
