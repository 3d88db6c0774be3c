# What `cmake --install` adds to the libraries and the command: the scenarios, and the package that
# find_package(driftstorm) reads.
include(CMakePackageConfigHelpers)
set(driftstorm_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/driftstorm)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/scenarios/library/
        DESTINATION ${CMAKE_INSTALL_DATADIR}/driftstorm/scenarios)
install(EXPORT driftstorm NAMESPACE driftstorm:: DESTINATION ${driftstorm_package_dir}
        FILE driftstormTargets.cmake)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/driftstormConfig.cmake.in
    ${PROJECT_BINARY_DIR}/driftstormConfig.cmake INSTALL_DESTINATION ${driftstorm_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/driftstormConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/driftstormConfig.cmake ${PROJECT_BINARY_DIR}/driftstormConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/DriftstormRecordings.cmake
        DESTINATION ${driftstorm_package_dir})
