# Everything a plugin library needs: visibility, one exported symbol, its manifest made from its descriptor, and the test
# that it keeps the contract (not of a test's own plugins: some break it).
# The installed SDK has this very file.
#   add_plugin(apt SOURCES … DEPENDS …)                       an agent plugin      -> plugins/apt.so + apt.json
#   add_plugin(install_updates KIND command_types SOURCES …)  a server command type -> command_types/…
#   add_plugin(crasher KIND test_plugins SOURCES …)           a test's own
function(add_plugin id)
  cmake_parse_arguments(ARG "" "KIND" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_KIND)
    set(ARG_KIND plugins)
  endif()
  set(target plugin_${id})
  set(folder ${CMAKE_BINARY_DIR}/${ARG_KIND})
  add_library(${target} MODULE ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${id} LIBRARY_OUTPUT_DIRECTORY ${folder}
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${target} PRIVATE $<TARGET_NAME_IF_EXISTS:redflag_settings> RedFlagSDK::sdk ${ARG_DEPENDS})
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map -Wl,--exclude-libs,ALL)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    # A library is hashed whole before each run; six sevenths of it would be debug information.
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_OBJCOPY} --only-keep-debug --compress-debug-sections ${id}.so ${id}.so.debug
      COMMAND ${CMAKE_OBJCOPY} --strip-debug --add-gnu-debuglink=${id}.so.debug ${id}.so
      WORKING_DIRECTORY ${folder} VERBATIM)
  endif()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND redflag-host --manifest $<TARGET_FILE:${target}> --output ${folder}/${id}.json
    VERBATIM COMMENT "Manifest of ${id}")
  add_dependencies(${target} redflag-host)
  if(REDFLAG_TESTS AND ARG_KIND MATCHES "^(plugins|command_types)$")
    add_test(NAME test_contract.${id}.is_kept COMMAND redflag-plugin-check $<TARGET_FILE:${target}>)
    set_tests_properties(test_contract.${id}.is_kept PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()
