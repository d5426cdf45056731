/*
 * one_call.c - any API call, and its answer as a value that JSON can show. A streaming member goes
 * to the output file (written beside it and renamed), or into the value; the events of an event
 * stream are given one by one.
 */
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tucuxi/model.h>
#include <unistd.h>

#define BODY_MAX ((size_t)1 << 40)

struct one {
  one_call_cb cb;
  one_event_cb event; /* NULL: the answer is no event stream */
  void *data;
  char *output; /* NULL without --output */
  char *temp;   /* what is written; NULL: output itself, which is no file but a device or a pipe */
  int fd;
};

static void end(struct one *one, const tcx_value_t *response, const tcx_error_t *error) {
  one->cb(one->data, response, error);
  free(one->output);
  free(one->temp);
  free(one);
}

static void end_with(struct one *one, int status, const char *what) {
  char msg[512];
  snprintf(msg, sizeof msg, "%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "",
           tcx_strerror(status));
  tcx_error_t error = {.status = status, .msg = msg, .operation = ""};
  end(one, NULL, &error);
}

static void on_written(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  struct one *one = tcx_stream_data(stream);
  (void)whole;
  if (close(one->fd) < 0 && status == 0)
    status = uv_translate_sys_error(errno);
  if (status == 0 && one->temp != NULL && rename(one->temp, one->output) < 0)
    status = uv_translate_sys_error(errno);
  if (status != 0) {
    if (one->temp != NULL)
      unlink(one->temp);
    const tcx_error_t *error = tcx_stream_error(stream);
    if (error != NULL)
      end(one, NULL, error);
    else
      end_with(one, status, one->output);
  } else {
    tcx_call_t *call = tcx_stream_call(stream);
    tcx_value_t *response = tcx_value_copy(tcx_call_response(call));
    tcx_value_set(response, tcx_stream_member(stream),
                  tcx_params("{file: %s, size: %lld}", one->output,
                             (long long)tcx_call_bytes_received(call)));
    end(one, response, NULL);
    tcx_value_free(response);
  }
  tcx_stream_close(stream);
}

