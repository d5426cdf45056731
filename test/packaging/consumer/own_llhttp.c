/* The program's own copy of llhttp does its work beside the library's. */
#include <llhttp.h>
#include <string.h>

int own_llhttp_works(void);

int own_llhttp_works(void) {
  static const char request[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
  llhttp_t parser;
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  return llhttp_execute(&parser, request, strlen(request)) == HPE_OK && parser.method == HTTP_GET;
}
