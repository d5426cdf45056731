# The generator (the loader with an emitter), and what it makes of models/data: the embedded services, packed, and headers.
set(TCX_GENERATED ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${TCX_GENERATED}/include/tucuxi)
set_property(SOURCE lib/model/models.c APPEND PROPERTY COMPILE_DEFINITIONS TCX_DATA_DIR="${CMAKE_INSTALL_FULL_DATADIR}/tucuxi/models")

add_executable(tcx_generate models/generate.c models/generate_header.c models/generate_tables.c)
target_link_libraries(tcx_generate PRIVATE tcx_model tcx_base tcx_flags ${TCX_SYSTEM_LIBRARIES})
if(TCX_FUZZ)
  target_link_options(tcx_generate PRIVATE -fsanitize=fuzzer-no-link)
endif()

file(GLOB _all CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/models/data ${PROJECT_SOURCE_DIR}/models/data/*/*/service-2.json)
list(TRANSFORM _all REPLACE "/.*" "")
if("all" IN_LIST TCX_SERVICES)
  set(TCX_SERVICES ${_all})
endif()
set(_headers ${TCX_SERVICES} ${TCX_HEADERS})
if("all" IN_LIST TCX_HEADERS)
  set(_headers ${_all})
endif()
list(REMOVE_DUPLICATES _headers)

# A service's name in C: '-' becomes '_', and where a header of tucuxi's own has the name, "_service" is put behind it.
function(tcx_service_id service out)
  if(NOT service IN_LIST _all)
    message(FATAL_ERROR "TCX_SERVICES or TCX_HEADERS names \"${service}\", which models/data does not hold (models/import.py --service ${service} fetches it)")
  endif()
  string(REPLACE "-" "_" id ${service})
  if(EXISTS ${PROJECT_SOURCE_DIR}/include/tucuxi/${id}.h OR EXISTS ${PROJECT_SOURCE_DIR}/include/tucuxi/${id}.hpp)
    string(APPEND id "_service")
  endif()
  set(${out} ${id} PARENT_SCOPE)
endfunction()

set(_sources ${TCX_GENERATED}/embedded.c)
set(TCX_SERVICE_HEADERS "")
set(_inputs ${PROJECT_SOURCE_DIR}/models/data/partitions.json)
set(_embed "")
foreach(_service IN LISTS TCX_SERVICES)
  tcx_service_id(${_service} _id)
  list(APPEND _embed ${_service}=${_id})
  list(APPEND _sources ${TCX_GENERATED}/${_id}_model.c)
endforeach()
set(_declare "")
foreach(_service IN LISTS _headers)
  tcx_service_id(${_service} _id)
  list(APPEND _declare ${_service}=${_id})
  list(APPEND TCX_SERVICE_HEADERS ${TCX_GENERATED}/include/tucuxi/${_id}.h ${TCX_GENERATED}/include/tucuxi/${_id}.hpp)
  file(GLOB _files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/data/${_service}/*/*.json)
  list(APPEND _inputs ${_files})
endforeach()
list(LENGTH TCX_SERVICES _n)
add_custom_command(OUTPUT ${_sources} ${TCX_SERVICE_HEADERS}
                   COMMAND tcx_generate ${PROJECT_SOURCE_DIR}/models/data ${TCX_GENERATED} --embed ${_embed} --headers ${_declare}
                   DEPENDS tcx_generate ${_inputs} COMMENT "Embedding ${_n} services" VERBATIM)
add_library(tcx_models OBJECT ${_sources} ${TCX_SERVICE_HEADERS})
target_link_libraries(tcx_models PRIVATE tcx_flags)
target_include_directories(tcx_models PUBLIC ${TCX_GENERATED}/include)
# Tests below test/*/models link the embedded tables too.
set(TCX_CLOSURE_models models model base)

install(FILES ${TCX_SERVICE_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tucuxi)

# All models, compressed: what is installed. In the build folder they lie where a program of it looks for them, as beside an installed one.
set(TCX_DATA ${PROJECT_BINARY_DIR}/share/tucuxi/models)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/tucuxi)
add_executable(tcx_compress models/compress.c)
target_compile_options(tcx_compress PRIVATE ${TCX_WARNINGS} $<$<BOOL:${TCX_WERROR}>:-Werror>)
target_link_libraries(tcx_compress PRIVATE ZLIB::ZLIB)
if(TCX_FUZZ)
  target_link_options(tcx_compress PRIVATE -fsanitize=fuzzer-no-link)
endif()
file(GLOB _data CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/data/*.json ${PROJECT_SOURCE_DIR}/models/data/*/*/*.json)
add_custom_command(OUTPUT ${TCX_DATA}.stamp
                   COMMAND ${CMAKE_COMMAND} -E rm -rf ${TCX_DATA}
                   COMMAND tcx_compress ${PROJECT_SOURCE_DIR}/models/data ${TCX_DATA}
                   COMMAND ${CMAKE_COMMAND} -E touch ${TCX_DATA}.stamp
                   DEPENDS tcx_compress ${_data} COMMENT "Compressing the models" VERBATIM)
add_custom_target(tcx_data ALL DEPENDS ${TCX_DATA}.stamp)
install(DIRECTORY ${TCX_DATA}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tucuxi/models FILES_MATCHING PATTERN "*.json.gz")
