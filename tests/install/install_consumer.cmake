set(prefix ${BUILD}/install-test/prefix)
set(consumer ${BUILD}/install-test/consumer)
file(REMOVE_RECURSE ${BUILD}/install-test)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${consumer} -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${C} -DCMAKE_CXX_FLAGS=${FLAGS}
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${consumer} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${consumer}/consumer COMMAND_ERROR_IS_FATAL ANY)

# A recording made with the installed command is a test of the consumer.
execute_process(COMMAND ${prefix}/bin/driftstorm record ${prefix}/share/driftstorm/scenarios/mm1.yaml
    --until "10 s" --seeds 2 -o ${consumer}/recordings COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${consumer} --output-on-failure --no-tests=error
    COMMAND_ERROR_IS_FATAL ANY)

file(GLOB scenarios RELATIVE ${prefix}/share/driftstorm/scenarios
    ${prefix}/share/driftstorm/scenarios/*.yaml)
message(STATUS "installed scenarios: ${scenarios}")
