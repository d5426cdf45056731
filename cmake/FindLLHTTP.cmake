# LLHTTP::LLHTTP: a system libllhttp, else the C sources that Debian's node-llhttp installs, compiled here with hidden symbols and without our warning flags.
find_path(LLHTTP_INCLUDE_DIR NAMES llhttp.h PATH_SUFFIXES llhttp PATHS /usr/share/include/llhttp)
find_library(LLHTTP_LIBRARY NAMES llhttp)
find_path(LLHTTP_SOURCE_DIR NAMES llhttp.c PATHS /usr/share/llhttp)
include(FindPackageHandleStandardArgs)
if(LLHTTP_LIBRARY)
  find_package_handle_standard_args(LLHTTP REQUIRED_VARS LLHTTP_LIBRARY LLHTTP_INCLUDE_DIR)
else()
  find_package_handle_standard_args(LLHTTP REQUIRED_VARS LLHTTP_SOURCE_DIR LLHTTP_INCLUDE_DIR)
endif()
if(LLHTTP_FOUND AND NOT TARGET LLHTTP::LLHTTP)
  if(LLHTTP_LIBRARY)
    add_library(LLHTTP::LLHTTP UNKNOWN IMPORTED)
    set_target_properties(LLHTTP::LLHTTP PROPERTIES IMPORTED_LOCATION "${LLHTTP_LIBRARY}"
                          INTERFACE_INCLUDE_DIRECTORIES "${LLHTTP_INCLUDE_DIR}")
  else()
    # Every public symbol gets a prefix, so that the static archive links beside another copy of llhttp.
    set(_llhttp_prefix ${CMAKE_CURRENT_BINARY_DIR}/llhttp_prefix.h)
    file(STRINGS ${LLHTTP_INCLUDE_DIR}/llhttp.h _llhttp_decls REGEX "llhttp_[a-z_0-9]+\\(")
    set(_names llhttp__internal_init llhttp__internal_execute llhttp__after_headers_complete llhttp__after_message_complete
        llhttp__before_headers_complete llhttp__debug llhttp__on_body llhttp__on_chunk_complete llhttp__on_chunk_header
        llhttp__on_header_field llhttp__on_header_field_complete llhttp__on_header_value llhttp__on_header_value_complete
        llhttp__on_headers_complete llhttp__on_message_begin llhttp__on_message_complete llhttp__on_status
        llhttp__on_status_complete llhttp__on_url llhttp__on_url_complete llhttp__on_chunk_extension_name
        llhttp__on_chunk_extension_value llhttp__on_chunk_extension_name_complete llhttp__on_chunk_extension_value_complete
        llhttp__on_method llhttp__on_method_complete llhttp__on_version llhttp__on_version_complete llhttp__on_reset
        llhttp_message_needs_eof llhttp_should_keep_alive)
    foreach(_line IN LISTS _llhttp_decls)
      string(REGEX MATCH "llhttp_[a-z_0-9]+" _name "${_line}")
      list(APPEND _names ${_name})
    endforeach()
    list(REMOVE_DUPLICATES _names)
    set(_text "")
    foreach(_name IN LISTS _names)
      string(APPEND _text "#define ${_name} tcx__${_name}\n")
    endforeach()
    file(CONFIGURE OUTPUT ${_llhttp_prefix} CONTENT "${_text}" @ONLY)
    add_library(tcx_llhttp OBJECT ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/llhttp.c)
    target_include_directories(tcx_llhttp PUBLIC ${LLHTTP_INCLUDE_DIR})
    target_compile_options(tcx_llhttp PUBLIC -include ${_llhttp_prefix} PRIVATE -w)
    add_library(LLHTTP::LLHTTP ALIAS tcx_llhttp)
    set(LLHTTP_FROM_SOURCE TRUE)
  endif()
endif()
mark_as_advanced(LLHTTP_INCLUDE_DIR LLHTTP_LIBRARY LLHTTP_SOURCE_DIR)
