# cmake -DSOURCE=folder -DOUTPUT=git_state.hpp -P GitState.cmake
#
# Writes a header that says of which commit the sources are and whether they were changed since; touches it
# only when that is something else than before. Without git, or in a copy without history: no commit.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --show-toplevel HEAD
    OUTPUT_VARIABLE known RESULT_VARIABLE failed ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
set(commit "")
set(changed false)
if(NOT failed)
    string(REPLACE "\n" ";" known "${known}")
    list(GET known 0 top)
    file(REAL_PATH "${SOURCE}" source)
    if(top STREQUAL source)  # else the history is that of a folder around a copy of ours
        list(GET known 1 commit)
        execute_process(COMMAND git -C "${SOURCE}" status --porcelain --untracked-files=no
            OUTPUT_VARIABLE changes ERROR_QUIET)
        if(NOT changes STREQUAL "")
            set(changed true)
        endif()
    endif()
endif()
string(CONCAT text "#pragma once\n\n#include <string_view>\n\nnamespace driftstorm::cli {\n\n"
    "inline constexpr std::string_view git_commit = \"${commit}\";\n"
    "inline constexpr bool git_changed = ${changed};\n\n}  // namespace driftstorm::cli\n")
set(before "")
if(EXISTS "${OUTPUT}")
    file(READ "${OUTPUT}" before)
endif()
if(NOT text STREQUAL before)
    file(WRITE "${OUTPUT}" "${text}")
endif()
