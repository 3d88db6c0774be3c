# driftstorm_add_recording(NAME BASELINE [IDENTICAL] [LABELS ...] [TIMEOUT s]): a CTest that runs a recorded baseline
# (`driftstorm record`) again and fails when its behaviour has changed. IDENTICAL also fails when only the digest has, for
# code that must not move results. JUnit's report goes to NAME.xml in the current binary folder.
function(driftstorm_add_recording name baseline)
    cmake_parse_arguments(PARSE_ARGV 2 arg "IDENTICAL" "TIMEOUT" "LABELS")
    cmake_path(ABSOLUTE_PATH baseline BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    set(require equivalent)
    if(arg_IDENTICAL)
        set(require identical)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 1500)
    endif()
    add_test(NAME ${name} COMMAND driftstorm::driftstorm verify ${baseline} --require ${require}
        --junit ${CMAKE_CURRENT_BINARY_DIR}/${name}.xml)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "recording;${arg_LABELS}")
endfunction()
