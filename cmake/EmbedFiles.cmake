# cmake -DOUTPUT=x.cpp -DNAMESPACE=driftstorm::assets -DFILES="name=path;..." -P EmbedFiles.cmake
#
# Writes a C++ file with one std::string_view a file, so that a program can carry files of packages or of
# ours without reading them when it runs. Lines that point a browser to source maps are left out: it
# would look for them beside the page.
set(text "#include <cstddef>\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
foreach(entry IN LISTS FILES)
    string(REGEX MATCH "^([a-z_]+)=(.+)$" matched "${entry}")
    if(NOT matched)
        message(FATAL_ERROR "EmbedFiles: '${entry}' is not name=path")
    endif()
    set(name ${CMAKE_MATCH_1})
    set(path ${CMAKE_MATCH_2})
    file(READ "${path}" bytes HEX)
    # "//# sourceMappingURL=..." and "/*# sourceMappingURL=... */" at the end of a file, in hexadecimal.
    string(REGEX REPLACE "2f(2f|2a)2320736f757263654d617070696e6755524c3d.*$" "" bytes "${bytes}")
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND text "static const unsigned char ${name}_bytes[] = {\n${bytes}};\n"
        "extern const std::string_view ${name};\n"
        "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), sizeof ${name}_bytes);\n\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}}  // namespace ${NAMESPACE}\n")
