# Every library the project uses, as one imported target each. Debian 12 packages; scripts/packages*.txt name them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net NetSSL Util Data DataSQLite)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(date REQUIRED)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(yaml_cpp REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq>=14)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(apt_pkg IMPORTED_TARGET apt-pkg)
pkg_check_modules(dnf_needs libsolv libsolvext modulemd-2.0 gobject-2.0)
find_library(LIBDNF_LIBRARY dnf)
if(REDFLAG_TESTS)
  find_package(GTest REQUIRED)
endif()

# What a dnf scan is made of. libdnf not by pkg-config: that asks for the development files of rpm and librepo, of which
# none are used, and for a libcurl that cannot be installed beside another.
if(dnf_needs_FOUND AND LIBDNF_LIBRARY)
  add_library(redflag_libdnf INTERFACE)
  target_include_directories(redflag_libdnf SYSTEM INTERFACE ${dnf_needs_INCLUDE_DIRS})
  target_link_libraries(redflag_libdnf INTERFACE ${LIBDNF_LIBRARY} ${dnf_needs_LINK_LIBRARIES})
endif()

# fmt and spdlog as archives of ours: as shared libraries they take longer to load than a scan logs, and as headers
# every file that logs would compile them again.
add_library(redflag_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/compiled/fmt.cpp)
target_include_directories(redflag_fmt SYSTEM INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
add_library(redflag_spdlog STATIC ${CMAKE_CURRENT_LIST_DIR}/compiled/spdlog.cpp)
target_include_directories(redflag_spdlog SYSTEM INTERFACE
  $<TARGET_PROPERTY:spdlog::spdlog,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(redflag_spdlog PUBLIC SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
target_link_libraries(redflag_spdlog PUBLIC redflag_fmt Threads::Threads)

# redflag_NAME is a library in two forms: shared, and taken out of its archive, where there is one, by programs with the
# property REDFLAG_STATIC. They are started for each scan, and would spend most of it on loading.
set(REDFLAG_ALL_ARCHIVES ON)
function(redflag_library_of_two_forms name shared archive)
  find_library(${name}_ARCHIVE ${archive})
  add_library(redflag_${name} INTERFACE)
  if(${name}_ARCHIVE)
    target_link_libraries(redflag_${name} INTERFACE
      $<IF:$<BOOL:$<TARGET_PROPERTY:REDFLAG_STATIC>>,${${name}_ARCHIVE},${shared}>)
  else()
    target_link_libraries(redflag_${name} INTERFACE ${shared})
    set(REDFLAG_ALL_ARCHIVES OFF PARENT_SCOPE)
  endif()
endfunction()
redflag_library_of_two_forms(crypto OpenSSL::Crypto libcrypto.a)
redflag_library_of_two_forms(seccomp PkgConfig::seccomp libseccomp.a)
redflag_library_of_two_forms(sodium PkgConfig::sodium libsodium.a)
redflag_library_of_two_forms(sqlite3 PkgConfig::sqlite3 libsqlite3.a)
redflag_library_of_two_forms(yaml_cpp PkgConfig::yaml_cpp libyaml-cpp.a)
redflag_library_of_two_forms(zstd PkgConfig::zstd libzstd.a)
find_library(LIBC_ARCHIVE libc.a)
if(REDFLAG_SANITIZED OR NOT LIBC_ARCHIVE)
  set(REDFLAG_ALL_ARCHIVES OFF)
endif()

include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,--no-warnings REDFLAG_NO_LINKER_WARNINGS)

# A program that loads as little as this machine's archives allow: nothing at all with each of them there. Then libc finds
# users in /etc/passwd; elsewhere only with its own version installed, of which the
# linker warns.
function(redflag_without_loading program)
  set_target_properties(${program} PROPERTIES REDFLAG_STATIC ON)
  if(REDFLAG_ALL_ARCHIVES)
    target_link_options(${program} PRIVATE -static-pie -Wl,--gc-sections
      $<$<BOOL:${REDFLAG_NO_LINKER_WARNINGS}>:-Wl,--no-warnings>)
  elseif(NOT REDFLAG_SANITIZED)
    target_link_options(${program} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
endfunction()
