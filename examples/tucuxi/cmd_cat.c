/* cmd_cat.c - objects to stdout, one after the other. stdout is written as bytes come: while it
 * blocks nothing more is read. */
#include "tool.h"
#include <errno.h>
#include <unistd.h>

static void next_object(struct tool *tool, unsigned i);

struct cat {
  struct tool *tool;
  unsigned at;
};

static void leave(tcx_stream_t *stream, struct cat *cat) {
  tcx_stream_close(stream);
  free(cat);
}

static bool write_all(const char *p, size_t n) {
  while (n > 0) {
    ssize_t w = write(STDOUT_FILENO, p, n);
    if (w < 0 && errno != EINTR)
      return false;
    if (w > 0) {
      p += w;
      n -= (size_t)w;
    }
  }
  return true;
}

static void end_unwritten(struct tool *tool) {
  print_stdout_error(tool->command->name);
  tool_end(tool, EXIT_OTHER);
}

static void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct cat *cat = tcx_stream_data(stream);
  struct tool *tool = cat->tool;
  unsigned at = cat->at;
  if (n > 0 && write_all(buf->base, (size_t)n))
    return;
  if (n == TCX_EOF)
    next_object(tool, at + 1);
  else if (n > 0)
    end_unwritten(tool);
  else
    tool_fail(tool, tcx_stream_error(stream));
  leave(stream, cat);
}

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct cat *cat = tcx_call_data(call);
  (void)response;
  if (error != NULL) {
    tool_fail(cat->tool, error);
    free(cat);
    return;
  }
  tcx_stream_t *stream = tcx_call_take_stream(call, cat);
  int err = stream != NULL ? tcx_stream_read_start(stream, on_bytes) : UV_EINVAL;
  if (tool_refused(cat->tool, err))
    leave(stream, cat);
}

static void next_object(struct tool *tool, unsigned i) {
  struct uri uri;
  tcx_client_t *s3 = tool_s3(tool);
  if (i == tool->args.n_words || s3 == NULL) {
    tool_end(tool, 0);
    return;
  }
  if (!uri_parse(tool->args.words[i], &uri)) {
    tool_usage(tool, "%s is no s3://BUCKET/KEY", tool->args.words[i]);
    return;
  }
  struct cat *cat = malloc(sizeof *cat);
  tcx_value_t *params = tcx_params("{Bucket: %s, Key: %s}", uri.bucket, uri.key);
  uri_free(&uri);
  if (cat != NULL)
    *cat = (struct cat){tool, i};
  int err = cat != NULL ? tcx_client_call(s3, "get_object", params, on_object, cat) : UV_ENOMEM;
  if (tool_refused(tool, err))
    free(cat);
}

void cmd_cat(struct tool *tool) { next_object(tool, 0); }
