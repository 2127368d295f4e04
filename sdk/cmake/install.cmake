# cmake --install BUILD --component sdk --prefix FOLDER: what third parties need. The folder may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(REDFLAG_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/RedFlagSDK)
file(RELATIVE_PATH REDFLAG_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" REDFLAG_PC_TO_PREFIX "${REDFLAG_PC_TO_PREFIX}")

set(folder ${CMAKE_CURRENT_BINARY_DIR}/install)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/RedFlagSDKConfig.cmake.in ${folder}/RedFlagSDKConfig.cmake
  INSTALL_DESTINATION ${REDFLAG_CMAKE_FOLDER} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${folder}/RedFlagSDKConfigVersion.cmake COMPATIBILITY SameMajorVersion)
configure_file(${CMAKE_CURRENT_LIST_DIR}/redflag-sdk.pc.in ${folder}/redflag-sdk.pc @ONLY)

install(DIRECTORY include/redflag cpp/include/redflag DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
install(TARGETS redflag-host redflag-plugin-check DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT sdk)
install(FILES ${folder}/RedFlagSDKConfig.cmake ${folder}/RedFlagSDKConfigVersion.cmake
  ${CMAKE_SOURCE_DIR}/cmake/RedFlagPlugin.cmake ${CMAKE_SOURCE_DIR}/cmake/plugin.map
  DESTINATION ${REDFLAG_CMAKE_FOLDER} COMPONENT sdk)
install(FILES ${folder}/redflag-sdk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DATADIR}/redflag-sdk COMPONENT sdk)
