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
target_link_options(redflag_settings INTERFACE -Wl,--as-needed -Wl,-z,relro,-z,now)

# A static library of the house. The include root is given by the caller, so that a target sees only the rooms it may use.
function(redflag_library name)
  cmake_parse_arguments(ARG "" "ROOT" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${ARG_ROOT})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE redflag_settings ${ARG_PRIVATE_DEPENDS})
endfunction()

# A program of the house, placed in bin/.
function(redflag_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE redflag_settings ${ARG_DEPENDS})
endfunction()
