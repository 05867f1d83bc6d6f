# How every folder of src/ becomes a library, with its tests beside the code.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
if(ARCHESTRA_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  enable_testing()
endif()
if(ARCHESTRA_BENCHES)
  find_package(benchmark REQUIRED)
endif()

# Warnings are for our own code only; libraries come in as SYSTEM includes.
add_library(archestra_flags INTERFACE)
target_compile_options(archestra_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wthread-safety -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror
  -fno-omit-frame-pointer)
target_include_directories(archestra_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(archestra_flags INTERFACE ARCHESTRA_VERSION="${PROJECT_VERSION}")
if(ARCHESTRA_SANITIZE)
  target_compile_options(archestra_flags INTERFACE -fsanitize=${ARCHESTRA_SANITIZE} -fno-sanitize-recover=all)
  # The check of virtual tables looks at memory through a pipe: in a process whose descriptors are used up, which is
  # what one of the tests is about, it takes the pipe that it cannot make for a fault of the program.
  target_compile_options(archestra_flags INTERFACE -fno-sanitize=vptr)
  target_link_options(archestra_flags INTERFACE -fsanitize=${ARCHESTRA_SANITIZE})
  target_compile_definitions(archestra_flags INTERFACE ARCHESTRA_SANITIZED=1)
endif()
# docs/decisions/0006-the-profile.md. Functions are named without the path of their file, which differs from machine to
# machine; what changed since the profile was recorded, or did not run then, is compiled as if there were none.
set(profile ${CMAKE_SOURCE_DIR}/cmake/release.profdata)
if(ARCHESTRA_PROFILE)
  target_compile_options(archestra_flags INTERFACE "SHELL:-mllvm -static-func-full-module-prefix=false")
endif()
if(ARCHESTRA_PROFILE STREQUAL "use")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profile})
  file(SHA256 ${profile} profile_hash)  # so that all is compiled again when it changes
  target_compile_definitions(archestra_flags INTERFACE ARCHESTRA_PROFILE_HASH=${profile_hash})
  target_compile_options(archestra_flags INTERFACE -fprofile-use=${profile}
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
elseif(ARCHESTRA_PROFILE STREQUAL "record")
  target_compile_options(archestra_flags INTERFACE -fprofile-generate -fprofile-update=prefer-atomic)
  target_link_options(archestra_flags INTERFACE -fprofile-generate)
endif()

add_custom_target(header_check)  # every header compiles on its own

# archestra_library(<folder> SOURCES ... [HEADERS ...] [DEPS ...] [PRIVATE ...] [TESTS ...])
#   DEPS     folders (public), PRIVATE  third-party targets no header shows, TESTS  *_test.cc of the folder
function(archestra_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE;TESTS" ${ARGN})
  set(target archestra_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_link_libraries(${target} PUBLIC archestra_flags fmt::fmt Threads::Threads)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${target} PUBLIC archestra_${dep})
  endforeach()
  if(ARG_PRIVATE)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
  endif()
  archestra_check_headers(${name})
  if(ARCHESTRA_TESTS AND ARG_TESTS)
    archestra_test(${name}_test SOURCES ${ARG_TESTS} DEPS ${name} PRIVATE ${ARG_PRIVATE})
  endif()
endfunction()

# archestra_test(<name> SOURCES ... DEPS <folders> [PRIVATE <targets>])
function(archestra_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${name} PRIVATE archestra_${dep})
  endforeach()
  target_link_libraries(${name} PRIVATE archestra_flags GTest::gtest GTest::gmock GTest::gtest_main ${ARG_PRIVATE})
  target_compile_definitions(${name} PRIVATE ARCHESTRA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(${name} PRIVATE -O0)  # takes half the time; what is tested is optimised all the same
  endif()
  # Saves half of the rest. ccache does not see through it; neither do tools that read the code of the dev preset.
  if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <string> <vector>)
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# One object per header that includes nothing but that header. Where there is a source of the header's name, that is such
# an object already, for it includes its header first (tools/check_includes.sh).
function(archestra_check_headers name)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  set(units "")
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "h$" "cc" source ${CMAKE_SOURCE_DIR}/src/${header})
    if(EXISTS ${source})
      continue()
    endif()
    string(REPLACE "/" "_" unit ${header})
    set(unit ${CMAKE_BINARY_DIR}/header_check/${unit}.cc)
    file(GENERATE OUTPUT ${unit} CONTENT "#include \"${header}\"\n")
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(archestra_${name}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    target_link_libraries(archestra_${name}_headers PRIVATE archestra_${name})
    add_dependencies(header_check archestra_${name}_headers)
  endif()
endfunction()
