/*
 * compress.c - packs the models for installation: compress DATA_FOLDER OUTPUT_FOLDER
 *
 * Every X.json below DATA_FOLDER becomes X.json.gz at the same place below OUTPUT_FOLDER, without
 * the white space that is there for readers. The same input gives the same bytes: neither a time
 * nor a name stands in them.
 */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define DEPTH_MAX 4

static bool complain(const char *path, const char *why) {
  fprintf(stderr, "compress: %s: %s\n", path, why);
  return false;
}

static char *read_file(const char *path, size_t *n) {
  struct stat info;
  FILE *file = fopen(path, "rb");
  char *text = NULL;
  if (file != NULL && fstat(fileno(file), &info) == 0 &&
      (text = malloc((size_t)info.st_size + 1)) != NULL)
    *n = fread(text, 1, (size_t)info.st_size, file);
  bool whole = text != NULL && *n == (size_t)info.st_size;
  if (file != NULL)
    fclose(file);
  if (!whole) {
    complain(path, "cannot be read");
    free(text);
    return NULL;
  }
  return text;
}

static bool write_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  bool written = file != NULL && fwrite(bytes, 1, n, file) == n;
  if (file == NULL || fclose(file) != 0 || !written)
    return complain(path, strerror(errno));
  return true;
}

/* Takes the white space between tokens out of a JSON text; what is left of n bytes. */
static size_t squeeze(char *text, size_t n) {
  size_t kept = 0;
  bool string = false;
  for (size_t i = 0; i < n; i++) {
    char c = text[i];
    if (!string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
      continue;
    text[kept++] = c;
    if (string && c == '\\' && i + 1 < n)
      text[kept++] = text[++i];
    else if (c == '"')
      string = !string;
  }
  return kept;
}

static bool compress_file(const char *from, const char *to) {
  size_t n;
  char *text = read_file(from, &n);
  z_stream z = {0};
  if (text == NULL)
    return false;
  n = squeeze(text, n);
  if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    free(text);
    return complain(from, "out of memory");
  }
  size_t size = deflateBound(&z, (uLong)n);
  Bytef *packed = malloc(size);
  z.next_in = (Bytef *)text;
  z.avail_in = (uInt)n;
  z.next_out = packed;
  z.avail_out = (uInt)size;
  bool good = packed != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END;
  good = good ? write_file(to, packed, z.total_out) : complain(from, "cannot be compressed");
  deflateEnd(&z);
  free(packed);
  free(text);
  return good;
}

static bool compress_folder(const char *from, const char *to, unsigned depth) {
  char source[4096], target[4096];
  bool good = true;
  DIR *folder = opendir(from);
  if (folder == NULL || depth > DEPTH_MAX)
    good = complain(from, folder == NULL ? strerror(errno) : "is too deep");
  if (good && mkdir(to, 0777) != 0 && errno != EEXIST)
    good = complain(to, strerror(errno));
  for (struct dirent *entry; good && (entry = readdir(folder)) != NULL;) {
    size_t n = strlen(entry->d_name);
    bool file = n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
    if (strchr(entry->d_name, '.') != NULL && !file)
      continue;
    int a = snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
    int b = snprintf(target, sizeof target, "%s/%s%s", to, entry->d_name, file ? ".gz" : "");
    if (a < 0 || b < 0 || (size_t)a >= sizeof source || (size_t)b >= sizeof target)
      good = complain(entry->d_name, "name too long");
    else
      good = file ? compress_file(source, target) : compress_folder(source, target, depth + 1);
  }
  if (folder != NULL)
    closedir(folder);
  return good;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: compress DATA_FOLDER OUTPUT_FOLDER\n", stderr);
    return 2;
  }
  return compress_folder(argv[1], argv[2], 0) ? 0 : 1;
}
