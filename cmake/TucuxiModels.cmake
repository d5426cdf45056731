# The generator (the loader with an emitter), and what it makes of models/data for the services that are embedded: tables, headers and the list of them.
set(TCX_GENERATED ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${TCX_GENERATED}/include/tucuxi)
set_property(SOURCE lib/model/models.c APPEND PROPERTY COMPILE_DEFINITIONS TCX_DATA_DIR="${CMAKE_INSTALL_FULL_DATADIR}/tucuxi/models")

add_executable(tcx_generate models/generate.c models/generate_header.c models/generate_tables.c)
target_link_libraries(tcx_generate PRIVATE tcx_model tcx_base tcx_flags ${TCX_SYSTEM_LIBRARIES})
if(TCX_FUZZ)
  target_link_options(tcx_generate PRIVATE -fsanitize=fuzzer-no-link)
endif()

set(TCX_SERVICE_HEADERS "")
set(_outputs ${TCX_GENERATED}/embedded.c)
set(_inputs ${PROJECT_SOURCE_DIR}/models/data/partitions.json)
foreach(_service IN LISTS TCX_SERVICES)
  string(REPLACE "-" "_" _id ${_service})
  file(GLOB _files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/data/${_service}/*/*.json)
  if(NOT _files)
    message(FATAL_ERROR "TCX_SERVICES names \"${_service}\", which models/data does not hold (models/import.py --service ${_service} fetches it)")
  endif()
  list(APPEND _inputs ${_files})
  list(APPEND _outputs ${TCX_GENERATED}/${_id}_model.c)
  list(APPEND TCX_SERVICE_HEADERS ${TCX_GENERATED}/include/tucuxi/${_id}.h)
endforeach()
add_custom_command(OUTPUT ${_outputs} ${TCX_SERVICE_HEADERS}
                   COMMAND tcx_generate ${PROJECT_SOURCE_DIR}/models/data ${TCX_GENERATED} ${TCX_SERVICES}
                   DEPENDS tcx_generate ${_inputs} COMMENT "Embedding ${TCX_SERVICES}" VERBATIM)
add_library(tcx_models OBJECT ${_outputs} ${TCX_SERVICE_HEADERS})
target_link_libraries(tcx_models PRIVATE tcx_flags)
target_include_directories(tcx_models PUBLIC ${TCX_GENERATED}/include)
# Tests below test/*/models link the embedded tables too.
set(TCX_CLOSURE_models models model base)

install(FILES ${TCX_SERVICE_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tucuxi)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tucuxi/models FILES_MATCHING PATTERN "*.json")
