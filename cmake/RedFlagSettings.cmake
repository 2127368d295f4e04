# Compiler settings for our own targets, and where the results land.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # It refuses what was compiled with a precompiled header unless it is told that macros of time do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
endif()

add_library(redflag_settings INTERFACE)
target_compile_options(redflag_settings INTERFACE
  -Wall -Wextra -Wshadow -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wsign-conversion -Wnon-virtual-dtor>
  # GCC 12 with -fsanitize=address takes the insides of std::regex for uninitialized (its bug 105562).
  $<$<AND:$<BOOL:${REDFLAG_SANITIZED}>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
if(REDFLAG_FUZZ)
  target_compile_options(redflag_settings INTERFACE -w)  # GCC's warnings are those that count; clang has others
endif()
target_compile_definitions(redflag_settings INTERFACE
  REDFLAG_VERSION="${PROJECT_VERSION}"
  $<$<BOOL:${REDFLAG_SANITIZED}>:REDFLAG_SANITIZED>)
# GCC takes a precompiled header only where every macro that it met has the same value: these are what Poco asks for.
foreach(macro _FILE_OFFSET_BITS=64 _LARGEFILE64_SOURCE _REENTRANT _THREAD_SAFE _XOPEN_SOURCE=500)
  target_compile_definitions(redflag_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${macro}>)
endforeach()
target_link_options(redflag_settings INTERFACE -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now)

# The largest headers that nearly every library reads, read once for all of them. That each file names what it needs by
# itself is seen where the sanitizers are built: without them.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers.cpp CONTENT "")
add_library(redflag_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/headers.cpp)
target_link_libraries(redflag_headers PRIVATE redflag_settings)
target_precompile_headers(redflag_headers PRIVATE
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <filesystem> <functional> <map> <memory> <mutex>
  <optional> <set> <string> <thread> <vector> <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

# A static library of the house. The include root is given by the caller, so that a target sees only the rooms it may use.
function(redflag_library name)
  cmake_parse_arguments(ARG "" "ROOT" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${ARG_ROOT})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE redflag_settings ${ARG_PRIVATE_DEPENDS})
  target_precompile_headers(${name} REUSE_FROM redflag_headers)
  # Out of a precompiled header GCC 12 warns of the insides of std::string (its bug 105651) as if they were ours.
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
endfunction()

# A program of the house, placed in bin/.
function(redflag_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE redflag_settings ${ARG_DEPENDS})
endfunction()
