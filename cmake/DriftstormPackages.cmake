# Finds a package for the build and notes it for the installed driftstormConfig.cmake, which has to find
# it again: a static library hands its own dependencies on to whoever links it.
macro(driftstorm_package)
    find_package(${ARGN} REQUIRED)
    string(REPLACE ";" " " driftstorm_arguments "${ARGN}")
    string(APPEND driftstorm_dependencies "find_dependency(${driftstorm_arguments})\n")
endmacro()

# The serial library's C interface is all we use; an MPI build found first would want mpi.h everywhere.
set(HDF5_PREFER_PARALLEL OFF)

set(driftstorm_dependencies "")
driftstorm_package(Threads)
driftstorm_package(Boost 1.74)
driftstorm_package(HDF5 COMPONENTS C HL)
driftstorm_package(yaml-cpp 0.7)
driftstorm_package(fmt 9)

find_package(CLI11 2.1 REQUIRED)  # headers of the command alone, which nobody links
