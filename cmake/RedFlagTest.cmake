include(GoogleTest)

# Tests are built to be built quickly: not optimized, and with their largest headers read once for all.
add_library(redflag_test_settings INTERFACE)
target_compile_options(redflag_test_settings INTERFACE -O0 -g0 -U_FORTIFY_SOURCE)
target_link_libraries(redflag_test_settings INTERFACE redflag_settings GTest::gmock)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cpp CONTENT "")
add_library(redflag_test_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_headers.cpp)
set_target_properties(redflag_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_link_libraries(redflag_test_headers PRIVATE redflag_test_settings)
target_precompile_headers(redflag_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)

# Properties of a test that keeps a processor busy all the time, or looks at how long things take: where four run at a
# time (scripts/test) one of its like or two that only wait run beside it, and it begins before those.
set(REDFLAG_HEAVY PROCESSORS 2 COST 20000)

# One test program for one room: tests/<room>/…; ctest names are "<label>.<Suite>.<sentence>".
# POSTGRES both|only|long: run (also) against a PostgreSQL, as "postgres.<label>…" under the label postgres, or long.
# SERIAL: nothing runs beside it, because it measures how long others wait.
# POOLED: and through pgbouncer in transaction mode.
# TIMEOUT, in seconds, ends only what hangs, on whatever machine.
# LABEL is what `scripts/test FILTER` and ctest -L select (unit, postgres, e2e, faults, abi, long).
function(redflag_test name)
  cmake_parse_arguments(ARG "POOLED;SERIAL" "LABEL;TIMEOUT;POSTGRES" "SOURCES;DEPENDS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_SERIAL)
    set(ARG_SERIAL OFF)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 240)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests
    POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(${name} PRIVATE redflag_test_settings ${ARG_DEPENDS} GTest::gmock_main)
  target_precompile_headers(${name} REUSE_FROM redflag_test_headers)
  target_compile_definitions(${name} PRIVATE
    REDFLAG_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures" REDFLAG_BUILD="${CMAKE_BINARY_DIR}")
  if(NOT ARG_POSTGRES STREQUAL "only")
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_SERIAL} ENVIRONMENT "${ARG_ENVIRONMENT}")
  endif()
  if(ARG_POSTGRES)
    set(postgres_label postgres)
    if(ARG_POSTGRES STREQUAL "long")
      set(postgres_label long)
    endif()
    gtest_discover_tests(${name} TEST_PREFIX "postgres.${name}." DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${postgres_label} TIMEOUT 400 FIXTURES_REQUIRED postgres
        ENVIRONMENT "REDFLAG_TEST_POSTGRES=${REDFLAG_TEST_POSTGRES}")
  endif()
  if(ARG_POOLED)
    gtest_discover_tests(${name} TEST_PREFIX "pooled.${name}." DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS postgres TIMEOUT 400 FIXTURES_REQUIRED postgres
        ENVIRONMENT "REDFLAG_TEST_POSTGRES=${REDFLAG_TEST_POSTGRES}/pooled")
  endif()
endfunction()

# One PostgreSQL for all tests that want it. Not in the build folder: a socket's path is short, and the user it
# runs as may not enter everybody's home.
string(SHA1 postgres_name ${CMAKE_BINARY_DIR})
string(SUBSTRING ${postgres_name} 0 12 postgres_name)
set(REDFLAG_TEST_POSTGRES /tmp/redflag-postgres-${postgres_name})

function(redflag_test_postgres)
  set(script ${CMAKE_SOURCE_DIR}/tests/support/postgres)
  add_test(NAME postgres.starts COMMAND ${script} start ${REDFLAG_TEST_POSTGRES})
  add_test(NAME postgres.stops COMMAND ${script} stop ${REDFLAG_TEST_POSTGRES})
  set_tests_properties(postgres.starts PROPERTIES FIXTURES_SETUP postgres LABELS postgres TIMEOUT 120)
  set_tests_properties(postgres.stops PROPERTIES FIXTURES_CLEANUP postgres LABELS postgres TIMEOUT 120)
endfunction()