/* 0, or why there is no fd. */
static int open_output(struct one *one) {
  struct stat st;
  char mark[32];
  bool file = stat(one->output, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
  if (file) {
    size_t folder = (size_t)(uri_last_part(one->output) - one->output);
    snprintf(mark, sizeof mark, ".tucuxi-%016llx", (unsigned long long)uv_hrtime());
    if ((one->temp = text_join(one->output, mark, "")) == NULL)
      return UV_ENOMEM;
    memcpy(one->temp + folder, mark, sizeof ".tucuxi-0123456789abcdef");
  }
  one->fd = file ? open(one->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
                 : open(one->output, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  return one->fd < 0 ? uv_translate_sys_error(errno) : 0;
}

static void write_stream(struct one *one, tcx_stream_t *stream) {
  int err = open_output(one);
  if (err == 0)
    err = tcx_stream_to_file(stream, one->fd, one->temp != NULL ? 0 : -1, on_written);
  if (err == 0)
    return;
  if (one->fd >= 0) {
    close(one->fd);
    if (one->temp != NULL)
      unlink(one->temp);
  }
  tcx_stream_close(stream);
  end_with(one, err, one->output);
}

static void on_event(tcx_stream_t *stream, int status, const char *event,
                     const tcx_value_t *payload) {
  struct one *one = tcx_stream_data(stream);
  if (status == 0) {
    tcx_value_t *map =
        tcx_value_put(tcx_value_new_map(), event, strlen(event), tcx_value_copy(payload));
    one->event(one->data, map);
    tcx_value_free(map);
    return;
  }
  end(one, status == TCX_EOF ? tcx_call_response(tcx_stream_call(stream)) : NULL,
      tcx_stream_error(stream));
  tcx_stream_close(stream);
}

static void read_events(struct one *one, tcx_stream_t *stream) {
  int err = tcx_stream_events_start(stream, on_event);
  if (err == 0)
    return;
  tcx_stream_close(stream);
  end_with(one, err, NULL);
}

static void on_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct one *one = tcx_call_data(call);
  tcx_stream_t *stream = error == NULL ? tcx_call_take_stream(call, one) : NULL;
  if (stream != NULL && one->event != NULL)
    read_events(one, stream);
  else if (stream != NULL)
    write_stream(one, stream);
  else
    end(one, response, error);
}

/* What a dry run shows of a rendered request. */
static tcx_value_t *request_value(const tcx_value_t *rendered) {
  tcx_value_t *v = tcx_params("{method: %s, url: %s}", tcx_value_str(rendered, "Method"),
                              tcx_value_str(rendered, "Url"));
  tcx_value_set(v, "headers", tcx_value_copy(tcx_value_get(rendered, "Headers")));
  return tcx_value_set(v, "body_base64", tcx_value_copy(tcx_value_get(rendered, "Body")));
}

static void on_rendered(tcx_call_t *call, const tcx_value_t *rendered, const tcx_error_t *error) {
  struct one *one = tcx_call_data(call);
  tcx_value_t *request = rendered != NULL ? request_value(rendered) : NULL;
  end(one, request, error);
  tcx_value_free(request);
}

char *operation_name(const char *word) {
  char *name = text_join(word, "", "");
  for (char *p = name; p != NULL && *p != '\0'; p++)
    if (*p == '-')
      *p = '_';
  return name;
}

/* What is wrong with the call is told at once. */
static int refuse(struct one *one, const char *msg) {
  end(one, NULL, &(tcx_error_t){.status = TCX_EPARAM, .msg = msg, .operation = ""});
  return 0;
}

static int start_method(struct one *one, tcx_client_t *client, const struct client_method *method,
                        tcx_value_t *params) {
  char msg[512];
  int err = client_method_start(method, client, params, on_call, one, msg, sizeof msg);
  tcx_value_free(params);
  return err != TCX_EPARAM ? err : refuse(one, msg);
}

/* Whether a member of the operation's answer is bytes or events, of any length. An operation that
 * there is not is for the call to tell. */
static bool streams(tcx_client_t *client, const char *name) {
  tcx_value_t *about = tcx_client_describe_operation(client, name);
  const char *output = tcx_value_str(about, "output");
  const tcx_value_t *shapes = tcx_value_get(about, "shapes");
  const tcx_value_t *shape =
      output != NULL ? tcx_value_member(shapes, output, strlen(output)) : NULL;
  bool found = tcx_value_status(about) != 0 || tcx_client_has_event_stream(client, name);
  for (const tcx_value_t *m = tcx_value_first(shape, "members"); m != NULL; m = tcx_value_next(m))
    found = found || tcx_value_bool(m, "streaming", false);
  tcx_value_free(about);
  return found;
}

static int start(struct one *one, tcx_client_t *client, const char *name,
                 const struct one_call *what) {
  const struct client_method *method = what->wait == NULL ? client_method(client, name) : NULL;
  if (method != NULL)
    return start_method(one, client, method, what->params);
  if (one->output != NULL && what->wait == NULL && !streams(client, name)) {
    tcx_value_free(what->params);
    return refuse(one, "the answer has no streaming member that could go to a file");
  }
  one->event = tcx_client_has_event_stream(client, name) ? what->event : NULL;
  tcx_call_options_t options = {.max_body =
                                    one->output != NULL || one->event != NULL ? 0 : BODY_MAX};
  tcx_value_t *params = tcx_client_json_params(client, name, what->params);
  if (what->wait != NULL)
    return tcx_client_wait(client, name, params, what->wait, on_call, one, NULL);
  return what->dry_run ? tcx_client_render(client, name, params, on_rendered, one)
                       : tcx_client_start(client, name, params, &options, on_call, one, NULL);
}

void one_call(struct tool *tool, tcx_client_t *client, const struct one_call *what, one_call_cb cb,
              void *data) {
  struct one *one = calloc(1, sizeof *one);
  if (what->output != NULL)
    tool->interrupt = tool_interrupted; /* it may have to be removed */
  char *name = operation_name(what->operation);
  int err = UV_ENOMEM;
  if (one != NULL) {
    *one = (struct one){.cb = cb, .data = data, .fd = -1};
    one->output = what->output != NULL ? text_join(what->output, "", "") : NULL;
  }
  if (one == NULL || name == NULL || (what->output != NULL && one->output == NULL))
    tcx_value_free(what->params);
  else
    err = start(one, client, name, what);
  if (tool_refused(tool, err)) {
    if (one != NULL)
      free(one->output);
    free(one);
  }
  free(name);
}
