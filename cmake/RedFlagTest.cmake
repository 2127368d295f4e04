include(GoogleTest)

# One test program for one room: tests/<room>/…; ctest names are "<label>.<Suite>.<sentence>".
# LABEL is what `scripts/test FILTER` and ctest -L select (unit, e2e, faults, abi).
function(redflag_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPENDS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE redflag_settings ${ARG_DEPENDS} GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE
    REDFLAG_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures" REDFLAG_BUILD="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
