# What our own code is held to; __FILE__ without the folder of the checkout, so that a build elsewhere
# gives the same binary.
function(driftstorm_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
        -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
    if(DRIFTSTORM_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# What runs once a run, or once a command: a compiler is a third sooner through without what pays in loops.
function(driftstorm_runs_once target)
    if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O2")
        target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
endfunction()

# driftstorm_library(core SOURCES ... HEADERS ... LINKS ... USES ...): one layer of the simulator as
# driftstorm::core. HEADERS are included by their path from the top folder, installed or not. LINKS are
# layers whose headers ours include; USES are packages named in our .cpp files only.
function(driftstorm_library layer)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;LINKS;USES")
    add_library(driftstorm_${layer} STATIC)
    add_library(driftstorm::${layer} ALIAS driftstorm_${layer})
    set_target_properties(driftstorm_${layer} PROPERTIES
        EXPORT_NAME ${layer} VERIFY_INTERFACE_HEADER_SETS ON LINKER_LANGUAGE CXX)
    target_sources(driftstorm_${layer}
        PRIVATE ${arg_SOURCES}
        PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(driftstorm_${layer} PUBLIC driftstorm::language ${arg_LINKS} PRIVATE ${arg_USES})
    driftstorm_warnings(driftstorm_${layer})
    install(TARGETS driftstorm_${layer} EXPORT driftstorm
            FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/driftstorm)
endfunction()

# driftstorm_test(core SOURCES ... LINKS ... LABELS ... [TIMEOUT s]): one doctest program <name>_test, run
# by CTest as <name>. Label `long` or `browser` keeps it out of a plain ./dev test. Give `long` cases
# of an otherwise quick program the doctest suite "long": they become a second CTest <name>_long.
function(driftstorm_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "LONG_CASES" "TIMEOUT" "SOURCES;LINKS;LABELS")
    add_executable(${name}_test ${arg_SOURCES})
    target_link_libraries(${name}_test PRIVATE ${arg_LINKS} driftstorm_test_main doctest::doctest)
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name}_test PRIVATE DRIFTSTORM_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
        DRIFTSTORM_BINARY_DIR="${PROJECT_BINARY_DIR}")
    driftstorm_warnings(${name}_test)
    # What is tested is optimised as it is shipped; the test around it compiles a quarter faster so.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)

    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 600)
    endif()
    if(arg_LONG_CASES)
        add_test(NAME ${name} COMMAND ${name}_test --test-suite-exclude=long)
        add_test(NAME ${name}_long COMMAND ${name}_test --test-suite=long)
        set_tests_properties(${name}_long PROPERTIES LABELS long TIMEOUT 3600)
    else()
        add_test(NAME ${name} COMMAND ${name}_test)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
    if(arg_LABELS)
        set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
    endif()
endfunction()
